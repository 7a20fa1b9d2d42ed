"""The board that a visitor draws on first: streamlit-drawable-canvas, with one row of tools of our own.

The package (pinned: its interface changed with every release) knows pen, line, undo and redo, and moves strokes; its
own bar shows only under a mouse, so drawable.js hides it and presses its buttons. What the browser sends is hostile
until checked, and is checked before anything decodes it.
"""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from rbm.app.components.canvas import SIZE
from rbm.app.components.made import component
from rbm.errors import BadValue

SIDE = 280  # pixels of the board: 10 × 28, and still within a phone of 320
MOST = 400_000  # letters of a picture that is looked at
TOOLS = ("pen", "eraser", "line")
ACTS = ("settled", "clear", "fix", "restore")
_HEAD = "data:image/png;base64,"
_WRONG = "the drawing that arrived is {}; clear the board and draw anew"
Ink = NDArray[np.float32]

_tools = component("drawable")


# what Pillow raises of bytes that are no whole picture
DAMAGED = (OSError, SyntaxError, ValueError, zlib.error, struct.error, Image.DecompressionBombError)


def read(sent: object) -> Ink:
    """The ink (SIZE, SIZE) in [0, 1] of what the canvas sent. Raises BadValue for anything else."""
    letters = sent.get("data") if isinstance(sent, dict) else None
    if not isinstance(letters, str) or not letters.startswith(_HEAD) or len(letters) > MOST:
        raise BadValue(_WRONG.format("no picture of this board"))
    try:
        raw = base64.b64decode(letters.removeprefix(_HEAD), validate=True)
    except ValueError:  # binascii.Error among them
        raise BadValue(_WRONG.format("damaged")) from None
    if raw[:8] != b"\x89PNG\r\n\x1a\n" or raw[12:16] != b"IHDR" or raw[16:24] != struct.pack(">II", SIDE, SIDE):
        raise BadValue(_WRONG.format("of another size than the board"))
    try:
        with Image.open(io.BytesIO(raw), formats=["PNG"]) as picture:
            grey = picture.convert("L")
    except DAMAGED:
        raise BadValue(_WRONG.format("damaged")) from None
    return _shrunk(grey)


def _shrunk(grey: Image.Image) -> Ink:
    small = Image.fromarray(np.asarray(grey, dtype=np.float32) / 255).resize((SIZE, SIZE), Image.Resampling.BOX)
    ink: Ink = np.rint(np.asarray(small) * 255).clip(0, 255).astype(np.float32) / np.float32(255)  # as both boards keep
    return ink


def _enlarged(ink: Ink) -> Image.Image:
    return Image.fromarray(np.rint(ink * 255).astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.NEAREST)


def as_shown(ink: Ink) -> Ink:
    """What comes back of `ink` (SIZE, SIZE) from a board that shows it untouched."""
    return _shrunk(_enlarged(ink))


def _objects(ink: Ink, version: int) -> dict[str, Any]:
    """`ink` as one picture of a Fabric.js drawing; with another `version` an equal picture counts as new."""
    buffer = io.BytesIO()
    _enlarged(ink).save(buffer, "PNG")
    picture = {
        "type": "Image", "left": 0, "top": 0, "originX": "left", "originY": "top", "width": SIDE, "height": SIDE,
        "src": _HEAD + base64.b64encode(buffer.getvalue()).decode(),
    }  # fmt: skip
    return {"version": str(version), "objects": [picture] if ink.any() else []}


def drawable(
    ink: Ink,
    version: int,
    *,
    width: int,
    empty: bool,
    restorable: bool,
    key: str,
    on_drawing: Callable[[], None],
    on_act: Callable[[], None],
) -> None:
    """The board and its tools. It shows `ink` when it appears and whenever `version` changes; in between the browser
    owns it.

    `width` of the pen in pixels of the board. `empty`: nothing to clear; `restorable`: Undo can bring back what was
    there before `ink`. `on_drawing` is called before a run that brings a new drawing, which `arrived(key)` reads;
    `on_act` before one in which a tool was pressed or the hand has rested, which `act(key)` tells.
    """
    from streamlit_drawable_canvas import st_canvas  # can't be imported before a server runs

    tool = _tool(key)
    st_canvas(
        stroke_width=2 * width if tool == "eraser" else width,
        stroke_color="#000000" if tool == "eraser" else "#ffffff",
        background_color="#000000",
        height=SIDE,
        width=SIDE,
        drawing_mode="line" if tool == "line" else "freedraw",
        initial_drawing=_objects(ink, version),
        return_image_data=True,
        key=key,
        on_change=on_drawing,
    )
    _tools(
        key=f"{key}_tools",
        data={"canvas": key, "tool": tool, "empty": empty, "restorable": restorable},
        on_tool_change=lambda: None,
        on_act_change=on_act,
    )


def arrived(key: str) -> Ink:
    """What the board called `key` sent last. Raises BadValue."""
    return read(st.session_state[key].get("drawing"))


def act(key: str) -> str:
    """What has just been pressed: one of ACTS; "settled" also stands for what is none of them."""
    pressed = (st.session_state.get(f"{key}_tools") or {}).get("act")  # nothing is left of a board just closed
    return str(pressed) if pressed in ACTS else "settled"


def _tool(key: str) -> str:
    state = st.session_state.get(f"{key}_tools") or {}
    tool = state.get("tool")
    return str(tool) if tool in TOOLS else "pen"
