"""Where everything stands: board, film and echo side by side, a row of controls, and tabs for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rbm.app import places
from rbm.app.components.drawable import SIDE
from rbm.app.explained import link
from rbm.app.glossary import define, help_text

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
UNITS, THERMOMETER = 136, 148
_STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-dream_beside) { min-width: min(28rem, 100%) }
:is(.st-key-dream_beside, .st-key-dream_sum) [data-testid="stImageCaption"] :is(p, div) { font-size: 0.75rem }
@media (max-width: 1100px) { [data-testid="stLayoutWrapper"]:has(> .st-key-dream_hidden) { order: 1 } }
@media (max-width: 640px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-dream_likely), .st-key-dream_likely { width: 100%; flex: auto }
  [data-testid="stLayoutWrapper"]:has(> .st-key-dream_controls) { order: 1 }
  [data-testid="stLayoutWrapper"]:has(> .st-key-dream_hidden), .st-key-dream_hidden { width: 15rem; flex: 0 0 15rem }
}
</style>"""  # where there is little room the film follows the board; on a phone the controls come last

_CLICK = help_text(
    "Each tile is a hidden unit, as bright as its chance to be on for what is drawn. Click one, or walk with the arrow "
    "keys, and see its arithmetic.", "hidden unit", "activation",
)  # fmt: skip
_HOW_LIKELY = help_text(
    "How likely the model finds your drawing and each chain of the film, by their free energy in nats. Real digits "
    "take the middle; towards both ends the scale is squeezed, for noise lies thousands of nats away. Two models' free "
    "energies don't compare: each counts from a zero of its own, and likely under a model need not look like a digit.",
    "free energy", "nat",
)  # fmt: skip


class Stage(NamedTuple):
    """The places of the page. `hidden`, `likely`, `sum` and `beside` hold one element each: the hidden
    units, the thermometer, one unit's arithmetic, and what the model makes of the start; `busy` shows work."""

    board: DeltaGenerator
    hidden: DeltaGenerator
    film: DeltaGenerator
    busy: DeltaGenerator
    likely: DeltaGenerator
    sum: DeltaGenerator
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
            f"{places.asks('sample')} A {link('Gibbs chain', 'gibbs')} dreams from it, sweep by sweep.",
            help=define("Gibbs chain", "hidden unit", "sweep"),
            width="content",
        )


def build() -> Stage:
    st.html(_STYLE)
    with st.container(horizontal=True, gap="small", key="dream_stage"):
        board = st.container(width=SIDE, key="dream_left", gap="xsmall")
        hidden = _hidden()
        right = st.container(width=SIDE, key="dream_right", gap="xsmall")
        film, busy = right.container(), right.container()
        likely = _thermometer()
    sum = st.empty()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        controls = st.container(horizontal=True, width="content", vertical_alignment="bottom", key="dream_controls")
        beside = st.container(width="stretch", key="dream_beside").empty()
    note = st.container()
    tabs = dict(zip(TABS, st.tabs(TABS, key="dream_tab", on_change="rerun"), strict=True))
    return Stage(board, hidden, film, busy, likely, sum, beside, controls, note, tabs)


def _hidden() -> DeltaGenerator:
    with st.container(width=UNITS, key="dream_hidden", gap="xsmall"):
        with st.container(height=HEAD, border=False, vertical_alignment="center"):
            st.markdown("**Click a unit**", help=_CLICK)
        return st.empty()


def _thermometer() -> DeltaGenerator:
    with st.container(width=THERMOMETER, key="dream_likely", gap="xsmall"):
        with st.container(height=HEAD, border=False, vertical_alignment="center"):
            st.markdown("**How likely?**", help=_HOW_LIKELY)
        return st.empty()
