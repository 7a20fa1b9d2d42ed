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
from rbm.visitors import owner_hash

_RUN, _ADOPTED, _RESTORED = "run_id", "adopted_run", "restored"


def run_id() -> str | None:
    """The run that the Train page shows."""
    return st.session_state.get(_RUN)


def watch(which: str) -> None:
    st.session_state[_RUN] = which


def is_mine(run: Run) -> bool:
    return run.owner == owner_hash(visitor.key())


def use_finished_run() -> None:
    """At every script run: a new session finds its browser's last run; a run that is over becomes the model in use."""
    if _RESTORED not in st.session_state:
        st.session_state[_RESTORED] = True
        runs = lab().runs(visitor.key())
        if runs:
            watch(runs[0].id)
    which = run_id()
    if which is None:
        return
    try:
        run = lab().run(which)
        if is_in_use(which):
            return
        progress = lab().progress(which)
    except Refused:  # deleted meanwhile, here or in another window
        del st.session_state[_RUN]
        return
    if progress.over:
        st.session_state[_ADOPTED] = which
        if progress.model is not None and (progress.epoch > 0 or progress.status == "stopped"):
            use(named(run, progress))


def is_in_use(which: str) -> bool:
    """Whether `use_finished_run` has seen that this run is over."""
    return bool(st.session_state.get(_ADOPTED) == which)


def named(run: Run, progress: Progress) -> NamedModel:
    """The model of a run, for all pages. Raises Refused while there is none."""
    if progress.model is None:
        raise Refused("this run has no model yet")
    error = progress.history[-1].validation_error if progress.history else None
    return NamedModel(run.name, progress.model, run.data, progress.epoch, error, {"config": asdict(run.config)})
