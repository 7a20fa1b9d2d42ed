"""From numbers and pictures to grey images of one size: levels, colours, scaling, inversion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from rbm.datasets.upload.options import MAX_IMAGE, Grey, Options, check_size, check_total
from rbm.errors import BadFile

Numbers = NDArray[Any]
Pixels = NDArray[np.uint8]

_ROWS = 2**20  # values converted at a time
_EQUAL = (1 / 3, 1 / 3, 1 / 3, 0)


def levels(blocks: list[Numbers]) -> Pixels:
    """Blocks (k, ...) of real numbers as one uint8 array (n, ...); the list is emptied on the way.

    Numbers from 0 to 1 are multiplied by 255, others from 0 to 255 are rounded. Raises BadFile for others.
    """
    with np.errstate(invalid="ignore"):
        low, high = min(float(b.min()) for b in blocks), max(float(b.max()) for b in blocks)
    if not (low >= 0 and high <= 255):  # also when there is NaN
        raise BadFile(f"pixels must run from 0 to 1 or from 0 to 255; these run from {low:g} to {high:g}")
    scale = 255 if high <= 1 else 1
    if scale == 1 and [b.dtype for b in blocks] == [np.uint8]:
        return blocks.pop()
    out = np.empty((sum(map(len, blocks)), *blocks[0].shape[1:]), np.uint8)
    place = 0
    while blocks:
        for rows in _some_rows(blocks.pop(0)):
            out[place : place + len(rows)] = np.rint(rows * np.float64(scale))
            place += len(rows)
    return out


def _some_rows(block: Numbers) -> Iterator[Numbers]:
    step = max(1, _ROWS // max(1, block[0].size))
    for start in range(0, len(block), step):
        yield block[start : start + step]


def fit(images: Pixels, options: Options) -> tuple[Pixels, tuple[int, int]]:
    """Images (n, height, width) or (n, height, width, 3 or 4) as `options` want them: (n, pixels), and their size.

    Raises BadValue or BadFile for sizes that can't be.
    """
    given = images.shape[1], images.shape[2]
    size = options.size or given
    check_size(size)
    check_total(len(images), size)
    if images.ndim == 3 and size == given:
        flat = images.reshape(len(images), -1)
        return (255 - flat if options.invert else flat), size
    out = np.empty((len(images), size[0] * size[1]), np.uint8)
    for row, image in zip(out, images, strict=True):
        row[:] = flatten(Image.fromarray(image), size, options)
    return out, size


def flatten(picture: Image.Image, size: tuple[int, int], options: Options) -> Pixels:
    """A picture as grey levels (pixels,) of `size` (height, width), inverted if asked."""
    grey = to_grey(picture, options.grey)
    if (grey.height, grey.width) != size:
        grey = grey.resize((size[1], size[0]), Image.Resampling.BILINEAR)  # Pillow's is anti-aliased
    levels = np.asarray(grey, dtype=np.uint8).ravel()
    return 255 - levels if options.invert else levels


def to_grey(picture: Image.Image, how: Grey) -> Image.Image:
    """A picture of any mode as "L"; what is transparent shows white paper."""
    if picture.mode.startswith("I"):  # 16 bits, which convert would clip
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.has_transparency_data:
        whole = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    colour = picture.convert("RGB")
    if how == "mean":
        return colour.convert("L", matrix=_EQUAL)
    if how == "brightest":
        red, green, blue = colour.split()
        return ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return colour.convert("L")


def table_shape(pixels: int, options: Options) -> tuple[int, int]:
    """Height and width of images that come as rows of so many pixels: square, or the size that is wanted.

    Raises BadFile where neither fits.
    """
    side = round(pixels**0.5)
    if options.size is not None and options.size[0] * options.size[1] == pixels:
        return options.size
    if side * side == pixels:
        return side, side
    raise BadFile(
        f"rows of {pixels} pixels are no square images; choose a height and width that multiply to {pixels}"
        + (f" (at most {MAX_IMAGE})" if pixels > MAX_IMAGE else "")
    )
