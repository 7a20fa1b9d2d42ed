"""A drawing board for the browser: gray ink and a painted mask, sent to the server after each stroke.

Whatever arrives is hostile until checked: a drawing is exactly so many letters, or it is refused.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app.components.made import component
from rbm.errors import BadValue

SIZE = 112  # a multiple of 28, 16, 14 and 8: pixels of such images are whole squares
_BYTES = SIZE * SIZE + SIZE * SIZE // 8
_LABEL = "Drawing board. Arrow keys move the drawing, Control Z undoes, Delete empties it."

_component = component("canvas")


@dataclass(frozen=True, eq=False)
class Drawing:
    """`ink` (SIZE, SIZE) float32 in [0, 1] and the painted `mask` (SIZE, SIZE)."""

    ink: NDArray[np.float32]
    mask: NDArray[np.bool_]

    @property
    def letters(self) -> str:
        """A byte a pixel of ink, then a bit a pixel of mask, in base64."""
        raw = np.rint(self.ink * 255).astype(np.uint8).tobytes() + np.packbits(self.mask).tobytes()
        return base64.b64encode(raw).decode()


def empty() -> Drawing:
    return Drawing(np.zeros((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), bool))


def read(letters: object) -> Drawing:
    """The drawing in `letters`. Raises BadValue for anything else."""
    if not isinstance(letters, str) or len(letters) != -(-_BYTES // 3) * 4:
        raise BadValue("the drawing that arrived has another size than the board; clear it and draw anew")
    try:
        raw = np.frombuffer(base64.b64decode(letters, validate=True), dtype=np.uint8)
    except ValueError:  # binascii.Error among them
        raise BadValue("the drawing that arrived is damaged; clear it and draw anew") from None
    if len(raw) != _BYTES:
        raise BadValue("the drawing that arrived has another size than the board; clear it and draw anew")
    ink, mask = np.split(raw, [SIZE * SIZE])
    return Drawing(
        np.divide(ink, 255, dtype=np.float32).reshape(SIZE, SIZE), np.unpackbits(mask).astype(bool).reshape(SIZE, SIZE)
    )


def canvas(drawing: Drawing, version: int, *, key: str, on_drawing: Callable[[], None]) -> bool:
    """The board. It shows `drawing` when it appears and whenever `version` changes; in between the browser owns it.

    `on_drawing` is called before a run that brings a new drawing, which `arrived(key)` then reads. True once
    when there has been no stroke for a while.
    """
    result = _component(
        key=key,
        data={"drawing": drawing.letters, "version": version, "size": SIZE, "label": _LABEL},
        on_drawing_change=on_drawing,
        on_settled_change=lambda: None,
    )
    return bool(result.settled)


def arrived(key: str) -> Drawing:
    """What the board called `key` sent last. Raises BadValue."""
    sent = st.session_state[key].get("drawing")
    return read(sent.get("letters") if isinstance(sent, dict) else sent)
