"""A table of coloured numbers, each a button: the heat map of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import streamlit as st

from rbm.app.components.made import component

_component = component("heatmap")


class Cell(NamedTuple):
    """What a cell shows, on which colours (CSS; "" for those of the page), and says to who can't see it; the id that a
    click sends, "" where there is nothing to open."""

    text: str
    said: str
    id: str = ""
    paper: str = ""
    ink: str = ""


def heatmap(
    cells: Sequence[Sequence[Cell]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    titles: tuple[str, str],
    chosen: str,
    key: str,
    on_open: Callable[[], None],
) -> None:
    """`cells` by rows, named by `rows` and `columns`; titles: of what is named by the rows and by the columns.

    chosen: the id of the cell with a ring. `on_open` is called when a cell was clicked, which `opened(key)` tells.
    """
    _component(
        key=key,
        data={
            "cells": [[cell._asdict() for cell in row] for row in cells],
            "rows": list(rows),
            "columns": list(columns),
            "titles": list(titles),
            "chosen": chosen,
        },
        on_opened_change=on_open,
    )


def opened(key: str) -> str:
    """What the browser sent when a cell was clicked: hostile until it is found among the ids."""
    return str((st.session_state.get(key) or {}).get("opened", ""))
