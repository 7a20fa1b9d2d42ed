"""Begin a training; or, where the very same one has been done before, take its result."""

from __future__ import annotations

import time

import streamlit as st

from rbm.app import current_run, visitor
from rbm.app.current_run import follow, run_id, watch
from rbm.app.lessons import now
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.app.train_page.form import Chosen
from rbm.errors import Refused
from rbm.runs.record import Run

_REFUSED = "training_refused"
NEWEST = 10  # runs of a visitor among which one may be under way
IMPATIENT = 1.0  # seconds in which more clicks on Start mean the training that the first one began


def begin(chosen: Chosen) -> None:
    """A new run of this visitor's, which the page shows from now on. Raises Refused where it can't start.

    The click after it may interrupt this script between the start and the note of which run it was; so whether there
    is one already is asked of the lab, not of the session.
    """
    tower = just_begun(chosen)
    if tower:
        follow(_first(tower).id)
        return
    started = lab().start_tower(
        visitor.key(), chosen.data, chosen.configs, run_name(chosen), labels=chosen.labels, measures=chosen.monitors
    )
    follow(started[0])
    now.note_run(started[0])


def just_begun(chosen: Chosen) -> list[Run]:
    """This visitor's runs of this very training, bottom layer first, if one is under way or was begun by the click
    before."""
    runs = lab().runs(visitor.key())[:NEWEST]
    for run in runs:
        tower = _upwards(run, runs)
        same = not run.below and (run.data, run.measures) == (chosen.data, chosen.monitors)
        same = same and [one.config for one in tower] == chosen.configs and (tower[-1].n_classes > 0) == chosen.labels
        if same and any(lab().standing(one.id).active or time.time() - one.created < IMPATIENT for one in tower):
            return tower
    return []


def _upwards(run: Run, runs: list[Run]) -> list[Run]:
    """The run, the first of `runs` that stands on it, and so on."""
    tower = [run]
    while len(tower) < NEWEST and (above := [one for one in runs if one.below == tower[-1].id]):
        tower.append(above[-1])
    return tower


def _first(tower: list[Run]) -> Run:
    """The layer that moves; the top where all is done."""
    return next((run for run in tower if not run.over), tower[-1])


def find_again(chosen: Chosen) -> bool:
    """Whether this very training is under way; if so it is what the page shows, unless that moves too."""
    tower = just_begun(chosen)
    if tower and run_id() not in [run.id for run in tower] and not _under_way():
        watch(_first(tower).id)
    return bool(tower)


def _under_way() -> bool:
    progress = current_run.progress()
    return progress is not None and progress.active


def offer_result(chosen: Chosen) -> None:
    """A quiet way to what the very same training gave before: the same data, settings and seed give the same model."""
    if _under_way() or chosen.upper:
        return
    if lab().finished(visitor.key(), chosen.data, chosen.config, labels=chosen.labels) is None:
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
        adopted = lab().adopt(visitor.key(), chosen.data, chosen.config, run_name(chosen), labels=chosen.labels)
        watch(adopted)
        now.note_run(adopted)
    except Refused as error:
        refuse(f"Training did not start: {plain(error)}.")


def refuse(sentence: str) -> None:
    """Say it at the next run, once, below the buttons."""
    st.session_state[_REFUSED] = sentence


def refusal() -> None:
    if sentence := st.session_state.pop(_REFUSED, None):
        st.error(sentence, icon=":material/error:")


def run_name(chosen: Chosen) -> str:
    config = chosen.config
    classes = ", with classes" if chosen.labels and not chosen.upper else ""
    return f"{chosen.preset}, {config.method}, seed {config.seed}{classes}"
