"""What each of several runs dreams, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rbm.app import run_dreams, show
from rbm.app.runs_page.compare import names
from rbm.app.text import plain
from rbm.errors import Refused
from rbm.runs.record import Run

CHAINS, ACROSS, SWEEPS = 16, 8, 300


def section(runs: Sequence[Run]) -> None:
    """16 dreams of each run that has a model."""
    dreaming = [(name, run) for name, run in zip(names(list(runs)), runs, strict=True) if run.epoch]
    if not dreaming:
        return
    st.header("What they dream" if len(runs) > 1 else "What it dreams", anchor=False)
    with st.grid(2 if len(runs) < 3 else 3, min_column_width=220):
        for name, run in dreaming:
            with st.container():
                _dreams(name, run)
    st.caption(f"Each began at {CHAINS} held-out images (at noise, where those are not here), {SWEEPS} sweeps before.")


def _dreams(name: str, run: Run) -> None:
    try:
        show.picture(run_dreams.mosaic(run, CHAINS, ACROSS, SWEEPS), plain(name))
    except Refused as error:
        st.caption(f"{plain(name)}: {plain(error)}.")
