"""Begin a training; or, where the very same one has been done before, take its result."""

from __future__ import annotations

import time

import streamlit as st

from rbm.app import current_run, visitor
from rbm.app.current_run import run_id, watch
from rbm.app.server import lab
from rbm.app.train_page.form import Chosen
from rbm.errors import Refused
from rbm.runs.record import Run

_REFUSED = "training_refused"
IMPATIENT = 1.0  # seconds in which more clicks on Start mean the training that the first one began


def begin(chosen: Chosen) -> None:
    """A new run of this visitor's, which the page shows from now on. Raises Refused where it can't start."""
    watch(lab().start(
        visitor.key(), chosen.data, chosen.config, run_name(chosen), labels=chosen.labels, measures=chosen.monitors
    ))  # fmt: skip


def just_begun(chosen: Chosen) -> bool:
    """Whether the run on the page is this very training, under way or begun by the click before."""
    run = _shown()
    if run is None or _settings(run) != (chosen.data, chosen.config, chosen.labels, chosen.monitors):
        return False
    return _under_way() or time.time() - run.created < IMPATIENT


def _under_way() -> bool:
    progress = current_run.progress()
    return progress is not None and progress.active


def offer_result(chosen: Chosen) -> None:
    """A quiet way to what the very same training gave before: the same data, settings and seed give the same model."""
    if _under_way() or lab().finished(visitor.key(), chosen.data, chosen.config, labels=chosen.labels) is None:
        return
    st.button(
        "Done before: take its result",
        type="tertiary",
        icon=":material/history:",
        help="The same data, settings and seed give the same model, to the last bit. Start trains it anew.",
        on_click=_take_result,
        args=(chosen,),
    )


def _take_result(chosen: Chosen) -> None:
    try:
        watch(lab().adopt(visitor.key(), chosen.data, chosen.config, run_name(chosen), labels=chosen.labels))
    except Refused as error:
        refuse(f"Training did not start: {error}.")


def refuse(sentence: str) -> None:
    """Say it at the next run, once, below the buttons."""
    st.session_state[_REFUSED] = sentence


def refusal() -> None:
    if sentence := st.session_state.pop(_REFUSED, None):
        st.error(sentence, icon=":material/error:")


def _shown() -> Run | None:
    which = run_id()
    try:
        return None if which is None else lab().run(which)
    except Refused:  # deleted in another window
        return None


def _settings(run: Run) -> tuple[object, ...]:
    return run.data, run.config, run.n_classes > 0, run.measures


def run_name(chosen: Chosen) -> str:
    config = chosen.config
    classes = ", with classes" if chosen.labels else ""
    return f"{chosen.preset}, {config.algorithm.upper()}-{config.gibbs_steps}, seed {config.seed}{classes}"
