"""Damage to images, so that one can watch a model repair it. Images are floats in [0, 1], (n, pixels)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rbm.model import Array

Side = Literal["top", "bottom", "left", "right"]
Shape = tuple[int, int]


def pixel_noise(images: Array, fraction: float, rng: np.random.Generator) -> Array:
    """Each pixel is replaced, with probability `fraction`, by black or white at even odds."""
    hit = rng.random(images.shape) < fraction
    return np.where(hit, rng.integers(0, 2, images.shape), images).astype(np.float32)


def blank_half(images: Array, shape: Shape, side: Side) -> Array:
    """One half is set to black."""
    height, width = shape
    mask = np.zeros(shape, dtype=bool)
    halves = {
        "top": np.s_[: height // 2, :],
        "bottom": np.s_[height // 2 :, :],
        "left": np.s_[:, : width // 2],
        "right": np.s_[:, width // 2 :],
    }
    mask[halves[side]] = True
    return _black(images, mask)


def square_hole(images: Array, shape: Shape, fraction: float) -> Array:
    """A centred square is set to black; its side is `fraction` of the shorter side of the image."""
    height, width = shape
    side = round(fraction * min(shape))
    mask = np.zeros(shape, dtype=bool)
    top, left = (height - side) // 2, (width - side) // 2
    mask[top : top + side, left : left + side] = True
    return _black(images, mask)


def _black(images: Array, mask: NDArray[np.bool_]) -> Array:
    return np.where(mask.ravel(), np.float32(0), images)
