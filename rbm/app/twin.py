"""The twin of a run: the other algorithm on the same data, with as many units and epochs, from the same seed."""

from __future__ import annotations

import streamlit as st

from rbm.app import current_run, visitor
from rbm.app.server import lab
from rbm.errors import Refused
from rbm.runs.record import Run
from rbm.training import autoencoder

TICKED = "ticked_runs"  # the ids of those that the Runs page compares
TABLE = "runs_table_number"  # a new table takes its ticks from TICKED, where an old one keeps its own
_TWINS = "twins"  # a run's id by its twin's, and the other way round
WORDS = (
    "The same data, units, epochs and seed, by the other algorithm: an autoencoder learns to rebuild, an RBM to make "
    "digits likely."
)


def offer(run: Run) -> bool:
    """A button that trains the twin; True where that has begun. Raises Refused where it can't."""
    if run.config.visible != "binary":
        return False  # an autoencoder rebuilds pixels in [0, 1]
    if _of(run.id) or not run.over or run.n_classes or run.below or not current_run.is_mine(run):
        return False
    if not st.button("Train its twin", icon=":material/group:", help=WORDS, key=f"twin_{run.id}"):
        return False
    _begin(run)
    return True


def compare_link(run: Run) -> None:
    """To the comparison, where this run has a twin."""
    if _of(run.id):
        st.page_link("pages/runs.py", label="**Compare the twins**", icon=":material/group:")


def _of(run_id: str) -> str | None:
    known: dict[str, str] = st.session_state.get(_TWINS, {})
    return known.get(run_id)


def _begin(run: Run) -> None:
    config, owner, name = autoencoder.twin(run.config), visitor.key(), f"Twin of {run.name}"
    done = lab().finished(owner, run.data, config) is not None
    begin = lab().adopt if done else lab().start
    new = begin(owner, run.data, config, name)
    st.session_state.setdefault(_TWINS, {}).update({run.id: new, new: run.id})
    st.session_state[TICKED] = [run.id, new]
    st.session_state[TABLE] = st.session_state.get(TABLE, 0) + 1
    current_run.watch(new)


def refusal(error: Refused) -> str:
    return f"The twin was not trained: {error}."
