"""Where pictures stand between unlikely and likely under one model: free energies as heights on one scale.

Free energies reach from hundreds of nats below zero (digits) to thousands above (noise), and digits differ by a few
dozen. So the scale is even among real pictures and squeezed beyond them, like a map whose edges are far away:

    u = (F - centre) / spread        height = ½ - ½ u / (1 + |u|)

F compares under one model only: its log Z is unknown, and another model's is another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.models.arrays import Array
from rbm.models.binary import RBM

Floats = NDArray[np.float64]
NARROWEST = 1.0  # nats: a model that finds all pictures alike has no spread of its own
CENTRAL = (0.05, 0.5, 0.95)  # quantiles: from the first to the last is twice the spread


class Scale(NamedTuple):
    """Of one model: the free energy in its middle, and how far from there three quarters and one quarter lie (nats)."""

    centre: float
    spread: float

    def heights(self, energies: ArrayLike) -> Floats:
        """Heights of free energies in nats, any shape: in [0, 1], the likelier the higher, the centre at one half."""
        u = (np.asarray(energies, dtype=np.float64) - self.centre) / self.spread
        heights: Floats = 0.5 - 0.5 * u / (1 + np.abs(u))
        return heights


def scale_of(energies: ArrayLike) -> Scale:
    """The scale on which nine of ten of these free energies (n,) take about the middle half. ValueError if n is 0."""
    if np.size(energies) == 0:
        raise ValueError("a scale needs the free energy of at least one picture")
    low, middle, high = np.quantile(np.asarray(energies, dtype=np.float64), CENTRAL)
    return Scale(float(middle), max(float(high - low) / 2, NARROWEST))


def silhouette(heights: ArrayLike, bins: int) -> Floats:
    """How crowded each of `bins` equal parts of [0, 1] is, from the bottom (bins,): 1 in the most crowded."""
    counts, _ = np.histogram(np.asarray(heights, dtype=np.float64), bins=bins, range=(0.0, 1.0))
    crowded: Floats = counts / max(int(counts.max()), 1)
    return crowded


def noise(model: RBM, n: int, rng: np.random.Generator) -> Array:
    """`n` pictures (n, n_pixels) without anything in them: coin tosses; of real-valued pixels, draws from N(0, 1)."""
    size = (n, model.n_pixels)
    drawn = rng.integers(0, 2, size) if model.pixel_kind == "binary" else rng.normal(size=size)
    return drawn.astype(np.float32)
