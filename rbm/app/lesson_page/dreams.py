"""What each run dreams: the same four starts and the same random numbers for all, so that the models alone differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from rbm.app import current_run, pictures, show
from rbm.app.current_model import NamedModel
from rbm.app.lessons import now
from rbm.app.pictures import Picture
from rbm.app.server import lab
from rbm.errors import Refused
from rbm.models import arrays, sampling
from rbm.models.arrays import Array
from rbm.runs import budget
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
        show.picture(_dream(run.id, run.status, run.epoch))
    except Refused:
        st.caption("It left no model.")


@st.cache_resource(max_entries=256, show_spinner=False)
def _dream(run_id: str, status: str, epoch: int) -> Picture:
    """Raises Refused where there is no model."""
    named = current_run.named(lab().run(run_id), lab().progress(run_id))
    model, rng = named.marginal, np.random.default_rng(0)
    sweeps = budget.sweeps(SWEEPS, CHAINS, model.n_visible, model.n_hidden)
    seen = sampling.gibbs(model, _starts(named, rng), sweeps, rng)
    tiles = pictures.grey(model.mean_visible(model.mean_hidden(seen)), named.shape)
    scale = max(1, 112 // (ACROSS * named.shape[1]))
    return pictures.mosaic(tiles, ACROSS, f"{CHAINS} dreams after {sweeps} sweeps", scale=scale)


def _starts(named: NamedModel, rng: np.random.Generator) -> Array:
    """Held-out images (CHAINS, pixels) far apart in their order, or coin tosses where there are none."""
    data = named.dataset
    if data is None:
        return rng.integers(0, 2, (CHAINS, named.marginal.n_visible)).astype(np.float32)
    places = np.linspace(0, len(data.test_images) - 1, CHAINS).astype(int)
    return arrays.as_unit_interval(data.test_images[places])
