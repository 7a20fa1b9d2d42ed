"""The one Lab of this server, and which of its runs this session looks at."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from rbm.app import library, owner
from rbm.app.session import NamedModel, use
from rbm.app.settings import Chosen
from rbm.progress import Progress
from rbm.records import Run, StoreError, owner_hash
from rbm.service import Lab

_RUN, _ADOPTED, _RESTORED = "run_id", "adopted_run", "restored"


@st.cache_resource(show_spinner=False)
def lab() -> Lab:
    """The trainings and the store of this process."""
    return Lab(limits=library.allowed(), load=library.library().load)


def run_id() -> str | None:
    """The run that the Train page shows."""
    return st.session_state.get(_RUN)


def watch(which: str) -> None:
    st.session_state[_RUN] = which


def start(chosen: Chosen) -> None:
    """Begin a new run and look at it. Raises ValueError or rbm.queue.Busy with a sentence for the reader."""
    run = lab().start(
        owner.key(), chosen.data, chosen.config, name(chosen), labels=chosen.labels, measures=chosen.monitors
    )
    watch(run)


def reuse(chosen: Chosen) -> None:
    """Look at the finished run of the very same training."""
    watch(lab().adopt(owner.key(), chosen.data, chosen.config, name(chosen), labels=chosen.labels))


def name(chosen: Chosen) -> str:
    config = chosen.config
    classes = ", with classes" if chosen.labels else ""
    return f"{chosen.preset}, {config.algorithm.upper()}-{config.gibbs_steps}, seed {config.seed}{classes}"


def is_mine(run: Run) -> bool:
    return run.owner == owner_hash(owner.key())


def take_up() -> None:
    """At every script run: a new session finds its browser's last run; a run that is over becomes the model in use."""
    if _RESTORED not in st.session_state:
        st.session_state[_RESTORED] = True
        runs = lab().runs(owner.key())
        if runs:
            watch(runs[0].id)
    which = run_id()
    if which is None:
        return
    try:
        run = lab().run(which)
        if is_taken_up(which):
            return
        progress = lab().progress(which)
    except StoreError:  # deleted meanwhile, here or in another window
        del st.session_state[_RUN]
        return
    if progress.over:
        st.session_state[_ADOPTED] = which
        if progress.model is not None and (progress.epoch > 0 or progress.status == "stopped"):
            use(named(run, progress))


def is_taken_up(which: str) -> bool:
    """Whether `take_up` has seen that this run is over."""
    return bool(st.session_state.get(_ADOPTED) == which)


def named(run: Run, progress: Progress) -> NamedModel:
    """The model of a run, for all pages. Raises StoreError while there is none."""
    if progress.model is None:
        raise StoreError("this run has no model yet")
    error = progress.history[-1].validation_error if progress.history else None
    return NamedModel(run.name, progress.model, run.data, progress.epoch, error, {"config": asdict(run.config)})
