"""What lies on the board of somebody who comes for the first time: a 3, drawn here by the strokes of a pen."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from rbm.app.components.canvas import SIZE, Drawing

_FINE = 4  # times finer than the board while it is drawn, for grey edges
_WIDTH = 11  # of the pen, in pixels of the board
_ARCS = [((0.46, 0.32), (0.17, 0.15), (-155, 85)), ((0.47, 0.645), (0.2, 0.175), (-88, 150))]  # centre, radii, degrees


def drawing() -> Drawing:
    """The 3."""
    board = Image.new("L", (_FINE * SIZE, _FINE * SIZE))
    pen = ImageDraw.Draw(board)
    radius = _FINE * _WIDTH / 2
    for centre, radii, degrees in _ARCS:
        angle = np.radians(np.linspace(*degrees, 120))
        round_it = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        for x, y in _FINE * SIZE * (np.array(centre) + np.array(radii) * round_it):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    ink = np.asarray(board.resize((SIZE, SIZE), Image.Resampling.BOX), dtype=np.float32) / np.float32(255)
    return Drawing(ink, np.zeros((SIZE, SIZE), bool))
