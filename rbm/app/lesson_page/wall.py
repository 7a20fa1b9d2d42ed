"""The class wall: all runs of a lesson as points without names, and what each dreams. No ranks."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from rbm.app import again, current_run, data_sets
from rbm.app.lesson_page import dreams, points, settings
from rbm.app.lessons import now
from rbm.app.server import lab, lessons
from rbm.errors import Refused
from rbm.runs.record import Run

LOOK = 3.0  # seconds between two looks at the runs
MOST = 48  # dreams on the wall


def draw(here: now.Open) -> None:
    st.header("The class wall", anchor=False)
    runs = _runs(here.lesson.code)
    data = _data_choice(runs)
    again.every(LOOK, _look)(here, data, _over(runs))
    measured = _measured(runs, data)
    if measured:
        st.header("What they dream", anchor=False)
        dreams.grid(measured[-MOST:])


def _over(runs: list[Run]) -> frozenset[str]:
    """The ids of those that have come to an end."""
    return frozenset(run.id for run in runs if run.over)


def _look(here: now.Open, data: str | None, over: frozenset[str]) -> None:
    """The points, which move while runs go on, and what the selected ones have in common. Dreams wait for an end."""
    runs = _runs(here.lesson.code)
    if _over(runs) != over:
        st.rerun()
    measured = _measured(runs, data)
    if not measured:
        st.caption("Nothing yet. Every training that this class starts on Train becomes a point here, without a name.")
        return
    chosen = points.draw(measured, [current_run.is_mine(run) for run in measured])
    if chosen:
        settings.table([measured[place] for place in chosen], measured)
    else:
        st.caption("**What did the good ones do differently?** Choose some: a table tells. A ring is yours.")


def _runs(code: str) -> list[Run]:
    """As they were started; those that were deleted are left out."""
    found = []
    for run_id in lessons().runs(code):
        try:
            found.append(lab().run(run_id))
        except Refused:
            continue
    return found


def _data_choice(runs: list[Run]) -> str | None:
    """Errors on different images can't be compared: which to look at, the ones that most learned from at first."""
    names = [name for name, _ in Counter(run.data for run in runs).most_common()]
    if len(names) < 2:
        return None
    chosen = st.segmented_control("Trained on", names, default=names[0], required=True, key="wall_data",
        format_func=data_sets.title)  # fmt: skip
    return str(chosen)


def _measured(runs: list[Run], data: str | None) -> list[Run]:
    """Those with an error to show, on these data; data: None for any."""
    return [run for run in runs if run.validation_error is not None and data in (None, run.data)]
