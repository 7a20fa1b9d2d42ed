"""Images to learn from by what the command line calls them: a data set's name or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from rbm import datasets, idx
from rbm.collection import Pixels


class Data(NamedTuple):
    name: str
    train: Pixels
    held_out: Pixels
    shape: tuple[int, int]


def read_data(name: str) -> Data:
    """A data set by its name, or a folder of IDX files; all uint8 (n, pixels).

    Of a folder without test images every sixth training image, at random, is held out. Raises ValueError for
    another name, FileNotFoundError, or rbm.idx.BadIdxFile.
    """
    if name in datasets.names():
        known = datasets.load(name)
        return Data(name, known.train_images, known.test_images, known.shape)
    if not Path(name).is_dir():
        raise ValueError(f"unknown data set {name!r}; choose {', '.join(datasets.names())} or a folder of IDX files")
    images = idx.read(idx.find(name, idx.TRAIN_IMAGES), ndim=3)
    shape, flat = (images.shape[1], images.shape[2]), images.reshape(len(images), -1)
    try:
        test = idx.read(idx.find(name, idx.TEST_IMAGES), ndim=3)
    except FileNotFoundError:
        order = np.random.default_rng(datasets.SPLIT_SEED).permutation(len(flat))
        held_out = max(1, len(flat) // 6)
        return Data(name, flat[order[held_out:]], flat[order[:held_out]], shape)
    if test.shape[1:] != shape:
        raise ValueError(f"the training images are {shape}, the test images {test.shape[1:]} pixels; they must agree")
    return Data(name, flat, test.reshape(len(test), -1), shape)
