"""What may be uploaded and what is to be made of it; what the readers of each format hand on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from rbm.datasets.dataset import SPLIT_SEED
from rbm.errors import BadFile, BadValue

MAX_BYTES = 128 * 2**20  # of the uploaded file
MAX_UNPACKED = 256 * 2**20  # of all that is packed in it
MAX_IMAGES = 250_000
MAX_PIXELS = 2**26  # of all images together, as read and as made: a full MNIST has 55 million
MAX_FILES = 100_000  # pictures in a zip, and whatever else is in it
MAX_IMAGE = 128 * 128  # pixels of an image of the data set: one visible unit each
MAX_COLUMNS = 256 * 256  # pixels of an image in a table
MAX_PICTURE = 25_000_000  # pixels of one picture before it is scaled: more than most telephones make
MAX_DECODED = 500_000_000  # and of all pictures together: some seconds of work
MAX_CLASSES = 256

Grey = Literal["luminance", "mean", "brightest"]
LabelColumn = Literal["auto", "first", "last", "none"]


@dataclass(frozen=True)
class Options:
    """What to make of the images in a file. Raises BadValue for values that can't be.

    `size`: (height, width) each image is scaled to, without regard to its proportions; None keeps the size.
    `grey`: how colours become grey: as the eye sees them (ITU-R 601), the mean of red, green and blue, or the
    brightest of them.  `invert`: make white black: for dark ink on white paper, since 0 is background here.
    `test_fraction`, `seed`: the share held out, in proportion to the classes, and what draws it.
    `label_column`: where a CSV file without a heading has its labels; "auto" guesses.
    """

    size: tuple[int, int] | None = None
    grey: Grey = "luminance"
    invert: bool = False
    test_fraction: float = 0.2
    seed: int = SPLIT_SEED
    label_column: LabelColumn = "auto"

    def __post_init__(self) -> None:
        if self.size is not None:
            check_size(self.size)
        if self.grey not in get_args(Grey):
            raise BadValue(f"grey must be one of {', '.join(get_args(Grey))}; got {self.grey!r}")
        if self.label_column not in get_args(LabelColumn):
            raise BadValue(f"label_column must be one of {', '.join(get_args(LabelColumn))}")
        if not 0 < self.test_fraction < 1:
            raise BadValue(f"test_fraction must lie between 0 and 1; got {self.test_fraction}")


class Parsed(NamedTuple):
    """Images uint8 (n, pixels) of one (height, width), and the label of each as written, if there are labels.

    `n_test`: so many at the end are the file's own test part; None where it has none.
    """

    images: NDArray[np.uint8]
    shape: tuple[int, int]
    labels: list[str] | None = None
    n_test: int | None = None


def check_size(size: tuple[int, int]) -> None:
    """Raises BadValue unless images of (height, width) can be learned."""
    if min(size) < 1 or size[0] * size[1] > MAX_IMAGE:
        raise BadValue(
            f"images of {size[0]} × {size[1]} pixels can't be used; choose a size of 1 to {MAX_IMAGE:,} pixels"
        )


def check_total(n: int, size: tuple[int, ...]) -> None:
    """Raises BadFile when `n` images of `size` are too many, or too many pixels."""
    if n > MAX_IMAGES:
        raise BadFile(f"this file holds more than {MAX_IMAGES:,} images")
    if n * math.prod(size) > MAX_PIXELS:
        sides = " × ".join(map(str, size))
        raise BadFile(f"{n:,} images of {sides} are more than {MAX_PIXELS / 1e6:.0f} million values")


def shown(text: str) -> str:
    """A name from outside, short and printable enough for a message."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= 60 else f"{clean[:57]}..."
