"""Block Gibbs sampling. Every function takes the generator it draws from; none keeps state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.gaussian import GaussianRBM
from rbm.label import LabelRBM
from rbm.model import RBM, Array, sigmoid

Mask = NDArray[np.bool_]


class Sweep(NamedTuple):
    """What one full sweep left: `visible` (n, n_visible), and the `mean` of p(v | h) it was drawn from."""

    visible: Array
    mean: Array


def bernoulli(mean: NDArray[np.floating], rng: np.random.Generator) -> Array:
    """Zeros and ones (float32, the shape of `mean`), one with probability `mean`."""
    return (rng.random(mean.shape, dtype=np.float32) < mean).astype(np.float32)


def sample_hidden(model: RBM, v: ArrayLike, rng: np.random.Generator) -> Array:
    """h ~ p(h | v), binary (n, n_hidden)."""
    return bernoulli(model.mean_hidden(v), rng)


def sample_visible(model: RBM, h: ArrayLike, rng: np.random.Generator) -> Array:
    """v ~ p(v | h) (n, n_visible): binary; of a LabelRBM with one class on; of a GaussianRBM real."""
    return draw_visible(model, model.mean_visible(h), rng)


def draw_visible(model: RBM, mean: NDArray[np.floating], rng: np.random.Generator) -> Array:
    """v (n, n_visible) from its mean given h."""
    if isinstance(model, GaussianRBM):
        return (mean + rng.standard_normal(mean.shape, dtype=np.float32)).astype(np.float32, copy=False)
    drawn = bernoulli(mean, rng)
    if isinstance(model, LabelRBM):
        drawn[..., model.n_pixels :] = one_of(mean[..., model.n_pixels :].cumsum(axis=-1), rng)
    return drawn


def one_of(edges: NDArray[np.floating], rng: np.random.Generator) -> Array:
    """One-hot draws (..., classes) from the cumulated probabilities `edges` (..., classes)."""
    point = rng.random((*edges.shape[:-1], 1), dtype=np.float32) * edges[..., -1:]  # the sum may round below 1
    chosen = np.minimum((point >= edges).sum(axis=-1), edges.shape[-1] - 1)
    one_hot: Array = np.eye(edges.shape[-1], dtype=np.float32)[chosen]
    return one_hot


def sample_class(model: LabelRBM, labels: ArrayLike, steps: int, rng: np.random.Generator) -> Array:
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
    temperature: float = 1.0,
) -> Array:
    """v after `steps` full sweeps (v -> h -> v) of p(v, h)^(1/temperature): (n, n_visible), as `sample_visible`.

    Units where `clamp` (n_visible,) or (n, n_visible) is True keep their value in `v`, so the chain samples
    the others given them. `v` may hold grey levels: they drive the first sweep as probabilities. With no
    steps `v` comes back as it is. Raises ValueError for a negative number of steps or a bad temperature.
    """
    visible: Array = np.array(v, dtype=np.float32)
    for sweep in chain(model, v, steps, rng, clamp, temperature):
        visible = sweep.visible
    return visible


def chain(
    model: RBM,
    v: ArrayLike,
    steps: int,
    rng: np.random.Generator,
    clamp: Mask | None = None,
    temperature: float = 1.0,
) -> Iterator[Sweep]:
    """The sweeps of `gibbs`, one at a time."""
    if steps < 0:
        raise ValueError(f"a chain takes 0 or more steps, got {steps}")
    start: Array = np.array(v, dtype=np.float32)
    if clamp is not None and np.shape(clamp)[-1:] != start.shape[-1:]:
        raise ValueError(f"the clamp has shape {np.shape(clamp)}, the visible units {start.shape}")
    if temperature != 1.0:
        model = model.tempered(temperature)
    visible = start
    for _ in range(steps):
        mean = model.mean_visible(sample_hidden(model, visible, rng))
        visible = draw_visible(model, mean, rng)
        if clamp is not None:
            visible, mean = np.where(clamp, start, visible), np.where(clamp, start, mean)
        yield Sweep(visible, mean)
