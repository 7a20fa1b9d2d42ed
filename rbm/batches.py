"""Rows of training data, made ready in place: gathered, scaled to [0, 1], drawn black or white if asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.config import Binarize
from rbm.datasets import check_images
from rbm.model import Array


class Images:
    """Images (n, pixels), uint8 or floats in [0, 1], and what `binarize` makes of their grey levels."""

    def __init__(self, images: ArrayLike, binarize: Binarize) -> None:
        pixels = check_images(images)
        if binarize == "threshold":
            half = 127 if pixels.dtype == np.uint8 else 0.5
            pixels = (pixels > half).astype(np.uint8) * np.uint8(255)
        self.pixels = pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32, copy=False)
        self._drawn_anew = binarize == "sample"

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def n_visible(self) -> int:
        return int(self.pixels.shape[1])

    def fill(self, rows: NDArray[np.int64], out: Array, rng: np.random.Generator | None = None) -> Array:
        """`out` becomes these images; without a generator grey levels stay grey whatever `binarize` says."""
        pixels = self.pixels[rows]
        if self._drawn_anew and rng is not None:
            np.less(self._uniform_below_one(pixels, rng), pixels, out=out, casting="unsafe")
            return out
        scale = np.float32(1 / 255 if pixels.dtype == np.uint8 else 1)
        np.multiply(pixels, scale, out=out)
        return out

    def _uniform_below_one(self, pixels: NDArray[np.generic], rng: np.random.Generator) -> NDArray[np.generic]:
        """Uniform numbers that lie below a pixel with exactly its grey level as probability."""
        if pixels.dtype == np.uint8:
            return rng.integers(0, 255, pixels.shape, dtype=np.uint8)  # 0 to 254: pixel/255 of them lie below
        return rng.random(pixels.shape, dtype=np.float32)
