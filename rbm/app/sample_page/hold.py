"""Which pixels a chain may not change: masks (pixels,), True where a pixel is held fixed."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rbm.app.ink import FAINTEST
from rbm.errors import BadValue

Mask = NDArray[np.bool_]
Region = Literal["Upper half", "Lower half", "Left half", "Right half"]
REGIONS: tuple[Region, ...] = get_args(Region)
PAINTED = "Painted mask"

NOTHING, INK, RECTANGLE = "Nothing", "The ink", "A rectangle"


def half(shape: tuple[int, int], region: Region) -> Mask:
    """One half of an image of `shape` (height, width)."""
    mask = np.zeros(shape, dtype=bool)
    height, width = (side // 2 for side in shape)
    rows = {"Upper half": slice(0, height), "Lower half": slice(height, None)}.get(region, slice(None))
    columns = {"Left half": slice(0, width), "Right half": slice(width, None)}.get(region, slice(None))
    mask[rows, columns] = True
    return mask.ravel()


def rectangle(shape: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]) -> Mask:
    """Rows and columns from the first up to but not including the last, counted from 0."""
    mask = np.zeros(shape, dtype=bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask.ravel()


def ink(image: NDArray[np.floating]) -> Mask:
    """Where `image` (pixels,) has ink."""
    mask: Mask = image > FAINTEST
    return mask


def check(mask: Mask) -> Mask:
    """`mask`, unless it leaves nothing to dream: then a BadValue says what to do."""
    if mask.all():
        raise BadValue(
            "every pixel is held fixed, so there is nothing left to dream: choose a smaller region, or erase some of "
            "the painted mask"
        )
    return mask
