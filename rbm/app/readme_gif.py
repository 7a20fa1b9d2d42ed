"""What Home shows, as one animated picture:  python -m rbm.app.readme_gif rbm/pretrained/dreams.gif"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from rbm import files
from rbm.app import current_model, home_page
from rbm.app.components import sprite

SPEED, EVERY, SCALE, MARGIN = 6, 4, 3, 12  # frames a second, of so many one; screen pixels
GREYS = 16


def film() -> bytes:
    """The default model's dream, beside its filters, as a GIF that repeats, to and fro."""
    named = current_model.default_model()
    dreamt = sprite.frames(home_page.dream(named).means, named.shape)[::EVERY]
    with Image.open(io.BytesIO(home_page.filters(named.fingerprint, named).png)) as picture:
        side = SCALE * dreamt.shape[1]
        filters = picture.convert("RGB").resize((side, side), Image.Resampling.BOX)
    pages = [_page(frame, filters) for frame in (*dreamt, *dreamt[-2:0:-1])]
    palette = pages[0].quantize(255)
    first, *others = [page.quantize(palette=palette, dither=Image.Dither.NONE) for page in pages]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=1000 // SPEED, loop=0)
    return buffer.getvalue()


def _page(frame: sprite.Bytes, filters: Image.Image) -> Image.Image:
    coarse = np.rint(np.rint(frame / 255 * (GREYS - 1)) * (255 / (GREYS - 1))).astype(np.uint8)
    page = Image.new("RGB", (2 * filters.width + MARGIN, filters.height), "white")
    page.paste(Image.fromarray(coarse.repeat(SCALE, axis=0).repeat(SCALE, axis=1)).convert("RGB"), (0, 0))
    page.paste(filters, (filters.width + MARGIN, 0))
    return page


if __name__ == "__main__":
    files.write(Path(sys.argv[1]), film())
