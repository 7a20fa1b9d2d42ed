"""Where everything stands: board, film and echo side by side, a row of controls, and tabs for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rbm.app.components.drawable import SIDE
from rbm.app.explained import link
from rbm.app.glossary import define

TABS = (
    "What it sees",
    "Settings",
    "Film strip",
    "Digits read",
    "Free energy",
    "How far",
    "Mixing better",
    "Take it away",
)

HEAD = 40  # pixels of what stands above the board, and above the film


class Stage(NamedTuple):
    """The places of the page. `beside` holds one element, what the model makes of the start; `busy` shows work."""

    board: DeltaGenerator
    film: DeltaGenerator
    busy: DeltaGenerator
    beside: DeltaGenerator
    controls: DeltaGenerator
    note: DeltaGenerator
    tabs: Mapping[str, DeltaGenerator]

    def opened(self, name: str) -> bool:
        return bool(self.tabs[name].open)  # type: ignore[attr-defined]

    def nothing_yet(self) -> None:
        """While there is no start: where the film will be."""
        with self.film.container(gap="xsmall"):
            st.container(height=HEAD, border=False).caption("The dream plays here.")
            st.container(height=SIDE, border=True)
        for name in TABS[2:]:
            self.tabs[name].caption("Nothing yet: there is no dream.")


def heading() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.title("Sample", anchor=False, width="content")
        st.markdown(
            f"A **{link('Gibbs chain', 'gibbs')}** dreams from your digit: up to the hidden units and down to the "
            f"pixels, sweep by sweep.",
            help=define("Gibbs chain", "hidden unit", "sweep"),
            width="content",
        )


def build() -> Stage:
    with st.container(horizontal=True, gap="medium", key="dream_stage"):
        board = st.container(width=SIDE, key="dream_left", gap="xsmall")
        right = st.container(width=SIDE, key="dream_right", gap="xsmall")
        film, busy = right.container(), right.container()
        beside = st.container(width="stretch", key="dream_beside").empty()
    controls = st.container(horizontal=True, vertical_alignment="bottom", key="dream_controls")
    note = st.container()
    tabs = dict(zip(TABS, st.tabs(TABS, key="dream_tab", on_change="rerun"), strict=True))
    return Stage(board, film, busy, beside, controls, note, tabs)
