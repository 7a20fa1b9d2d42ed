"""A player for the frames of a Gibbs chain. It runs in the browser, so that playing never asks the server."""

from __future__ import annotations

import base64
from pathlib import Path

import streamlit as st

from rbm.app.figures import Bytes, mosaic

_HERE = Path(__file__).parent
_COLUMNS = 20

_component = st.components.v2.component(
    "rbm_player",
    html=(_HERE / "player.html").read_text(),
    css=(_HERE / "player.css").read_text(),
    js=(_HERE / "player.js").read_text(),
)


def player(frames: Bytes, captions: list[str], *, alt: str, key: str, speed: int = 8) -> None:
    """Play `frames` (n, height, width, 3), each with its caption, at `speed` frames a second to begin with."""
    sprite = mosaic(frames, _COLUMNS, alt, scale=1, gap=0).png
    _, height, width, _ = frames.shape
    _component(
        key=key,
        data={
            "sprite": "data:image/png;base64," + base64.b64encode(sprite).decode(),
            "columns": min(_COLUMNS, len(frames)),
            "width": width,
            "height": height,
            "captions": captions,
            "speed": speed,
            "alt": alt,
        },
    )
