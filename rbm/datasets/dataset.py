"""What a data set is: uint8 pixels, integer labels, and a split that never changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Indices = NDArray[np.int64]

SPLIT_SEED = 2006  # Hinton & Salakhutdinov, Science 313; any fixed number would do


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images of one shape with a fixed split. All arrays are read-only.

    `train_images`, `test_images`: uint8 (n, height * width), 0 is background and 255 full ink.
    `train_labels`, `test_labels`: int64 (n,), 0 or above; all 0 where nothing is labelled.
    `shape`: (height, width).  `source`: one line on where it comes from.
    `class_names`: what label 0, 1, ... is called; empty where the number says it all.
    Raises ValueError when the arrays do not fit together.
    """

    name: str
    train_images: Pixels
    train_labels: Labels
    test_images: Pixels
    test_labels: Labels
    shape: tuple[int, int]
    source: str = ""
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        pixels = self.shape[0] * self.shape[1]
        for images, labels in ((self.train_images, self.train_labels), (self.test_images, self.test_labels)):
            if images.dtype != np.uint8 or images.ndim != 2 or images.shape[1] != pixels or not len(images):
                raise ValueError(f"images must be uint8 (n, {pixels}), n > 0; got {images.dtype} {images.shape}")
            if labels.dtype != np.int64 or labels.shape != (len(images),) or labels.min() < 0:
                raise ValueError(f"labels must be int64 ({len(images)},) from 0; got {labels.dtype} {labels.shape}")
            images.setflags(write=False)
            labels.setflags(write=False)

    @cached_property
    def classes(self) -> list[int]:
        """The labels that occur in the training part, in ascending order."""
        return [int(c) for c in np.unique(self.train_labels)]

    @property
    def labelled(self) -> bool:
        """Whether the labels tell anything: there are at least two."""
        return len(self.classes) > 1

    def class_name(self, label: int) -> str:
        """What the class `label` is called: its name, or its number."""
        return self.class_names[label] if 0 <= label < len(self.class_names) else str(label)

    @cached_property
    def fingerprint(self) -> str:
        """40 hexadecimal digits (SHA-1) of every pixel, label and the shape: tells data sets apart in caches."""
        digest = hashlib.sha1(repr(self.shape).encode(), usedforsecurity=False)
        for part in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(repr(part.shape).encode())
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()


def stratified_split(labels: Labels, test_fraction: float, seed: int) -> tuple[Indices, Indices]:
    """Indices (train, test): the same fraction of every class is held out, both parts shuffled."""
    sizes = np.unique(labels, return_counts=True)[1]
    return _draw(labels, [round(test_fraction * int(size)) for size in sizes], seed)


def hold_out(labels: Labels, count: int, seed: int) -> tuple[Indices, Indices]:
    """Indices (train, test) with exactly `count` in test, the classes in proportion, both parts shuffled.

    A class of one member is the last to give it. Raises ValueError unless 0 < count < n.
    """
    if not 0 < count < len(labels):
        raise ValueError(f"between 1 and {len(labels) - 1} of {len(labels)} images can be held out, not {count}")
    return _draw(labels, quotas(np.unique(labels, return_counts=True)[1], count).tolist(), seed)


def quotas(sizes: NDArray[np.integer], count: int) -> Indices:
    """`count` shared out (classes,) in proportion to `sizes`, by largest remainders (Hamilton's method)."""
    ideal: Indices = count * sizes.astype(np.int64)  # times the total: whole numbers, so that ties are ties
    shares: Indices = ideal // sizes.sum()
    remainders = ideal % sizes.sum()
    spare = sizes - shares > 1
    first = np.lexsort((-remainders, ~spare))  # where there is one to spare, then by remainder
    shares[first[: count - shares.sum()]] += 1
    return shares


def _draw(labels: Labels, cuts: list[int], seed: int) -> tuple[Indices, Indices]:
    """So many of each class in turn for the test part, drawn by `seed`."""
    rng = np.random.default_rng(seed)
    train: list[Indices] = []
    test: list[Indices] = []
    for c, cut in zip(np.unique(labels), cuts, strict=True):
        members = rng.permutation(np.flatnonzero(labels == c))
        test.append(members[:cut])
        train.append(members[cut:])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))
