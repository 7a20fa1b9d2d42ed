"""Arrays in, PNG out: mosaics of many small images are one Pillow image.

Every function returns the picture and the alternative text that says what it shows. No Streamlit.
"""

from __future__ import annotations

import io
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import plotly.colors
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Shape = tuple[int, int]
Floats = NDArray[Any]
Bytes = NDArray[np.uint8]
DIVERGING, SEQUENTIAL = "RdBu_r", "Viridis"
WIDE = 1500  # screen pixels of a mosaic: no page is wider
GREY_TEXT = (128, 134, 150)  # legible on both themes


class Tiling(NamedTuple):
    """Where the tiles of a mosaic are: so many, in rows of `columns`, `gap` apart; in pixels of the tiles."""

    tiles: int
    columns: int
    height: int
    width: int
    gap: int


class Picture(NamedTuple):
    """`signed`: blue below, white at, red above zero; then the white is a glare in the dark."""

    png: bytes
    alt: str
    tiling: Tiling | None = None
    signed: bool = False


# ---- images


def grey(images: Floats | Bytes, shape: Shape) -> Bytes:
    """White ink on black (n, height, width, 3) from uint8 or floats in [0, 1]."""
    array = images if images.dtype == np.uint8 else np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    tiles: Bytes = array.reshape(-1, *shape)[..., None].repeat(3, axis=-1)
    return tiles


def diverging(values: Floats, shape: Shape, limit: float | None = None) -> Bytes:
    """Blue below, white at, red above zero; full colour at ±limit, or at each image's own largest size."""
    return _coloured(_around_half(values, shape, limit), DIVERGING, shape)


def _around_half(values: Floats, shape: Shape, limit: float | None) -> Floats:
    """From -limit to limit, or each image's own largest size, to 0 to 1: (n, pixels)."""
    flat = values.reshape(-1, shape[0] * shape[1])
    scale = np.abs(flat).max(axis=1, keepdims=True) if limit is None else np.float64(limit)
    unit: Floats = 0.5 + 0.5 * flat / np.maximum(scale, 1e-12)
    return unit


def sequential(values: Floats, shape: Shape) -> Bytes:
    """Viridis from 0 (dark) to 1 (yellow)."""
    return _coloured(values, SEQUENTIAL, shape)


def _coloured(unit: Floats, name: str, shape: Shape) -> Bytes:
    index = np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)
    tiles: Bytes = _palette(name)[index].reshape(-1, *shape, 3)
    return tiles


def shade(share: float) -> tuple[str, str]:
    """CSS colours of SEQUENTIAL at `share` from 0 to 1, and of legible words on it."""
    red, green, blue = (int(part) for part in _palette(SEQUENTIAL)[round(255 * share)])
    light = 0.2126 * (red / 255) ** 2.2 + 0.7152 * (green / 255) ** 2.2 + 0.0722 * (blue / 255) ** 2.2
    return f"rgb({red} {green} {blue})", "#000" if light > 0.18 else "#fff"


@cache
def _with_border(name: str) -> Bytes:
    """255 colours of a scale, and the grey between tiles."""
    return np.concatenate([_palette(name, 255), np.full((1, 3), 128, dtype=np.uint8)])


@cache
def _palette(name: str, count: int = 256) -> Bytes:
    colours = plotly.colors.sample_colorscale(name, list(np.linspace(0, 1, count)), colortype="tuple")
    palette: Bytes = np.rint(np.array(colours) * 255).astype(np.uint8)
    return palette


