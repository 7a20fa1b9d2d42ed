"""From a drawing to an image as the training data has them.

MNIST's digits were scaled, keeping their proportions and anti-aliased, to fit a 20 × 20 box, and then placed
in 28 × 28 so that the centre of mass of the ink is in the middle (LeCun et al. 1998). A drawing gets the same
treatment; frames of other sizes scale the box.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BOX = 20 / 28
FAINTEST = 1 / 512  # half of the faintest grey of a byte: below this a pixel holds no ink


def normalise(drawing: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """`drawing` (height, width), ink in [0, 1], in the frame `shape`: (pixels,) float32, None without ink."""
    ink = np.asarray(drawing, dtype=np.float32)
    if ink.ndim != 2:
        raise ValueError(f"a drawing is a (height, width) array, got shape {ink.shape}")
    rows, columns = np.flatnonzero(ink.max(axis=1) > FAINTEST), np.flatnonzero(ink.max(axis=0) > FAINTEST)
    if not len(rows):
        return None
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _centred(_fit(cropped, shape), shape).ravel()


def _fit(ink: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Scaled, proportions kept, to the largest size that fits the box."""
    box_height, box_width = (max(1, round(BOX * side)) for side in shape)
    scale = min(box_height / ink.shape[0], box_width / ink.shape[1])
    height, width = (max(1, round(scale * side)) for side in ink.shape)
    smooth = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    fitted: NDArray[np.float32] = np.asarray(Image.fromarray(ink).resize((width, height), smooth)).clip(0, 1)
    return fitted


def _centred(ink: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Placed so that the centre of mass is nearest to pixel size / 2, as far as the frame allows.

    Counted from 0 that is 14 in MNIST, half a pixel off the geometric middle: so lie all its digits.
    """
    frame = np.zeros(shape, dtype=np.float32)
    corner = []
    for axis, (size, room) in enumerate(zip(ink.shape, shape, strict=True)):
        mass = ink.sum(axis=1 - axis)
        centre = float(mass @ np.arange(size)) / float(mass.sum())
        corner.append(min(max(round(room / 2 - centre), 0), room - size))
    top, left = corner
    frame[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return frame
