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

_RUN, _ADOPTED, _RESTORED, _SEEN = "run_id", "adopted_run", "restored", "seen_under_way"


def run_id() -> str | None:
    """The run that the Train page shows."""
    return st.session_state.get(_RUN)


def watch(which: str) -> None:
    st.session_state[_RUN] = which


def follow(which: str) -> None:
    """Watch a training that has just begun; when it is finished, the layer that waited for it."""
    watch(which)
    st.session_state[_SEEN] = which


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
            watch(_first(runs[0]).id)
    which = run_id()
    if which is None:
        return None
    try:
        over = lab().standing(which).over
        if not over:
            st.session_state[_SEEN] = which
            if is_in_use(which):  # it had been stopped, and goes on
                del st.session_state[_ADOPTED]
        if is_in_use(which) or not over:
            return None
        run, progress = lab().run(which), lab().progress(which)
    except Refused:  # deleted meanwhile, here or in another window
        del st.session_state[_RUN]
        return None
    st.session_state[_ADOPTED] = which
    if st.session_state.get(_SEEN) == which:
        _go_up(run)
    if progress.model is None or not (progress.epoch or progress.status == "stopped"):
        return None
    try:
        use(named(run, progress))
    except Refused:  # the layer on the pixels is gone: the model in use stays
        return None
    return run.name if seen_running and progress.status == "finished" else None


def _first(run: Run) -> Run:
    """Of a tower that is under way, or was: the layer that moves, or is to be resumed first."""
    try:
        return next((layer for layer in lab().layers(run.id) if not layer.over), run)
    except Refused:
        return run


def _go_up(run: Run) -> None:
    """From a layer that was finished while it was watched to the one that had waited for it."""
    above = [one for one in lab().runs(visitor.key()) if one.below == run.id]
    if above and run.status == "finished":
        follow(above[0].id)


def is_in_use(which: str) -> bool:
    """Whether `use_finished_run` has seen that this run is over."""
    return bool(st.session_state.get(_ADOPTED) == which)


def named(run: Run, progress: Progress) -> NamedModel:
    """The model of a run, for all pages: of a layer on others that of the one on the pixels. Raises Refused while there
    is none.
    """
    if run.below:
        run = lab().layers(run.id)[0]
        progress = lab().progress(run.id)
    if progress.model is None:
        raise Refused("this run has no model yet")
    error = progress.history[-1].validation_error if progress.history else None
    note = {"config": asdict(run.config), **autoencoder.note(run.config)}
    return NamedModel(run.name, progress.model, run.data, progress.epoch, error, note, run.id)