def mosaic(
    tiles: Bytes,
    columns: int,
    alt: str,
    *,
    scale: int = 2,
    gap: int = 1,
    border: int = 128,
    palette: Bytes | None = None,
) -> Picture:
    """Tiles (n, height, width, 3) in rows of `columns`, each pixel `scale` screen pixels wide, or less to fit WIDE.

    With a `palette` (256, 3) tiles are (n, height, width) and `border` its indices: a fifth of the time and bytes.
    """
    n, height, width, *colours = tiles.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    canvas = np.full((rows * columns, height + gap, width + gap, *colours), border, dtype=np.uint8)
    canvas[:n, gap:, gap:] = tiles
    grid = canvas.reshape(rows, columns, height + gap, width + gap, *colours).swapaxes(1, 2)
    flat = grid.reshape(rows * (height + gap), columns * (width + gap), *colours)
    flat = np.pad(flat, ((0, gap), (0, gap), *((0, 0) for _ in colours)), constant_values=border)
    scale = min(scale, max(1, WIDE // flat.shape[1]), max(1, 4 * WIDE // flat.shape[0]))  # before memory is spent
    image = Image.fromarray(flat.repeat(scale, axis=0).repeat(scale, axis=1))
    if palette is not None:
        image.putpalette(palette.tobytes())
    if image.width > WIDE or image.height > 4 * WIDE:
        image = image.convert("RGB")  # to be made smaller
        image.thumbnail((WIDE, 4 * WIDE))
    return _picture(image, alt)._replace(tiling=Tiling(n, columns, height, width, gap))


def _picture(image: Image.Image, alt: str) -> Picture:
    """Lightly compressed: four times as fast for a tenth more bytes."""
    image.save(buffer := io.BytesIO(), "PNG", compress_level=1)
    return Picture(buffer.getvalue(), alt)


def single(tile: Bytes, alt: str, size: int) -> Picture:
    """One tile (1, height, width, 3), about `size` screen pixels wide."""
    return mosaic(tile, 1, alt, scale=max(1, size // tile.shape[2]), gap=0)


def bars(values: Floats, alt: str, *, width: int = 112, height: int = 36) -> Picture:
    """A bar for each of `values` (n,) in [0, 1], on a line; a digit beneath would be too small to read."""
    canvas = Image.new("RGBA", (2 * width, 2 * height))
    pen = ImageDraw.Draw(canvas)
    edge, floor = 8, canvas.height - 3  # corners are rounded on the page
    step = (canvas.width - 2 * edge) / len(values)
    for i, value in enumerate(np.clip(values, 0, 1)):
        top = floor - max(1, round(float(value) * (floor - 2)))
        pen.rectangle([round(edge + i * step) + 2, top, round(edge + (i + 1) * step) - 3, floor], fill="#4c6ef5")
    pen.line([(edge, canvas.height - 2), (canvas.width - edge, canvas.height - 2)], fill=GREY_TEXT, width=2)
    return _picture(canvas, alt)


def signed(values: Floats, shape: Shape, alt: str, size: int, limit: float | None = None) -> Picture:
    """One image of values (pixels,) around zero, about `size` screen pixels wide, as `diverging` colours it."""
    return single(diverging(values[None], shape, limit), alt, size)._replace(signed=True)


def interleaved(*rows: Bytes, columns: int) -> Bytes:
    """Tiles such that, in a mosaic of `columns`, each line of the first is followed by the others' lines."""
    n, height, width, _ = rows[0].shape
    padded = -(-n // columns) * columns
    stack = np.zeros((len(rows), padded, height, width, 3), dtype=np.uint8)
    for target, tiles in zip(stack, rows, strict=True):
        target[:n] = tiles
    lines = stack.reshape(len(rows), -1, columns, height, width, 3).swapaxes(0, 1)
    return lines.reshape(-1, height, width, 3)


def side_by_side(*parts: Bytes) -> Bytes:
    """Tile i of each part, joined left to right: (n, height, width * parts, 3)."""
    return np.concatenate(parts, axis=2)


def filters(weights: Floats, shape: Shape, columns: int, *, common: bool, scale: int = 2) -> Picture:
    """Each hidden unit's weights as an image; `weights` (n_visible, units)."""
    limit = float(np.quantile(np.abs(weights), 0.995)) if common else None
    alt = f"{weights.shape[1]} weight filters: blue is negative, white zero, red positive, " + (
        f"full colour at ±{limit:.2f}" if limit is not None else "each on its own scale"
    )
    index = np.rint(254 * np.clip(_around_half(weights.T, shape, limit), 0, 1)).astype(np.uint8).reshape(-1, *shape)
    drawn = mosaic(index, columns, alt, scale=scale, border=255, palette=_with_border(DIVERGING))
    return drawn._replace(signed=True)


def network(weights: Floats, hidden: Floats, image: Bytes | None, shape: Shape) -> Picture:
    """The model as a picture: an image below, the hidden units it excites most above, the weights between.

    `weights` (n_visible, units), `hidden` (units,) the activation of each, `image` (n_visible,) or None.
    """
    canvas = Image.new("RGBA", (760, 560))
    pen = ImageDraw.Draw(canvas)
    shown = np.argsort(-hidden, kind="stable")[:7]
    size, below = 100, 240
    left, top = (canvas.width - below) // 2, canvas.height - below
    inked = np.zeros(len(weights)) if image is None else image
    pixels = np.argsort(-inked.astype(float), kind="stable")[:16]
    strongest = max(float(np.abs(weights[np.ix_(pixels, shown)]).max()), 1e-12)
    tops = [(int((i + 0.5) * canvas.width / len(shown)), 44) for i in range(len(shown))]
    for unit, (x, y) in zip(shown, tops, strict=True):
        for pixel in pixels:
            row, column = divmod(int(pixel), shape[1])
            end = (left + (column + 0.5) * below / shape[1], top + (row + 0.5) * below / shape[0])
            strength = float(weights[pixel, unit]) / strongest
            colour = (200, 50, 60) if strength > 0 else (50, 100, 190)
            pen.line([(x, y + size), end], fill=(*colour, int(40 + 190 * abs(strength))), width=2)
    for unit, (x, y) in zip(shown, tops, strict=True):
        tile = Image.fromarray(diverging(weights[:, unit], shape)[0]).resize((size, size), Image.Resampling.NEAREST)
        canvas.paste(tile, (x - size // 2, y))
    digit = grey(inked if image is None else image, shape)[0]
    canvas.paste(Image.fromarray(digit).resize((below, below), Image.Resampling.NEAREST), (left, top))
    font = ImageFont.load_default(26)
    pen.text((8, 4), f"hidden units h: {len(hidden)}, {len(shown)} shown", fill=GREY_TEXT, font=font)
    pen.text((8, top - 90), "weights W", fill=GREY_TEXT, font=font)
    pen.text((8, canvas.height - 76), f"visible units v:\n{len(weights)} pixels", fill=GREY_TEXT, font=font)
    alt = f"An RBM: {len(weights)} pixels below, {len(shown)} of {len(hidden)} hidden units above, weights between"
    return _picture(canvas, alt)


@cache
def favicon() -> Image.Image:
    """Two layers of dots, every one of which is wired to every other layer's."""
    pen = ImageDraw.Draw(icon := Image.new("RGBA", (128, 128)))
    above, below = [(34, 30), (94, 30)], [(20, 98), (64, 98), (108, 98)]
    for start, end in product(above, below):
        pen.line([start, end], fill="#8f9dd8", width=6)
    for (x, y), colour in [*((dot, "#e8590c") for dot in above), *((dot, "#4c6ef5") for dot in below)]:
        pen.ellipse([x - 17, y - 17, x + 17, y + 17], fill=colour)
    return icon
