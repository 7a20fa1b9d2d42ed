"""Do chains that start at real images stay images? Their ink, and which classes they end in.

A model that never saw what lies far from its data may put most of its probability there, on black squares or on one
blob for all: no reconstruction error tells of it, only chains do (Tieleman, ICML 2008; Fischer & Igel, ICANN 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.models.arrays import Array, as_unit_interval
from rbm.models.binary import RBM
from rbm.models.sampling import gibbs, sample_hidden

BLACK = 0.01  # of all pixels; the faintest "1" of MNIST has twice that
MOST_BLACK, INK_OFF = 0.02, 0.25
SEEN = 0.01  # of all pictures, for a class to count as found
FEWEST_CLASSES, LARGEST_CLASS = 8, 0.35

Classify = Callable[[Array], NDArray[np.integer]]


@dataclass(frozen=True)
class Ink:
    """The share of pictures that are `black`, with ink on under 1 % of the pixels, and the mean ink as a multiple
    (`ratio`) of the data's."""

    black: float
    ratio: float

    @property
    def kept(self) -> bool:
        """At most 2 % black, and the ink within a quarter of the data's."""
        return self.black <= MOST_BLACK and abs(self.ratio - 1) <= INK_OFF


@dataclass(frozen=True)
class Dreams:
    """Where chains stand after `sweeps`: their ink, and the `shares` (n_classes,) of what a classifier sees in them."""

    sweeps: int
    ink: Ink
    shares: NDArray[np.float64]

    @property
    def classes(self) -> int:
        """How many classes are seen in at least 1 % of the pictures."""
        return int((self.shares >= SEEN).sum())

    @property
    def good(self) -> bool:
        """Digits still: the ink is kept, at least 8 classes are found, and none in more than 35 % of the pictures."""
        return self.ink.kept and self.classes >= FEWEST_CLASSES and float(self.shares.max()) <= LARGEST_CLASS


def ink(dreamt: ArrayLike, data: ArrayLike) -> Ink:
    """Of pictures `dreamt` (n, pixels), against images `data` (m, pixels), each uint8 or in [0, 1]."""
    amount = as_unit_interval(dreamt).mean(axis=1)
    return Ink(float((amount < BLACK).mean()), float(amount.mean() / as_unit_interval(data).mean()))


def dreams(
    model: RBM, start: ArrayLike, classify: Classify, rng: np.random.Generator, sweeps: tuple[int, ...] = (200, 1000)
) -> Iterator[Dreams]:
    """Follow one chain from each image of `start` (n, pixels), and look at p(v | h) after so many sweeps in all.

    classify: the class (n,), from 0 to 9, of pictures (n, pixels) in [0, 1]. A model of images and classes dreams
    freely: its classes begin at what it reads in `start`, and are not held.
    """
    images = as_unit_interval(start)
    seen, v, done = model.marginal, images, 0
    for until in sweeps:
        v, done = gibbs(seen, v, until - done, rng), until
        shown = np.clip(_shown(seen, v, rng), 0, 1)
        shares = np.bincount(classify(shown), minlength=10) / len(shown)
        yield Dreams(until, ink(shown, images), shares)


def _shown(model: RBM, v: Array, rng: np.random.Generator) -> Array:
    """p(v' | h) (n, pixels) of hidden units drawn from v: what the pages show of a chain."""
    mean: Array = model.mean_visible(sample_hidden(model, v, rng)).astype(np.float32, copy=False)
    return mean
