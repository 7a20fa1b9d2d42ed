"""Do chains that start at real images stay images? Ink, blackness, and how the classes share them.

A model that never saw what lies far from its data (CD-1 looks one step away) may put most of its probability on
pictures that no reconstruction error tells of: black squares, or one blob for all (Desjardins et al., AISTATS 2010;
Fischer & Igel, ICANN 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.models.arrays import as_unit_interval

BLACK = 0.01  # of all pixels: less ink than the faintest "1"
MOST_BLACK, INK_OFF = 0.02, 0.25  # a model whose chains stay within both keeps its ink
FEWEST_CLASSES, LARGEST_CLASS = 8, 0.35


@dataclass(frozen=True)
class Ink:
    """What chains are left with: the share of `black` pictures, and the mean ink as a multiple of the data's."""

    black: float
    ratio: float

    @property
    def kept(self) -> bool:
        return self.black <= MOST_BLACK and abs(self.ratio - 1) <= INK_OFF


def ink(dreamt: ArrayLike, data: ArrayLike) -> Ink:
    """Of pictures `dreamt` (n, pixels), against images `data` (m, pixels) of the kind that was learned."""
    amount = as_unit_interval(dreamt).mean(axis=1)
    return Ink(float((amount < BLACK).mean()), float(amount.mean() / as_unit_interval(data).mean()))


def class_shares(read: NDArray[np.integer], n_classes: int) -> NDArray[np.float64]:
    """The share (n_classes,) of each class among what a classifier read (n,)."""
    return np.bincount(read, minlength=n_classes) / len(read)
