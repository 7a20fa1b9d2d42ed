"""The images that a command works on: by name, from a folder or from a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm import datasets
from rbm.datasets import mnist
from rbm.datasets.dataset import Dataset, Pixels
from rbm.errors import BadValue, Refused
from rbm.models.binary import RBM
from rbm.models.gaussian import Standard

DATA = (
    f"{', '.join(datasets.names())}, a folder with {mnist.FILES[0]} and maybe {mnist.FILES[2]}, plain or .gz, "
    "or a file: .npz, CSV, IDX or a zip of pictures"
)


def read_data(name: str) -> Dataset:
    """The data set that is called `name`, or is there: a folder of IDX files, or a file as the Data page takes it.

    Its own name is `name`, so that it can be read again. Raises Refused or OSError, each with a sentence.
    """
    if name in datasets.names():
        return datasets.load(name)
    if Path(name).is_dir():
        return replace(datasets.load(Path(name)), name=name)
    if Path(name).is_file():
        return replace(_read_file(Path(name)), name=name)
    raise BadValue(f"unknown data set {name!r}; choose {DATA}")


def _read_file(path: Path) -> Dataset:
    from rbm.datasets import upload  # it loads Pillow

    try:
        with path.open("rb") as file:
            return upload.read(file, path.name)
    except Refused as error:
        raise type(error)(f"{path} can't be used: {error}") from None


def standard_of(note: dict[str, Any]) -> Standard:
    """How the images of a Gaussian model were scaled. Raises BadValue where its file doesn't say."""
    data = note.get("data")
    if not isinstance(data, str):
        raise BadValue("the file doesn't name the data that this Gaussian model was scaled by")
    return Standard.of(read_data(data).train_images)


def as_trained(images: Pixels, data: Dataset, visible: str) -> NDArray[Any]:
    """Images as units of this kind see them."""
    return Standard.of(data.train_images).apply(images) if visible == "gaussian" else images


def as_learned(images: Pixels, data: Dataset, model: RBM, note: dict[str, Any]) -> NDArray[Any]:
    """The images as the model's units see them: scaled, or cut at one half, if those that it learned from were."""
    config = note.get("config")
    if isinstance(config, dict) and config.get("binarize") == "threshold":
        return (images > 127).astype(np.uint8) * np.uint8(255)
    return as_trained(images, data, model.pixel_kind)


def check_fit(model: RBM, data: Dataset) -> None:
    """Raises BadValue unless the model is of images of this size."""
    pixels = data.train_images.shape[1]
    if model.n_pixels != pixels:
        raise BadValue(f"the model is of images of {model.n_pixels} pixels, those of {data.name} have {pixels}")
