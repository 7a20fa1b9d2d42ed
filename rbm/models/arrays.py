"""Array types, what images and labels must look like, and the functions of every layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float32]
Floats = NDArray[np.floating]

Labels = NDArray[np.int64]

MAX_CLASSES = 1000  # more are no classes but, say, pixels given by mistake

Float64 = NDArray[np.float64]

FACTORS = 1000  # of at most 2 each that a float64 product holds; it overflows at 2^1024

Arrays = dict[str, NDArray[Any]]


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), written with tanh so that no argument overflows."""
    result: Floats = 0.5 * np.tanh(0.5 * x) + 0.5
    return result


def softplus(x: Floats) -> Floats:
    """log(1 + exp(x)) for any x."""
    result: Floats = np.logaddexp(0, x)
    return result


def softmax(x: Floats) -> Floats:
    """exp(x) / Σ exp(x) over the last axis, shifted so that nothing overflows."""
    e: Floats = np.exp(x - x.max(axis=-1, keepdims=True))
    e /= e.sum(axis=-1, keepdims=True)
    return e


def check_labels(labels: ArrayLike, n: int, n_classes: int | None = None) -> Labels:
    """`labels` as int64 (n,). Raises ValueError unless there are n whole numbers from 0 to n_classes - 1."""
    array = np.asarray(labels)
    if array.shape != (n,) or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"labels must be {n} whole numbers, one an image; got shape {array.shape} of {array.dtype}")
    low, high = int(array.min()), int(array.max())
    top = MAX_CLASSES if n_classes is None else n_classes
    if low < 0 or high >= top:
        raise ValueError(f"labels must be classes from 0 to {top - 1}; these run from {low} to {high}")
    return array.astype(np.int64)


def bernoulli(mean: NDArray[np.floating], rng: np.random.Generator) -> Array:
    """Zeros and ones (float32, the shape of `mean`), one with probability `mean`."""
    return (rng.random(mean.shape, dtype=np.float32) < mean).astype(np.float32)


def one_of(edges: NDArray[np.floating], rng: np.random.Generator) -> Array:
    """One-hot draws (..., classes) from the cumulated probabilities `edges` (..., classes)."""
    point = rng.random((*edges.shape[:-1], 1), dtype=np.float32) * edges[..., -1:]  # the sum may round below 1
    chosen = np.minimum((point >= edges).sum(axis=-1), edges.shape[-1] - 1)
    one_hot: Array = np.eye(edges.shape[-1], dtype=np.float32)[chosen]
    return one_hot


def sum_softplus_(x: Float64) -> Float64:
    """Σ_units log(1 + exp(x)) (m,) of x (units, m), which is overwritten.

    With softplus(x) = max(x, 0) + log(1 + exp(-|x|)) nothing overflows, and the factors in [1, 2] are
    multiplied before the logarithm is taken once: a third of the time of np.logaddexp(0, x).
    """
    total: Float64 = x.sum(axis=0)
    np.abs(x, out=x)
    total += x.sum(axis=0)
    total *= 0.5  # Σ max(x, 0)
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    for begin in range(0, len(x), FACTORS):
        total += np.log(np.multiply.reduce(x[begin : begin + FACTORS], axis=0))
    return total


def log_sum_exp(x: Float64) -> float:
    """log Σ exp(x), without overflow."""
    top = x.max()
    return float(top + np.log(np.exp(x - top).sum()))


def as_unit_interval(images: ArrayLike) -> NDArray[np.float32]:
    """Images (n, pixels) as float32 in [0, 1]: uint8 is divided by 255, floats in [0, 1] pass.

    Raises ValueError for any other shape, type or range.
    """
    return as_floats(check_images(images))


def as_floats(data: NDArray[Any]) -> Array:
    """`data` as float32: uint8 is divided by 255, floats stay what they are."""
    # not times 1/255, which is off by a bit for half of the levels
    floats: Array = np.divide(data, 255, dtype=np.float32) if data.dtype == np.uint8 else data.astype(np.float32)
    return floats


def check_images(images: ArrayLike) -> NDArray[np.uint8] | NDArray[np.floating]:
    """`images` as they are, if they are a non-empty (n, pixels) of uint8 or of floats in [0, 1]."""
    array = np.asarray(images)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"images must be a non-empty array (n, pixels); got shape {array.shape}")
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint8:
        if not np.issubdtype(array.dtype, np.floating):
            raise ValueError(f"images must be uint8 or floats in [0, 1]; got {array.dtype}")
        low, high = float(array.min()), float(array.max())
        if not (low >= 0 and high <= 1):
            raise ValueError(f"float images must lie in [0, 1]; these run from {low:g} to {high:g}")
    return array


def log_odds(images: ArrayLike) -> NDArray[np.float64]:
    """log p/(1 - p) (pixels,) of the pixel means p of images (n, pixels): the biases of a base-rate model.

    One imaginary grey image keeps each finite. Raises ValueError as `check_images` does.
    """
    array = check_images(images)
    scale = 255.0 if array.dtype == np.uint8 else 1.0
    mean = (array.sum(axis=0, dtype=np.float64) / scale + 0.5) / (len(array) + 1)
    odds: NDArray[np.float64] = np.log(mean / (1 - mean))
    return odds
