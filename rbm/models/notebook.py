"""How a model shows itself in a notebook: its filters as one PNG inside a piece of HTML.

A filter is what one hidden unit looks for: its weights, laid out as an image. Pillow is loaded on first use.
"""

from __future__ import annotations

import base64
import io
import math

import numpy as np
from numpy.typing import NDArray

from rbm.models.arrays import Array

MOST = 100  # filters in a picture
MAX_PIXELS = 2**20  # of all of them: very large images are shown fewer
BLUE, WHITE, RED = (33, 102, 172), (247, 247, 247), (178, 24, 43)  # the ends of ColorBrewer's RdBu
GREY = 255  # the palette's last entry: the lines between the filters
ZERO = 127  # the palette's middle

Bytes = NDArray[np.uint8]


def filters_html(title: str, weights: Array) -> str:
    """`title` above the first filters of `weights` (n_pixels, n_hidden): blue negative, white zero, red positive.

    Images are taken to be as near to a square as their pixels divide.
    """
    pixels, units = weights.shape
    shown = weights[:, : min(units, MOST, max(1, MAX_PIXELS // pixels))]
    limit = float(np.quantile(np.abs(shown), 0.999))
    index = np.rint(ZERO + ZERO * np.clip(shown.T / (limit or 1.0), -1, 1)).astype(np.uint8)
    grid = mosaic(index.reshape(-1, *near_square(pixels)))
    count = f"{units}" if shown.shape[1] == units else f"the first {shown.shape[1]} of {units}"
    words = f"weights of {count} hidden unit{'s' * (units > 1)}: blue negative, white zero, red positive"
    words += f", full colour at ±{limit:.2g}"
    image = base64.b64encode(_png(grid)).decode()
    style = "image-rendering: pixelated; max-width: 100%"
    return (
        f"<figure><div><code>{title}</code></div>"
        f'<img src="data:image/png;base64,{image}" width="{_width(grid)}" style="{style}" alt="{title}, {words}">'
        f"<figcaption>{words}</figcaption></figure>"
    )


def near_square(count: int) -> tuple[int, int]:
    """Height <= width with height * width == count, as near to a square as it gets."""
    height = next(h for h in range(math.isqrt(count), 0, -1) if count % h == 0)
    return height, count // height


def mosaic(tiles: Bytes) -> Bytes:
    """Palette indices (n, height, width) in a grid about as high as wide, with lines between any two."""
    n, height, width = tiles.shape
    columns = min(n, max(1, math.ceil(math.sqrt(n * height / width))))
    rows = -(-n // columns)
    padded = np.full((rows * columns, height + 1, width + 1), GREY, dtype=np.uint8)
    padded[:n, :-1, :-1] = tiles
    grid = padded.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    return grid.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]


def _png(grid: Bytes) -> bytes:
    from PIL import Image

    image = Image.fromarray(grid).convert("P")
    image.putpalette(_palette().tobytes())
    image.save(buffer := io.BytesIO(), "PNG")
    return buffer.getvalue()


def _palette() -> Bytes:
    """Colours (256, 3): 0 to 254 run from blue by white to red, the last is grey."""
    places = [0, ZERO, 2 * ZERO]
    ramp = [np.interp(np.arange(GREY), places, ends) for ends in zip(BLUE, WHITE, RED, strict=True)]
    palette: Bytes = np.rint(np.vstack([np.stack(ramp, axis=1), [[128, 128, 128]]])).astype(np.uint8)
    return palette


def _width(grid: Bytes) -> int:
    """On the screen: as many whole times as fit into 580 pixels, which is 2 for 100 filters of 28 × 28."""
    return int(grid.shape[1]) * max(1, 580 // int(grid.shape[1]))
