"""A thermometer of how likely pictures are: marks at heights in [0, 1], and those of a film's chains, which move.

The film says in the browser where its chains are at each frame (see player.py), so that playing never asks the server.
"""

from __future__ import annotations

from typing import NamedTuple

from numpy.typing import NDArray

from rbm.app.components.made import component

_component = component("thermometer")


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
