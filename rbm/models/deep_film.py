"""A dream of a deep belief net as a film: every layer in step, from the pixels to the units on top.

Only the top two layers dream, by Gibbs sweeps; what the layers below show at a sweep is one way down from there, and
nothing of it comes back up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.models import threads
from rbm.models.arrays import Array, Floats, Labels, bernoulli
from rbm.models.binary import RBM
from rbm.models.deep import DeepBeliefNet
from rbm.models.film import TILES, Bytes, kept

Drawn = tuple[Floats, Floats]  # the states (n, units) of a layer, and the means they were drawn from


class Layer(NamedTuple):
    """A layer's `states`, and the `means` that they were drawn from (kept, n, units), as bytes: 255 is one."""

    states: Bytes
    means: Bytes


class DeepFilm(NamedTuple):
    """What is kept of `n` dreams. `sweeps` (kept,): their numbers, 0 is the start, then evenly apart to the last.

    `layers`: the pixels first, the top's hidden units last. At a sweep each layer is drawn given the one above it, and
    the top's hidden units given what was below them a sweep before; at 0 all were drawn on the way up. `classes`
    (kept, n): the most probable class given the top's hidden units (at 0 given the start), or the
    one that is asked for; None without classes.
    """

    sweeps: NDArray[np.int64]
    layers: tuple[Layer, ...]
    classes: Labels | None


def film_of(
    net: DeepBeliefNet,
    start: ArrayLike,
    steps: int,
    rng: np.random.Generator,
    label: ArrayLike | None = None,
    tiles: int = TILES,
) -> DeepFilm:
    """`net.dream` from images `start` (n, n_pixels), uint8 or in [0, 1], looked at on the way.

    label: a class, or one a dream (n,), that the top is held to. tiles: pictures of each layer that are kept. Raises
    as `net.dream` does. One BLAS thread, so that the same seed gives the same film whatever else runs.
    """
    if label is not None and not net.n_classes:
        raise BadValue("this net has no classes to dream of; train its top with labels, or leave the label out")
    if steps < 1:
        raise BadValue(f"a film takes 1 sweep or more, got {steps}")
    top = net.top.joint
    with threads.one_thread():
        first = _up(net, start, rng)
        below = first[-1][0]
        visible = top.guess(below) if label is None else top.join(below, np.broadcast_to(np.asarray(label), len(below)))
        numbers = kept(steps, len(visible), tiles)
        frames = [_bytes([*first, _draw_up(top, visible, rng)])]
        classes = [visible[:, top.n_pixels :]]
        for number in range(1, steps + 1):
            hidden = _draw_up(top, visible, rng)
            mean = top.mean_visible(hidden[0])
            visible = _held(top, top.draw_visible(mean, rng), visible, label)
            if number == numbers[len(frames)]:
                frames.append(_bytes([*_down(net, (visible, mean), rng), hidden]))
                classes.append((mean if label is None else visible)[:, top.n_pixels :])
    layers = tuple(Layer(*map(np.stack, zip(*one, strict=True))) for one in zip(*frames, strict=True))
    named = np.argmax(np.stack(classes), axis=2) if net.n_classes else None
    return DeepFilm(numbers, layers, named)


def _up(net: DeepBeliefNet, images: ArrayLike, rng: np.random.Generator) -> list[Drawn]:
    """From the pixels to what is below the top's hidden units."""
    pixels = net.layers[0].marginal.guess(images)
    found: list[Drawn] = [(pixels, pixels)]
    for layer in net.layers[:-1]:
        found.append(_draw_up(layer, found[-1][0], rng))
    return found


def _draw_up(layer: RBM, states: Floats, rng: np.random.Generator) -> Drawn:
    mean = layer.mean_hidden(states)
    return bernoulli(mean, rng), mean


def _held(top: RBM, drawn: Array, before: Array, label: ArrayLike | None) -> Array:
    """`drawn` (n, n_visible), its classes those of `before` where one is asked for."""
    return drawn if label is None else np.where(top.class_mask, before, drawn)


def _down(net: DeepBeliefNet, below_top: Drawn, rng: np.random.Generator) -> list[Drawn]:
    """From the pixels to what is below the top's hidden units, which is known."""
    n = net.top.n_pixels
    found: list[Drawn] = [(below_top[0][:, :n], below_top[1][:, :n])]
    for layer in reversed(net.layers[:-1]):
        mean = layer.mean_visible(found[0][0])
        found.insert(0, (layer.draw_visible(mean, rng), mean))
    return found


def _bytes(layers: list[Drawn]) -> list[tuple[Bytes, Bytes]]:
    """The same, 255 for one."""
    return [(_byte(states), _byte(means)) for states, means in layers]


def _byte(values: Floats) -> Bytes:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
