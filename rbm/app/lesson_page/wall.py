"""The class wall: all runs of a lesson as points without names, and what each dreams. No ranks."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from rbm.app import current_run, data_sets
from rbm.app.lesson_page import dreams, points, settings
from rbm.app.lessons import now
from rbm.app.server import lab, lessons
from rbm.errors import Refused
from rbm.runs.record import Run

LOOK = 4.0  # seconds between two looks at the runs
MOST = 48  # dreams on the wall


def draw(here: now.Open) -> None:
    st.header("The class wall", anchor=False)
    st.fragment(_look, run_every=LOOK)(here)


def _look(here: now.Open) -> None:
    runs = _of_one_data_set(_runs(here.lesson.code))
    measured = [run for run in runs if run.validation_error is not None]
    if not measured:
        st.caption("Nothing yet. Every training that this class starts on Train becomes a point here, without a name.")
        return
    chosen = points.draw(measured, [current_run.is_mine(run) for run in measured])
    if chosen:
        settings.table([measured[place] for place in chosen], measured)
        dreams.grid([measured[place] for place in chosen][:MOST], "chosen")
        return
    st.caption(
        "**What did the good ones do differently?** Click a point, or draw a box around several. Your own have a ring."
    )
    st.header("What they dream", anchor=False)
    dreams.grid(measured[-MOST:], "all")


def _runs(code: str) -> list[Run]:
    """As they were started; those that were deleted are left out."""
    found = []
    for run_id in lessons().runs(code):
        try:
            found.append(lab().run(run_id))
        except Refused:
            continue
    return found


def _of_one_data_set(runs: list[Run]) -> list[Run]:
    """Errors on different images can't be compared: those on one data set, by choice the one with most runs."""
    names = [name for name, _ in Counter(run.data for run in runs).most_common()]
    if len(names) < 2:
        return runs
    chosen = st.segmented_control("Trained on", names, default=names[0], required=True, key="wall_data",
        format_func=data_sets.title)  # fmt: skip
    return [run for run in runs if run.data == chosen]
