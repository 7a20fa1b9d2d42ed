"""What a model makes of data: reconstructions, their errors, and the health of its hidden units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.models.arrays import Array, as_floats, check_images
from rbm.models.binary import RBM
from rbm.models.sampling import gibbs, sweeps

BLOCK = 2048  # images at a time: bounds the memory whatever the number of images
DEAD, STUCK_ON = 0.01, 0.99


class UnitHealth(NamedTuple):
    """Masks (n_hidden,): `dead` units stay below 1 % on every image, `always_on` ones above 99 %."""

    dead: NDArray[np.bool_]
    always_on: NDArray[np.bool_]


def reconstruct(model: RBM, images: ArrayLike, steps: int = 1, rng: np.random.Generator | None = None) -> Array:
    """The images after `steps` passes v -> h -> v (n, n_visible), in [0, 1].

    Without a generator each layer takes its mean, p(v | p(h | v)); with one, both layers are drawn (0 or 1).
    """
    return np.concatenate([_passes(model, block, steps, rng) for block in blocks(model, images)])


def _passes(model: RBM, images: Array, steps: int, rng: np.random.Generator | None) -> Array:
    if rng is not None:
        return gibbs(model, images, steps, rng)
    for _ in range(steps):
        images = model.mean_visible(model.mean_hidden(images)).astype(np.float32, copy=False)
    return images


def repair(model: RBM, images: ArrayLike, whole: NDArray[np.bool_], steps: int, rng: np.random.Generator) -> Array:
    """The images with what the model makes of their pixels that aren't `whole` (n_visible,): (n, n_visible) in [0, 1].

    `steps` Gibbs sweeps, at least one, in which the whole pixels keep their values; the others end as the mean of
    p(v | h) in the last sweep, whose expectation over many is that of p(v | whole pixels).
    """
    if steps < 1:
        raise BadValue(f"a repair takes 1 or more sweeps, got {steps}")
    return np.concatenate([_last_mean(model, block, whole, steps, rng) for block in blocks(model, images)])


def _last_mean(model: RBM, block: Array, whole: NDArray[np.bool_], steps: int, rng: np.random.Generator) -> Array:
    for sweep in sweeps(model, block.copy(), steps, rng, clamp=whole):
        mean = sweep.mean
    return mean.copy()


def reconstruction_error(model: RBM, images: ArrayLike) -> NDArray[np.float64]:
    """Squared difference between each image and its mean-field reconstruction, summed over pixels (n,)."""
    return np.concatenate(
        [squared_error(block, model.mean_visible(model.mean_hidden(block))) for block in blocks(model, images)]
    )


def squared_error(images: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Σ_pixels (image - other)² (n,)."""
    error: NDArray[np.float64] = np.square(images - others).sum(axis=1, dtype=np.float64)
    return error


def hidden_activations(model: RBM, images: ArrayLike) -> Array:
    """p(h = 1 | v) (n, n_hidden) of every image."""
    return np.concatenate([model.mean_hidden(block) for block in blocks(model, images)]).astype(np.float32, copy=False)


def unit_health(activations: NDArray[np.floating]) -> UnitHealth:
    """Which units hardly ever change, from activations (n, n_hidden) over a representative set of images."""
    return UnitHealth(activations.max(axis=0) < DEAD, activations.min(axis=0) > STUCK_ON)


def rank(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """Place of each value in ascending order (n,), the smallest is 1."""
    places = np.empty(len(values), dtype=np.int64)
    places[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    return places


def free_energy_gap(model: RBM, train_subset: ArrayLike, held_out: ArrayLike) -> float:
    """Mean F(held out) - mean F(training subset) in nats; Z cancels. It grows as the model overfits (UTML
    TR 2010-003, section 6). Both (n, n_visible); compare epochs on the same images.
    """
    return _mean_free_energy(model, held_out) - _mean_free_energy(model, train_subset)


def update_ratio(change: NDArray[np.floating], value: NDArray[np.floating]) -> float:
    """mean |change| / mean |value| of one update: about 0.001 is healthy for weights (UTML TR 2010-003,
    section 7). Where all values are still 0: inf, or nan if nothing changed.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.abs(change).mean(dtype=np.float64) / np.abs(value).mean(dtype=np.float64))


def mean_by_class(values: NDArray[np.floating], labels: NDArray[np.int64]) -> tuple[list[int], Array]:
    """The classes in ascending order, and the mean of `values` (n, ...) over each of them (classes, ...)."""
    classes = [int(c) for c in np.unique(labels)]
    return classes, np.stack([values[labels == c].mean(axis=0) for c in classes])


def blocks(model: RBM, images: ArrayLike) -> Iterator[Array]:
    """The images in consecutive blocks, float32: bytes over 255, floats such as the model's pixels hold."""
    array = np.asarray(images)
    checked = model.check_data(array) if np.issubdtype(array.dtype, np.floating) else check_images(array)
    for begin in range(0, len(checked), BLOCK):
        yield as_floats(checked[begin : begin + BLOCK])


def _mean_free_energy(model: RBM, images: ArrayLike) -> float:
    return float(np.concatenate([model.free_energy(block) for block in blocks(model, images)]).mean(dtype=np.float64))


def hidden(model: RBM, images: ArrayLike) -> Array:
    """p(h = 1 | x) (n, n_hidden) of images (n, n_pixels), uint8 or in [0, 1]."""
    seen = model.marginal
    return np.concatenate([seen.mean_hidden(block) for block in blocks(model, images)]).astype(np.float32, copy=False)


def free_energy(model: RBM, images: ArrayLike) -> NDArray[np.float64]:
    """F(x) (n,) in nats of images (n, n_pixels), uint8 or in [0, 1]."""
    seen = model.marginal
    return np.concatenate([seen.free_energy(block) for block in blocks(model, images)]).astype(np.float64)
