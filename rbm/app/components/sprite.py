"""Films as files: one sprite for the browser's player, an animated GIF. Bytes in, bytes out; no streamlit."""

from __future__ import annotations

import io
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]

FINE = 3000  # pictures of 256 greys in a sprite; more get 16, at a third of the bytes
GIF_FRAMES, GIF_WIDTH = 150, 420


class Sprite(NamedTuple):
    """A PNG of all frames, `per_row` of them side by side, each `width` × `height` pixels: `grid` (rows, columns)
    of pictures."""

    png: bytes
    per_row: int
    width: int
    height: int
    grid: tuple[int, int]


def frames(pictures: Bytes, shape: tuple[int, int]) -> Bytes:
    """One mosaic a time (kept, rows * height, columns * width) of pictures (kept, n, pixels) of `shape`."""
    kept, n, _ = pictures.shape
    rows, columns = grid(n)
    height, width = shape
    tiles = np.zeros((kept, rows * columns, height, width), dtype=np.uint8)
    tiles[:, :n] = pictures.reshape(kept, n, height, width)
    lines = tiles.reshape(kept, rows, columns, height, width).swapaxes(2, 3)
    return lines.reshape(kept, rows * height, columns * width)


def grid(n: int) -> tuple[int, int]:
    """Rows and columns for `n` pictures, as near to a square as it gets."""
    columns = math.ceil(math.sqrt(n))
    return -(-n // columns), columns


def of(pictures: Bytes, shape: tuple[int, int], palette: Bytes | None = None) -> Sprite:
    """The sprite of pictures (kept, n, pixels): of greys, or of the colours in a `palette` of up to 16 (n, 3)."""
    mosaics = frames(pictures, shape)
    kept, height, width = mosaics.shape
    per_row = max(1, round(math.sqrt(kept * height / width)))
    rows = -(-kept // per_row)
    sheet = np.zeros((rows * per_row, height, width), dtype=np.uint8)
    sheet[:kept] = mosaics
    flat = sheet.reshape(rows, per_row, height, width).swapaxes(1, 2).reshape(rows * height, per_row * width)
    bits = 8 if kept * pictures.shape[1] <= FINE else 4
    png = _png(flat, bits) if palette is None else _indexed(flat, palette)
    return Sprite(png, per_row, width, height, grid(pictures.shape[1]))


def gif(pictures: Bytes, shape: tuple[int, int], speed: int) -> bytes:
    """The film as an animated GIF that repeats, `speed` frames a second; long films are thinned to 150 frames."""
    mosaics = frames(pictures, shape)
    chosen = np.unique(np.linspace(0, len(mosaics) - 1, min(len(mosaics), GIF_FRAMES)).round().astype(int))
    scale = max(1, GIF_WIDTH // mosaics.shape[2])
    images = [Image.fromarray(mosaics[i].repeat(scale, axis=0).repeat(scale, axis=1)) for i in chosen]
    duration = round(1000 * len(mosaics) / len(chosen) / speed)
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=max(20, duration), loop=0)
    return buffer.getvalue()


def _png(picture: Bytes, bits: int) -> bytes:
    """`picture` (height, width) with 2^bits greys, lightly compressed."""
    if bits == 4:
        levels = ((picture.astype(np.uint16) * 15 + 127) // 255).astype(np.uint8)
        return _indexed(levels, (np.arange(16, dtype=np.uint8) * 17)[:, None].repeat(3, axis=1))
    Image.fromarray(picture).save(buffer := io.BytesIO(), "PNG", compress_level=1)
    return buffer.getvalue()


def _indexed(levels: Bytes, palette: Bytes) -> bytes:
    """A picture (height, width) of numbers of colours in `palette` (up to 16, 3)."""
    image = Image.fromarray(levels)
    image.putpalette(palette.ravel().tolist())
    image.save(buffer := io.BytesIO(), "PNG", bits=4, compress_level=1)
    return buffer.getvalue()
