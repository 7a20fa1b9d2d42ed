"""What each of several runs dreams, side by side."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm.app import data_sets, pictures, show
from rbm.app.remembered import remembered
from rbm.app.runs_page.compare import names
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.errors import Refused
from rbm.models.arrays import as_unit_interval
from rbm.models.deep import DeepBeliefNet
from rbm.runs import budget
from rbm.runs.record import Run

CHAINS, ACROSS, SWEEPS = 16, 8, 300


def section(runs: list[Run]) -> None:
    """16 dreams of each run that has a model, and whose images are here."""
    dreaming = [(name, run, net) for name, run in zip(names(runs), runs, strict=True) if (net := lab().net(run.id))]
    if not dreaming:
        return
    st.header("What they dream" if len(runs) > 1 else "What it dreams", anchor=False)
    with st.grid(2 if len(runs) < 3 else 3, min_column_width=220):
        for name, run, net in dreaming:
            with st.container():
                _dreams(name, run, net)
    st.caption(f"Each from {CHAINS} held-out images, {SWEEPS} sweeps later.")


def _dreams(name: str, run: Run, net: DeepBeliefNet) -> None:
    data = data_sets.find(run.data)
    if data is None or data.train_images.shape[1] != net.n_pixels:
        st.caption(f"{plain(name)}: its images are not here.")
        return
    try:
        budget.check_dream(CHAINS, SWEEPS, *net.top.weights.shape)
    except Refused as error:
        st.caption(f"{plain(name)}: {plain(error)}.")
        return
    tiles = pictures.grey(_dreamt(run.id, run.epoch, net, data.name), data.shape)
    scale = 1 if data.shape[1] > 16 else 3
    show.picture(pictures.mosaic(tiles, ACROSS, f"{len(tiles)} dreams of {name}", scale=scale), plain(name))


@remembered()
def _dreamt(run_id: str, epoch: int, _net: DeepBeliefNet, data_name: str) -> pictures.Floats:
    """Pixel means (16, n_pixels)."""
    data = data_sets.find(data_name)
    assert data is not None  # it was there a moment ago
    start = as_unit_interval(data.test_images[:CHAINS])
    return _net.dream(start, SWEEPS, np.random.default_rng(0))
