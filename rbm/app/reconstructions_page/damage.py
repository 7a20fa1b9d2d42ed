"""Damage to images, so that one can watch a model repair it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rbm.models.arrays import Array

Kind = Literal["None", "Noise", "Blank half", "Square hole"]
Side = Literal["top", "bottom", "left", "right"]
Shape = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Damaged:
    """Images (n, pixels), and which pixels (pixels,) are known to be whole; None where nobody can know."""

    images: Array
    whole: NDArray[np.bool_] | None


def damaged(images: Array, shape: Shape, kind: Kind, amount: float, rng: np.random.Generator) -> Damaged:
    if kind == "Noise":
        return Damaged(pixel_noise(images, amount, rng), None)
    if kind == "None":
        return Damaged(images, None)
    gone = half(shape, "bottom") if kind == "Blank half" else square(shape, amount)
    return Damaged(blacked(images, gone), ~gone.ravel())


def pixel_noise(images: Array, fraction: float, rng: np.random.Generator) -> Array:
    """Each pixel is replaced, with probability `fraction`, by black or white at even odds."""
    hit = rng.random(images.shape) < fraction
    return np.where(hit, rng.integers(0, 2, images.shape), images).astype(np.float32)


def half(shape: Shape, side: Side) -> NDArray[np.bool_]:
    """A mask of `shape`, True in one half."""
    height, width = shape
    mask = np.zeros(shape, dtype=bool)
    halves = {
        "top": np.s_[: height // 2, :],
        "bottom": np.s_[height // 2 :, :],
        "left": np.s_[:, : width // 2],
        "right": np.s_[:, width // 2 :],
    }
    mask[halves[side]] = True
    return mask


def square(shape: Shape, fraction: float) -> NDArray[np.bool_]:
    """A mask of `shape`, True in a centred square; its side is `fraction` of the image's shorter side."""
    height, width = shape
    side = round(fraction * min(shape))
    mask = np.zeros(shape, dtype=bool)
    top, left = (height - side) // 2, (width - side) // 2
    mask[top : top + side, left : left + side] = True
    return mask


def blacked(images: Array, mask: NDArray[np.bool_]) -> Array:
    return np.where(mask.ravel(), np.float32(0), images)
