"""Arrays in an .npz file: images, labels, and a test part of its own if it has one (as Keras' mnist.npz)."""

from __future__ import annotations

import sys
import zipfile
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm import files
from rbm.datasets.upload import scaling
from rbm.datasets.upload.options import Options, Parsed, check_total, shown
from rbm.errors import BadFile

IMAGES = ("images", "train_images", "x_train", "x", "data", "arr_0")
LABELS = ("labels", "train_labels", "y_train", "y", "target", "targets", "arr_1")
TEST_IMAGES = ("test_images", "x_test")
TEST_LABELS = ("test_labels", "y_test")
_LONGEST_LABEL = 64  # characters

Members = dict[str, zipfile.ZipInfo]


def holds_arrays(archive: zipfile.ZipFile) -> bool:
    return any(member.filename.endswith(".npy") for member in archive.infolist())


def read(archive: zipfile.ZipFile, options: Options) -> Parsed:
    """The images, uint8 (n, pixels), and labels in an .npz file.

    Images are (n, height, width), (n, height, width, 1, 3 or 4) or rows of pixels (n, pixels); labels (n,).
    Raises BadFile.
    """
    members = {PurePosixPath(m.filename).stem.lower(): m for m in archive.infolist() if m.filename.endswith(".npy")}
    names = [_first(members, IMAGES), _first(members, TEST_IMAGES)]
    if names[0] is None:
        listed = ", ".join(shown(name) for name in sorted(members)[:5])
        raise BadFile(f"no array is called {', '.join(IMAGES[:-1])} or {IMAGES[-1]}; this file has {listed}")
    blocks = [_images(archive, members[name], name, options) for name in names if name]
    if len({block.shape[1:] for block in blocks}) > 1:
        raise BadFile(f"{names[0]} and {names[1]} hold images of different sizes")
    check_total(sum(map(len, blocks)), blocks[0].shape[1:])
    labels = _labels(archive, members, [len(block) for block in blocks])
    n_test = len(blocks[1]) if len(blocks) > 1 else None
    images, shape = scaling.fit(scaling.levels(blocks), options)
    return Parsed(images, shape, labels, n_test)


def _first(members: Members, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in members), None)


def _images(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, options: Options) -> NDArray[Any]:
    """(n, height, width) or (n, height, width, 3 or 4) of real numbers."""
    array = files.read_array(archive, member, "buif")
    if array.ndim == 2 and array.size:
        array = array.reshape(len(array), *scaling.table_shape(array.shape[1], options))
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim not in (3, 4) or not array.size or (array.ndim == 4 and array.shape[3] not in (3, 4)):
        raise BadFile(f"{name} has shape {array.shape}; images are (n, height, width) or (n, pixels)")
    return array


def _labels(archive: zipfile.ZipFile, members: Members, counts: list[int]) -> list[str] | None:
    """The labels of each image of the parts that have so many images, or None where a part has none."""
    names = [_first(members, wanted) for wanted in (LABELS, TEST_LABELS)][: len(counts)]
    labels: list[str] = []
    for name, count in zip(names, counts, strict=True):
        if name is None:
            return None
        array = files.read_array(archive, members[name], "buifUS")
        if array.shape not in ((count,), (count, 1)):
            raise BadFile(f"{name} has shape {array.shape}; one label for each of {count} images is wanted")
        if array.dtype.kind in "US":
            _check_text(array, name)
        labels += [_word(label) for label in array.ravel().tolist()]
    return labels


def _check_text(array: NDArray[Any], name: str) -> None:
    if array.dtype.itemsize > 4 * _LONGEST_LABEL:
        raise BadFile(f"{name} holds labels of more than {_LONGEST_LABEL} characters")
    if array.dtype.kind == "U":  # numpy would hand on characters beyond the last, which break Python's strings
        codes = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        if codes.max() > sys.maxunicode:
            raise BadFile(f"{name} holds labels that are not text")


def _word(label: object) -> str:
    if isinstance(label, bytes):
        return label.decode("latin-1")
    return str(int(label) if isinstance(label, bool) else label)
