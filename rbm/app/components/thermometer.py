"""A thermometer of how likely pictures are: marks at heights in [0, 1], and those of a film's chains, which move.

The film says in the browser where its chains are at each frame (see player.py), so that playing never asks the server.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st
from numpy.typing import NDArray

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "rbm_thermometer",
    html=(_HERE / "thermometer.html").read_text(),
    css=(_HERE / "thermometer.css").read_text(),
    js=(_HERE / "thermometer.js").read_text(),
)


class Mark(NamedTuple):
    """A height in [0, 1], and what a pointer over it is told."""

    height: float
    title: str


def thermometer(
    crowded: NDArray,  # type: ignore[type-arg]
    noise: Mark,
    yours: Mark | None,
    *,
    real: str,
    film: str,
    side: int,
    sentence: str,
    alt: str,
    key: str,
) -> None:
    """Draw it, `side` screen pixels high. `crowded` (bins,) in [0, 1]: the silhouette of the pictures called `real`,
    from the bottom; `yours`: of the picture in question, None where there is none; `film`: the key of the player whose
    chains are shown."""
    _component(
        key=key,
        data={
            "crowded": [round(float(share), 3) for share in crowded],
            "noise": noise.height,
            "yours": None if yours is None else yours.height,
            "titles": {"noise": noise.title, "yours": "" if yours is None else yours.title},
            "real": real,
            "film": film,
            "side": side,
            "sentence": sentence,
            "alt": alt,
        },
    )
