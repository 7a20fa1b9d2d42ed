"""What each run on the wall dreams, and the way to look at it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rbm.app import current_run, run_dreams, show
from rbm.app.lessons import now
from rbm.errors import Refused
from rbm.runs.record import Run

SWEEPS, ACROSS = 100, 2
CHAINS = ACROSS * ACROSS


def grid(runs: Sequence[Run]) -> None:
    """A tile for each run, one's own marked, and the way to look at it."""
    st.caption(f"Each model began at the same {CHAINS} held-out images; this is {SWEEPS} sweeps later.")
    with st.grid(8, min_column_width=116, key="wall_dreams"):
        for run in runs:
            with st.container(gap="xxsmall"):
                _tile(run)


def _tile(run: Run) -> None:
    if run.over:  # while it trains it would be another dream at every look of everybody
        _picture(run)
    else:
        st.caption(f"epoch {run.epoch} of {run.config.epochs} …")
    mine = ":orange[:material/radio_button_unchecked: yours] · " if current_run.is_mine(run) else ""
    st.markdown(f"{mine}error {run.validation_error:.1f}")
    st.page_link("pages/runs.py", label="Look at it", query_params=now.query(run=run.id))


def _picture(run: Run) -> None:
    try:
        show.picture(run_dreams.mosaic(run, CHAINS, ACROSS, SWEEPS))
    except Refused:
        st.caption("It left no model.")
