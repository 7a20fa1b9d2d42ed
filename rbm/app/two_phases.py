"""An update in pictures: <v h> of the data, minus that of the chain, is what the wires of a hidden unit learn.

Learn shows it of one digit, Train of a mini-batch.
"""

from __future__ import annotations

import numpy as np

from rbm.app import pictures
from rbm.app.pictures import Picture, Shape
from rbm.models.arrays import Floats
from rbm.training.phases import Products

SIZE = 140  # screen pixels of a picture
Captioned = tuple[Picture, str]


def tiles(
    products: Products, shape: Shape, captions: tuple[str, str, str], limit: float | None = None
) -> list[Captioned]:
    """Data, chain and change as three pictures. With a `limit` full colour of the change is there, and the others are
    as bright as they are; without one both have the brightness of the brighter, and the change its own scale."""
    data, chain, change = (part[: shape[0] * shape[1]] for part in products)
    bright = 1.0 if limit is not None else max(float(data.max()), float(chain.max()), 1e-12)
    return [
        grey(data / bright, shape, captions[0]),
        grey(chain / bright, shape, captions[1]),
        signed(change, shape, captions[2], limit),
    ]


def grey(values: Floats, shape: Shape, caption: str) -> Captioned:
    return pictures.single(pictures.grey(values[None], shape), caption, SIZE), caption


def signed(values: Floats, shape: Shape, caption: str, limit: float | None = None) -> Captioned:
    return pictures.signed(values, shape, caption, SIZE, limit), caption


def strip(v: Floats, chances: Floats, shape: Shape, alt: str) -> Picture:
    """Pictures `v` (n, pixels) in a row, and below each a lamp as bright as its chance (n,) that the unit is on."""
    n, pixels = len(v), shape[0] * shape[1]
    lamps = np.repeat(chances[:, None], pixels, axis=1)
    rows = pictures.interleaved(pictures.grey(v[:, :pixels], shape), pictures.sequential(lamps, shape), columns=n)
    return pictures.mosaic(rows, n, alt, scale=1 if shape[1] > 16 else 3)
