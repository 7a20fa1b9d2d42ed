"""A mosaic whose tiles are chosen: by a click, a touch, or the arrow keys. Hovering names a tile.

The picture is one PNG made by `pictures.mosaic`; the browser finds the tile under the pointer from its tiling.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

import streamlit as st

from rbm.app.components.made import component
from rbm.app.pictures import Picture

_component = component("tiles")


def tiles(
    picture: Picture,
    ids: Sequence[int],
    names: Sequence[str],
    *,
    key: str,
    label: str,
    width: int = 0,
    on_choose: Callable[[], None] = lambda: None,
) -> int:
    """Show `picture`, and return which of `ids`, one a tile, is chosen: the first, until the visitor chooses.

    ids: whole numbers, each once: what `st.session_state[key]` holds, over pages and whatever the order of the tiles.
    names: what a tile is called when the pointer is over it. label: what is chosen here, for those who can't see it.
    width: at most so many pixels of the screen; 0: as wide as there is room. on_choose: called after every choice, the
    same tile's once more too.
    """
    assert picture.tiling is not None, "made by pictures.mosaic"
    allowed, board = [int(one) for one in ids], f"{key}_tiles"
    if st.session_state.get(key) not in allowed:
        st.session_state[key] = allowed[0]

    def choose() -> None:
        sent = st.session_state[board].get("chosen")
        wanted = sent.get("id") if isinstance(sent, dict) else None  # from a browser: anything
        if isinstance(wanted, int) and wanted in allowed:
            st.session_state[key] = wanted
            on_choose()

    chosen = int(st.session_state[key])
    data = {
        "picture": "data:image/png;base64," + base64.b64encode(picture.png).decode(),
        "alt": picture.alt,
        "tiling": picture.tiling._asdict(),
        "ids": allowed,
        "names": list(names),
        "chosen": chosen,
        "label": label,
        "width": width,
        "dark": st.context.theme.type == "dark" and picture.signed,
    }
    _component(key=board, data=data, on_chosen_change=choose)
    return chosen
