"""Which run this session looks at."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from rbm.app import visitor
from rbm.app.current_model import NamedModel, use
from rbm.app.server import lab
from rbm.errors import Refused
from rbm.runs.progress import Progress
from rbm.runs.record import Run
from rbm.training import autoencoder
from rbm.visitors import owner_hash

_RUN, _ADOPTED, _RESTORED = "run_id", "adopted_run", "restored"


def run_id() -> str | None:
    """The run that the Train page shows."""
    return st.session_state.get(_RUN)


def watch(which: str) -> None:
    st.session_state[_RUN] = which


def is_mine(run: Run) -> bool:
    return run.owner == owner_hash(visitor.key())


def progress() -> Progress | None:
    """Where that run stands, without curve and model; None without a run, or where it has been deleted."""
    which = run_id()
    try:
        return None if which is None else lab().standing(which)
    except Refused:
        return None


def use_finished_run() -> str | None:
    """At every script run: a new session finds its browser's last run; a run that is over becomes the model in use.

    The name of a run that this session has seen end just now.
    """
    seen_running = _RESTORED in st.session_state
    if _RESTORED not in st.session_state:
        st.session_state[_RESTORED] = True
        runs = lab().runs(visitor.key())
        if runs:
            watch(runs[0].id)
    which = run_id()
    if which is None:
        return None
    try:
        over = lab().standing(which).over
        if is_in_use(which) or not over:
            return None
        run, progress = lab().run(which), lab().progress(which)
    except Refused:  # deleted meanwhile, here or in another window
        del st.session_state[_RUN]
        return None
    st.session_state[_ADOPTED] = which
    if progress.model is None or not (progress.epoch or progress.status == "stopped"):
        return None
    use(named(run, progress))
    return run.name if seen_running and progress.status == "finished" else None


def is_in_use(which: str) -> bool:
    """Whether `use_finished_run` has seen that this run is over."""
    return bool(st.session_state.get(_ADOPTED) == which)


def named(run: Run, progress: Progress) -> NamedModel:
    """The model of a run, for all pages. Raises Refused while there is none."""
    if progress.model is None:
        raise Refused("this run has no model yet")
    error = progress.history[-1].validation_error if progress.history else None
    note = {"config": asdict(run.config), **autoencoder.note(run.config)}
    return NamedModel(run.name, progress.model, run.data, progress.epoch, error, note)
