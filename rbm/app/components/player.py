"""A player for films of Gibbs chains. It runs in the browser, so that playing never asks the server."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app.components.made import component
from rbm.app.components.sprite import Sprite

_component = component("player")


class Side(NamedTuple):
    """A film of `frames` frames, the last of which stays; a title and a text beside it, if there are any.

    `scale`: how many pixels of the screen a pixel of it takes; 0: as many as there is room for. `signed`: white is its
    zero, which is black in the dark.
    """

    film: Sprite
    frames: int
    alt: str
    title: str = ""
    text: str = ""
    scale: int = 0
    signed: bool = False


def _sent(film: Sprite) -> dict[str, Any]:
    picture = "data:image/png;base64," + base64.b64encode(film.png).decode()
    return {"sprite": picture, "columns": film.per_row, "width": film.width, "height": film.height}


def player(
    film: Sprite,
    captions: list[str],
    labels: list[str],
    *,
    alt: str,
    key: str,
    speed: int = 20,
    endless: bool = False,
    loop: int = 0,
    sides: Sequence[Side] = (),
    attend: bool = False,
    marks: NDArray[np.uint8] | None = None,
) -> None:
    """Play `film` at `speed` frames a second to begin with, each frame with its caption.

    `labels`: a string for each frame, one letter for each of its pictures, or nothing at all. `endless`: to and fro
    without end, with no other control than Play and Pause; `loop` is the frame to which it comes back, and where it
    rests for those who ask that nothing moves. `sides`: more films beside it, in step. `attend`: bring it into view,
    for what changed it is somewhere else. `marks` (frames, n): what each of its pictures is marked by, for a
    thermometer that follows the film called `key`.
    """
    _component(
        key=key,
        data={
            **_sent(film),
            "grid": film.grid,
            "captions": captions,
            "labels": labels,
            "speed": speed,
            "alt": alt,
            "endless": endless,
            "loop": loop,
            "attend": attend,
            "dark": st.context.theme.type == "dark",
            "name": key,
            "marks": None if marks is None else base64.b64encode(np.ascontiguousarray(marks).tobytes()).decode(),
            "sides": [{**side._asdict(), **_sent(side.film), "film": None} for side in sides],
        },
    )
