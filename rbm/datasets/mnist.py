"""MNIST and its relatives, 60,000 + 10,000 images of 28 × 28 pixels: from a folder of IDX files, or fetched once.

MNIST: LeCun, Cortes, Burges (1998).  Fashion-MNIST: Xiao, Rasul, Vollgraf, arXiv:1708.07747.
Kuzushiji-MNIST: Clanuwat et al., arXiv:1812.01718 (CODH, CC BY-SA 4.0).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbm.datasets import idx
from rbm.datasets.dataset import SPLIT_SEED, Dataset, Labels, Pixels, hold_out
from rbm.errors import BadFile

SHAPE = (28, 28)
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
LABELS = ("training images", "training labels", "test images", "test labels")
HELD_OUT = 6  # one image in so many, where a folder has no test part: 10,000 of 60,000

if TYPE_CHECKING:  # it loads requests, which only a download needs
    from rbm.datasets.download import Patience, Watch


class Collection(NamedTuple):
    """Where the four files are (mirrors, best first, to which `file.gz` is added) and their MD5 sums, as in FILES."""

    mirrors: tuple[str, ...]
    md5: tuple[str, str, str, str]
    class_names: tuple[str, ...] = ()


COLLECTIONS = {
    "mnist": Collection(
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
        md5=(
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
    ),
    "fashion-mnist": Collection(
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",  # it speaks no https
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        md5=(
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        class_names=(
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
    ),
    "kmnist": Collection(
        mirrors=(
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            # the Internet Archive's copies as they were, whatever day is nearest
            "https://web.archive.org/web/2020id_/http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ),
        md5=(
            "bdb82020997e1d708af4cf47b453dcf7",
            "e144d726b3acfaa3e44228e80efcd344",
            "5c965bf0a639b31b8f53240b1b52f4d7",
            "7320c461ea6c1c855c0b718fb2a4b134",
        ),
        class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    ),
}


def local_folder(name: str, folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Where the files of `name` are without a network, or None.

    In `folder` they lie in a sub-folder `name` or in the folder itself. So do they in $RBM_DATA, except that
    files in that folder itself are MNIST's: no letters under the name of digits.
    """
    given = folder or os.environ.get("RBM_DATA")
    if not given:
        return None
    base = Path(given).expanduser()
    if (base / name).is_dir():
        return base / name
    if folder or not base.is_dir():
        return base  # and reading it will say what is missing
    return base if name == "mnist" and _exists(base, FILES[0]) else None


def read(name: str, folder: Path) -> Dataset:
    """The data set in a folder of IDX files, plain or .gz: their structure is checked, their sums are not.

    Without test files a fixed sixth is held out, stratified: 10,000 of 60,000. Raises FileNotFoundError or
    another OSError, or BadFile.
    """
    return _read(name, folder, COLLECTIONS[name].class_names, SHAPE)


def read_folder(folder: Path) -> Dataset:
    """Images of any one size in a folder of IDX files that are called as MNIST's are; its name is the folder's path.

    Label files count where every part has one; without them all labels are 0. Raises as `read` does.
    """
    parts = [(images, labels) for images, labels in (FILES[:2], FILES[2:]) if _exists(folder, images)]
    labelled = all(_exists(folder, labels) for _, labels in parts)
    return _read(str(folder), folder, labelled=labelled)


def _read(
    name: str,
    folder: Path,
    class_names: tuple[str, ...] = (),
    shape: tuple[int, int] | None = None,
    labelled: bool = True,
) -> Dataset:
    images, labels = part(folder, FILES[:2], shape, labelled)
    shape, flat, note = (images.shape[1], images.shape[2]), images.reshape(len(images), -1), ""
    if any(_exists(folder, file) for file in FILES[2:]):
        test, test_labels = part(folder, FILES[2:], shape, labelled)
        parts = (flat, labels, test.reshape(len(test), -1), test_labels)
    else:
        keep, held = hold_out(labels, max(1, len(labels) // HELD_OUT), SPLIT_SEED)
        parts = (flat[keep], labels[keep], flat[held], labels[held])
        note = f", {len(held):,} of {len(labels):,} held out"
    return Dataset(name, *parts, shape, f"IDX files in {folder}{note}", class_names)


def fetch(name: str, cache: Path, watch: Watch | None = None, patience: Patience | None = None) -> Path:
    """The folder in `cache` with the four files of `name`, those downloaded that are missing or altered.

    `watch` is told the progress; without it a terminal shows a line.
    Raises rbm.datasets.Unavailable, a sentence, when no mirror delivers.
    """
    from rbm.datasets import download

    watch, folder = watch or download.on_terminal, cache / name
    mirrors = list(COLLECTIONS[name].mirrors)
    for number, (file, md5) in enumerate(zip(FILES, COLLECTIONS[name].md5, strict=True)):
        target = folder / f"{file}.gz"
        if is_intact(target, md5):
            continue
        label = f"{name}, {LABELS[number]} ({number + 1} of {len(FILES)})"
        used = download.fetch([f"{m}{target.name}" for m in mirrors], md5, target, watch, label, patience)
        mirrors.insert(0, mirrors.pop(used))  # the one that worked is asked first from now on
    return folder


def is_complete(name: str, cache: Path) -> bool:
    """Whether `cache` already holds all four files of `name`."""
    return all((cache / name / f"{file}.gz").is_file() for file in FILES)


def is_intact(path: Path, md5: str) -> bool:
    """Whether `path` is there with this checksum."""
    from rbm.datasets import download

    return path.is_file() and download.checksum(path) == md5


def part(
    folder: Path, files: tuple[str, ...], shape: tuple[int, int] | None = None, labelled: bool = True
) -> tuple[Pixels, Labels]:
    """Images (n, height, width), of `shape` if that is given, and labels (n,), all 0 unless `labelled`, in two IDX
    `files` of a folder, plain or .gz. Raises as `read` does.
    """
    image_file, label_file = files
    images = idx.read(_find(folder, image_file), ndim=3)
    if shape is not None and images.shape[1:] != shape:
        found, wanted = (" × ".join(map(str, sides)) for sides in (images.shape[1:], shape))
        raise BadFile(f"{image_file} holds images of {found}, not {wanted} pixels")
    if len(images) < 2:
        raise BadFile(f"{image_file} holds {len(images)} images; at least two are wanted")
    if not labelled:
        return images, np.zeros(len(images), np.int64)
    labels: NDArray[np.uint8] = idx.read(_find(folder, label_file), ndim=1)
    if len(images) != len(labels):
        raise BadFile(f"{image_file} holds {len(images)} images and {label_file} {len(labels)} labels")
    return images, labels.astype(np.int64)


def _exists(folder: Path, file: str) -> bool:
    try:
        return _find(folder, file).is_file()
    except FileNotFoundError:
        return False


def _find(folder: Path, file: str) -> Path:
    """Some copies have a dot before idx."""
    try:
        return idx.find(folder, file.replace("-idx", ".idx"))
    except FileNotFoundError:
        return idx.find(folder, file)  # the usual name: the one to report when it is missing too
