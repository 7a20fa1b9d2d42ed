"""The digits that the shipped models learn from, apart from all that the lab calls held out.

MNIST's 60,000 training digits hold all 1,000 held-out digits of "mnist-5k". They are kept apart, with 9,000 others, so
that no page shows a shipped model a digit it has learned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rbm import datasets
from rbm.datasets import mnist
from rbm.datasets.dataset import Labels, Pixels

HELD_OUT, SPLIT_SEED = 10_000, 1
APART = "none of them held out here"  # what a model's note says of digits that no page shows as held out
GREY = 1  # levels by which two copies of MNIST may differ in a pixel


@dataclass(frozen=True, eq=False)
class Digits:
    """Training and held-out images (n, 784), uint8, with their labels (n,)."""

    source: str
    train: Pixels
    train_labels: Labels
    held_out: Pixels
    held_out_labels: Labels


def embedded() -> Digits:
    """Those of "mnist-5k"."""
    data = datasets.load("mnist-5k")
    return Digits(data.name, data.train_images, data.train_labels, data.test_images, data.test_labels)


def full(folder: Path, held_out: int = HELD_OUT) -> Digits:
    """MNIST's training digits in a folder of IDX files, so many of them held out: those of "mnist-5k", then others.

    Raises OSError or BadFile.
    """
    images, labels = mnist.part(folder, mnist.FILES[:2], mnist.SHAPE)
    pixels = images.reshape(len(images), -1)
    twins = copies(pixels, datasets.load("mnist-5k").test_images)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(pixels))
    others = order[~np.isin(order, twins)]
    more = held_out - len(twins)
    kept, train = np.concatenate([twins, others[:more]]), others[more:]
    source = f"{len(train):,} of MNIST's 60,000 training digits, {APART}"
    return Digits(source, pixels[train], labels[train], pixels[kept], labels[kept])


def without(digits: Digits, first: int) -> Digits:
    """The same without its first held-out images."""
    return replace(digits, held_out=digits.held_out[first:], held_out_labels=digits.held_out_labels[first:])


def learned(digits: Digits, n: int) -> Digits:
    """The same with n of its training images in place of the held-out ones: what a model says of those it knows."""
    return replace(digits, held_out=digits.train[-n:], held_out_labels=digits.train_labels[-n:])


def copies(pixels: Pixels, wanted: Pixels) -> NDArray[np.int64]:
    """The rows of `pixels` (n, m) that are one of `wanted` (k, m), up to a grey level in any pixel; in order."""
    ink = pixels.sum(axis=1, dtype=np.int64)
    found: list[NDArray[np.int64]] = []
    for digit in wanted.astype(np.int16):
        near = np.flatnonzero(np.abs(ink - int(digit.sum())) <= GREY * len(digit))  # all others differ by more
        apart = np.abs(pixels[near].astype(np.int16) - digit).max(axis=1, initial=0)
        found.append(near[apart <= GREY])
    return np.unique(np.concatenate(found))
