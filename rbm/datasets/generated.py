"""Generated images whose distribution is known: what a model of them should find can be written down.

All pixels are 0 or 255. Every image is drawn independently, in the test part too, so that small patterns occur in
both parts: with so few patterns that is what "the same distribution" means.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rbm.datasets.dataset import Dataset, Labels
from rbm.errors import BadValue

Bits = NDArray[np.bool_]

MAX_PIXELS = 2**28  # of all images together


def bars_and_stripes(shape: tuple[int, int] = (4, 4), train: int = 2000, test: int = 500, seed: int = 2006) -> Dataset:
    """Whole rows (label 0, "stripes") or whole columns (label 1, "bars") on, each with probability 1/2.

    `shape`: (height, width) in pixels. Raises BadValue for sizes below 1 or too large.
    Source: MacKay, Information Theory, Inference and Learning Algorithms (2003), section 43.
    """
    rng, n, (height, width) = _generator(shape, train, test, seed)
    labels = rng.integers(0, 2, n)
    rows, columns = rng.random((n, height, 1)) < 0.5, rng.random((n, 1, width)) < 0.5
    images = np.where(labels[:, None, None] == 0, rows, columns)
    return _dataset("bars-and-stripes", images, labels, train, ("stripes", "bars"))


def shifter(width: int = 8, train: int = 2000, test: int = 500, seed: int = 2006) -> Dataset:
    """Two rows of `width` pixels: random bits, and the same shifted round by one to the left, not, or to the right.

    Labels 0 "left", 1 "still", 2 "right". No two pixels alone tell the label: hidden units must look at three.
    Raises BadValue for a width below 3 or sizes too large.
    Source: Hinton & Sejnowski, Learning and Relearning in Boltzmann Machines (1986).
    """
    if width < 3:
        raise BadValue(f"width must be 3 or more, so that left and right differ; got {width}")
    rng, n, _ = _generator((2, width), train, test, seed)
    labels = rng.integers(0, 3, n)
    first = rng.random((n, width)) < 0.5
    places = (np.arange(width) + 1 - labels[:, None]) % width  # shifted left, pixel i comes from i + 1
    images = np.stack([first, np.take_along_axis(first, places, axis=1)], axis=1)
    return _dataset("shifter", images, labels, train, ("left", "still", "right"))


def mixture(
    shape: tuple[int, int] = (7, 7),
    n_classes: int = 5,
    noise: float = 0.1,
    train: int = 2000,
    test: int = 500,
    seed: int = 2006,
) -> Dataset:
    """One of `n_classes` `prototypes`, the label, with each pixel flipped with probability `noise`.

    `shape`: (height, width) in pixels. Raises BadValue for `noise` outside [0, 0.5] or sizes too small or large.
    """
    if not 0 <= noise <= 0.5:
        raise BadValue(f"noise is a probability from 0 to 0.5; got {noise}")
    rng, n, _ = _generator(shape, train, test, seed + 1)
    patterns = prototypes(shape, n_classes, seed)
    labels = rng.integers(0, n_classes, n)
    images = patterns[labels] ^ (rng.random((n, patterns.shape[1]), dtype=np.float32) < noise)
    names = tuple(f"prototype {number + 1}" for number in range(n_classes))
    return _dataset("mixture", images.reshape(n, *shape), labels, train, names)


def prototypes(shape: tuple[int, int] = (7, 7), n_classes: int = 5, seed: int = 2006) -> Bits:
    """The random patterns (n_classes, pixels) of `mixture`: each pixel on with probability 1/2.

    Raises BadValue unless `n_classes` is from 1 to 256.
    """
    if not 1 <= n_classes <= 256:
        raise BadValue(f"n_classes must be from 1 to 256; got {n_classes}")
    return np.random.default_rng(seed).random((n_classes, shape[0] * shape[1])) < 0.5


MAKERS: dict[str, Callable[..., Dataset]] = {
    "bars-and-stripes": bars_and_stripes,
    "shifter": shifter,
    "mixture": mixture,
}
SHAPES = {"bars-and-stripes": (4, 4), "shifter": (2, 8), "mixture": (7, 7)}  # of the images they make by default


def _generator(
    shape: tuple[int, int], train: int, test: int, seed: int
) -> tuple[np.random.Generator, int, tuple[int, int]]:
    height, width = shape
    if min(height, width, train, test) < 1:
        raise BadValue(f"at least one pixel and one image a part; got {height} × {width} pixels, {train} + {test}")
    if (train + test) * height * width > MAX_PIXELS:
        raise BadValue(f"{train + test} images of {height} × {width} pixels are too many; make fewer or smaller ones")
    return np.random.default_rng(seed), train + test, shape


def _dataset(name: str, images: Bits, labels: Labels, train: int, class_names: tuple[str, ...]) -> Dataset:
    """`images` (n, height, width) and `labels` (n,), of which the first `train` are the training part."""
    _, height, width = images.shape
    pixels = images.reshape(len(images), -1).astype(np.uint8) * np.uint8(255)
    parts = (pixels[:train], labels[:train], pixels[train:], labels[train:])
    return Dataset(name, *parts, (height, width), f"generated, {height} × {width} pixels", class_names)
