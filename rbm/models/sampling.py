"""Block Gibbs sampling. Every function takes the generator it draws from; none keeps state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.models.arrays import Array, bernoulli, sigmoid
from rbm.models.binary import RBM
from rbm.models.layers import down, up

Mask = NDArray[np.bool_]


class Sweep(NamedTuple):
    """What one full sweep left: `visible` (n, n_visible), and the `mean` of p(v | h) it was drawn from."""

    visible: Array
    mean: Array


def sample_hidden(model: RBM, v: ArrayLike, rng: np.random.Generator) -> Array:
    """h ~ p(h | v), binary (n, n_hidden)."""
    return bernoulli(model.mean_hidden(v), rng)


def sample_visible(model: RBM, h: ArrayLike, rng: np.random.Generator) -> Array:
    """v ~ p(v | h) (n, n_visible): binary, unless the model's units are of another kind."""
    return model.draw_visible(model.mean_visible(h), rng)


def sample_class(model: RBM, labels: ArrayLike, steps: int, rng: np.random.Generator) -> Array:
    """Images (n, n_pixels) of these classes (n,): `steps` sweeps from noise with the class units clamped."""
    start = bernoulli(np.broadcast_to(sigmoid(model.visible_bias), (np.size(labels), model.n_visible)), rng)
    start = model.join(start[:, : model.n_pixels], labels)
    return gibbs(model, start, steps, rng, clamp=model.class_mask)[:, : model.n_pixels]


def gibbs(
    model: RBM,
    v: ArrayLike,
    steps: int,
    rng: np.random.Generator,
    clamp: Mask | None = None,
    temperature: float | NDArray[np.floating] = 1.0,
) -> Array:
    """v after `steps` full sweeps (v -> h -> v) of p(v, h)^(1/temperature): (n, n_visible), as `sample_visible`.

    `temperature`: one number, or one a sweep (steps,) for an annealed chain. Units where `clamp` (n_visible,)
    or (n, n_visible) is True keep their value in `v`, so the chain samples the others given them. `v` may hold
    grey levels: they drive the first sweep as probabilities. With no steps `v` comes back as it is. Raises
    ValueError for a negative number of steps, a bad temperature, or another number of temperatures than steps.
    """
    visible: Array = np.array(v, dtype=np.float32)
    for sweep in sweeps(model, visible, steps, rng, clamp, temperature, means=False):
        visible = sweep.visible
    return visible


def chain(
    model: RBM,
    v: ArrayLike,
    steps: int,
    rng: np.random.Generator,
    clamp: Mask | None = None,
    temperature: float | NDArray[np.floating] = 1.0,
) -> Iterator[Sweep]:
    """The sweeps of `gibbs`, one at a time."""
    for sweep in sweeps(model, np.array(v, dtype=np.float32), steps, rng, clamp, temperature):
        yield Sweep(sweep.visible.copy(), sweep.mean.copy())


def sweeps(
    model: RBM,
    start: Array,
    steps: int,
    rng: np.random.Generator,
    clamp: Mask | None = None,
    temperature: float | NDArray[np.floating] = 1.0,
    means: bool = True,
) -> Iterator[Sweep]:
    """The sweeps of `chain`, each in the same two arrays, which the next one overwrites. Without `means` those aren't
    computed, which leaves the draws as they are and takes less time; `mean` then holds nothing of use."""
    if steps < 0:
        raise ValueError(f"a chain takes 0 or more steps, got {steps}")
    if clamp is not None and np.shape(clamp)[-1:] != start.shape[-1:]:
        raise ValueError(f"the clamp has shape {np.shape(clamp)}, the visible units {start.shape}")
    if model.joint is not model:
        yield from _of_pixels(model, start, steps, rng, clamp, temperature, means)
        return
    p = model.parameters
    layers = model.layers(rng, largest=start.size // start.shape[-1] * max(model.weights.shape))
    visible, mean = start, np.empty_like(start)
    drawn = np.empty_like(start)
    hidden = np.empty((*start.shape[:-1], model.n_hidden), dtype=np.float32)
    for beta in _inverse(model, temperature, steps):
        up(p, visible, out=hidden)
        if beta != 1:
            hidden *= beta
        layers.hidden.sample(hidden, out=hidden)
        down(p, hidden, out=drawn)
        if beta != 1:
            drawn *= beta
        if means:
            mean[...] = drawn
            layers.visible.mean_(mean)
        visible = layers.visible.sample(drawn, out=drawn)
        if clamp is not None:
            np.copyto(drawn, start, where=clamp)
            np.copyto(mean, start, where=clamp)
        yield Sweep(visible, mean)


def _of_pixels(
    model: RBM,
    start: Array,
    steps: int,
    rng: np.random.Generator,
    clamp: Mask | None,
    temperature: float | NDArray[np.floating],
    means: bool,
) -> Iterator[Sweep]:
    """The chain of pixels and classes, of which only the pixels are looked at."""
    pixels, whole = model.n_visible, model.joint
    if clamp is not None:
        clamp = np.concatenate([clamp, np.zeros((*np.shape(clamp)[:-1], whole.n_classes), dtype=bool)], axis=-1)
    for sweep in sweeps(whole, whole.guess(start), steps, rng, clamp, temperature, means):
        yield Sweep(sweep.visible[..., :pixels], sweep.mean[..., :pixels])


def _inverse(model: RBM, temperature: float | NDArray[np.floating], steps: int) -> Array:
    """1/T of each sweep (steps,): a total input at temperature T is the model's own over T."""
    if np.ndim(temperature) and np.shape(temperature) != (steps,):
        raise ValueError(f"{steps} steps take one temperature, or {steps}; got shape {np.shape(temperature)}")
    for extreme in {float(np.min(temperature)), float(np.max(temperature))} if np.size(temperature) else ():
        model.tempered(extreme)  # raises where the model can't have this temperature
    return np.broadcast_to(1 / np.asarray(temperature, dtype=np.float32), (steps,))
