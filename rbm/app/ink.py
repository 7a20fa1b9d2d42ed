"""From a drawing to an image as the training data has them.

MNIST's digits were scaled, keeping their proportions and anti-aliased, to fit a 20 × 20 box, and then placed
in 28 × 28 so that the centre of mass of the ink is in the middle (LeCun et al. 1998). A drawing gets the same
treatment; frames of other sizes scale the box.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Flat = NDArray[np.float32]
Mask = NDArray[np.bool_]

BOX = 20 / 28
FAINTEST = 1 / 512  # half of the faintest grey of a byte: below this a pixel holds no ink


@dataclass(frozen=True)
class Placement:
    """Where a drawing goes: its rows and columns `top` to `bottom`, `left` to `right`, scaled to `size`, with their
    upper left corner at `corner` of a frame of `shape`, all (height, width)."""

    top: int
    bottom: int
    left: int
    right: int
    size: tuple[int, int]
    corner: tuple[int, int]
    shape: tuple[int, int]


def normalise(drawing: NDArray[np.floating], shape: tuple[int, int]) -> Flat | None:
    """`drawing` (height, width), ink in [0, 1], in the frame `shape`: (pixels,) float32, None without ink."""
    ink = _checked(drawing)
    where = placement(ink, shape)
    if where is None:
        return None
    frame = np.zeros(shape, dtype=np.float32)
    (top, left), (height, width) = where.corner, where.size
    frame[top : top + height, left : left + width] = _scaled(_cropped(ink, where), where.size)
    return frame.ravel()


def as_drawn(drawing: NDArray[np.floating], shape: tuple[int, int]) -> Flat | None:
    """The whole `drawing` (height, width) scaled to the frame `shape`, ink where it is: (pixels,), None without ink."""
    ink = _checked(drawing)
    return _scaled(ink, shape).ravel() if ink.max() > FAINTEST else None


def placement(drawing: NDArray[np.floating], shape: tuple[int, int]) -> Placement | None:
    """Where `normalise` puts `drawing`; None without ink."""
    ink = _checked(drawing)
    rows, columns = np.flatnonzero(ink.max(axis=1) > FAINTEST), np.flatnonzero(ink.max(axis=0) > FAINTEST)
    if not len(rows):
        return None
    window = (int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
    size = _fit(window[1] - window[0], window[3] - window[2], shape)
    draft = Placement(*window, size, (0, 0), shape)
    return replace(draft, corner=_corner(_scaled(_cropped(ink, draft), size), shape))


def follow(mask: Mask, where: Placement) -> Mask:
    """A mask painted on the drawing (height, width), moved as the drawing's ink is: (pixels,)."""
    rows = _source(where.top, where.bottom, where.corner[0], where.size[0], where.shape[0])
    columns = _source(where.left, where.right, where.corner[1], where.size[1], where.shape[1])
    inside = np.outer((rows >= 0) & (rows < mask.shape[0]), (columns >= 0) & (columns < mask.shape[1]))
    found: Mask = mask[np.ix_(rows.clip(0, mask.shape[0] - 1), columns.clip(0, mask.shape[1] - 1))] & inside
    return found.ravel()


def enlarged(image: NDArray[np.floating], shape: tuple[int, int], size: int) -> NDArray[np.float32]:
    """`image` (pixels,) on a square of `size`, each pixel as large as fits: what `as_drawn` brings back."""
    square = Image.fromarray(np.asarray(image, dtype=np.float32).reshape(shape))
    return np.asarray(square.resize((size, size), Image.Resampling.NEAREST))


def _source(first: int, last: int, corner: int, size: int, side: int) -> NDArray[np.int64]:
    """The row of the drawing that the middle of each row of the frame (side,) shows; or the column."""
    return np.floor(first + (np.arange(side) + 0.5 - corner) * (last - first) / size).astype(np.int64)


def _checked(drawing: NDArray[np.floating]) -> NDArray[np.float32]:
    ink = np.asarray(drawing, dtype=np.float32)
    if ink.ndim != 2:
        raise ValueError(f"a drawing is a (height, width) array, got shape {ink.shape}")
    return ink


def _cropped(ink: NDArray[np.float32], where: Placement) -> NDArray[np.float32]:
    return ink[where.top : where.bottom, where.left : where.right]


def _fit(height: int, width: int, shape: tuple[int, int]) -> tuple[int, int]:
    """The largest size that fits the box, proportions kept."""
    box_height, box_width = (max(1, round(BOX * side)) for side in shape)
    scale = min(box_height / height, box_width / width)
    return max(1, round(scale * height)), max(1, round(scale * width))


def _scaled(ink: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    smooth = Image.Resampling.BOX if size[0] < ink.shape[0] or size[1] < ink.shape[1] else Image.Resampling.BILINEAR
    scaled: NDArray[np.float32] = np.asarray(Image.fromarray(ink).resize(size[::-1], smooth)).clip(0, 1)
    return scaled


def _corner(ink: NDArray[np.float32], shape: tuple[int, int]) -> tuple[int, int]:
    """Upper left corner for which the centre of mass is nearest to pixel size / 2, as far as the frame allows.

    Counted from 0 that is 14 in MNIST, half a pixel off the geometric middle: so lie all its digits.
    """
    corner = []
    for axis, (size, room) in enumerate(zip(ink.shape, shape, strict=True)):
        mass = ink.sum(axis=1 - axis)
        centre = float(mass @ np.arange(size)) / float(mass.sum())
        corner.append(min(max(round(room / 2 - centre), 0), room - size))
    return corner[0], corner[1]
