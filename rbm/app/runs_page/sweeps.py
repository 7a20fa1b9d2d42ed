"""The heat map of a sweep: what came of every combination; a click opens the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from rbm.app import again, charts, current_run, data_sets, pictures, show, twin, visitor
from rbm.app.components import heatmap
from rbm.app.components.heatmap import Cell
from rbm.app.current_model import use
from rbm.app.runs_page import sweep_numbers
from rbm.app.runs_page.sweep_numbers import QUANTITIES, Number
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.errors import Refused
from rbm.runs.grid import Axis, axes, described, shown
from rbm.runs.record import Run

LOOK = 1.0  # seconds between two looks at a sweep that moves
_OPENED = "opened_of_sweep"  # the run that was clicked last
_ONE = Axis("", ("",))  # where nothing is varied in that direction


@dataclass(frozen=True)
class Plan:
    """Which settings the rows and the columns stand for, and the runs in those places."""

    rows: Axis
    columns: Axis
    runs: dict[tuple[Any, Any], Run]

    @property
    def names(self) -> list[str]:
        return [axis.name for axis in (self.rows, self.columns) if axis.name]


def section(runs: Sequence[Run]) -> None:
    """For a visitor's own runs, the newest first: the sweep that is chosen among theirs, if there is any."""
    sweeps: dict[str, list[Run]] = {}
    for run in reversed(runs):
        if run.sweep:
            sweeps.setdefault(run.sweep, []).append(run)
    known = [sweep for sweep in reversed(sweeps) if len(sweeps[sweep]) > 1]
    if not known:
        return
    with st.expander("Sweeps", icon=":material/grid_on:", expanded=runs[0].sweep in known):
        chosen = known[0]
        if len(known) > 1:
            chosen = st.selectbox(
                "Sweep", known, format_func=lambda one: _title(sweeps[one]), key="sweep_shown", persist_state="session"
            )
        _heat_map(chosen, mine=True)


def show_shared(sweep: str) -> None:
    """A sweep whose link somebody was given; a sentence where there is none."""
    runs = lab().sweep(sweep)
    if not runs:
        st.warning(
            "This link leads to no sweep: its address is incomplete, or its runs are gone.", icon=":material/link_off:"
        )
        return
    st.markdown(f"A **sweep** over {plain(_title(runs))}.")
    st.caption("You look at it by its link. Only who started it can change it.")
    _heat_map(sweep, mine=False)


def _title(runs: Sequence[Run]) -> str:
    varied = axes([run.config for run in runs])
    names = " × ".join(f"{len(axis.values)} {axis.label.lower()}" for axis in varied)
    return f"{names or f'{len(runs)} runs'} · {data_sets.title(runs[0].data)}"


def _heat_map(sweep: str, *, mine: bool) -> None:
    runs = lab().sweep(sweep)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        quantity = st.segmented_control(
            "Show", list(QUANTITIES), default=next(iter(QUANTITIES)), required=True,
            format_func=lambda name: QUANTITIES[name].title, key="sweep_quantity", persist_state="session",
            help=" ".join(f"**{known.title}**: {known.help}" for known in QUANTITIES.values()),
        )  # fmt: skip
        fixed = _others(runs)
    moving = any(run.unfinished for run in runs)
    measured = sweep_numbers.errand(runs, str(quantity))
    moves = moving or (measured is not None and not measured.over)
    again.every(LOOK if moves else None, _drawn)(sweep, str(quantity), fixed, moves, mine)


def _others(runs: Sequence[Run]) -> dict[str, Any]:
    """A choice for every setting beyond the two that the map has room for."""
    return {
        axis.name: st.selectbox(axis.label, axis.values, format_func=shown, key=f"sweep_fixed_{axis.name}")
        for axis in axes([run.config for run in runs])[2:]
    }


def planned(runs: Sequence[Run], fixed: dict[str, Any]) -> Plan:
    """The setting with more values goes across. Of runs that differ in nothing else the last one is shown."""
    varied = axes([run.config for run in runs])[:2]
    columns, rows = [*sorted(varied, key=lambda axis: -len(axis.values)), _ONE, _ONE][:2]
    chosen = [run for run in runs if all(getattr(run.config, name) == value for name, value in fixed.items())]
    return Plan(rows, columns, {(_at(run, rows), _at(run, columns)): run for run in chosen})


def _at(run: Run, axis: Axis) -> Any:
    return getattr(run.config, axis.name) if axis.name else ""


def _drawn(sweep: str, quantity: str, fixed: dict[str, Any], moved: bool, mine: bool) -> None:
    runs = lab().sweep(sweep)
    measured = sweep_numbers.errand(runs, quantity)
    moves = any(run.unfinished for run in runs) or (measured is not None and not measured.over)
    if moves != moved or not runs:
        st.rerun()  # the whole page: it looks again by itself from now on, or no more
    plan = planned(runs, fixed)
    numbers = sweep_numbers.of(runs, quantity)
    shown_here = [run for run in plan.runs.values() if run.id in numbers]
    best = min(shown_here, key=lambda run: QUANTITIES[quantity].sign * numbers[run.id].value, default=None)
    opened = _opened(runs) or best or runs[0]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        key = f"heatmap-{sweep.replace('_', '.')}"  # Streamlit takes no component's key with two underscores together
        heatmap.heatmap(
            cells(plan, numbers, quantity, best),
            [shown(value) for value in plan.rows.values],
            [shown(value) for value in plan.columns.values],
            titles=(plan.rows.label if plan.rows.name else "", plan.columns.label if plan.columns.name else ""),
            chosen=opened.id,
            key=key,
            on_open=lambda: _open(key, [run.id for run in runs], tick=mine),
        )
        sweep_numbers.offer(runs, quantity, mine=mine)
        if mine:
            _control(sweep, runs)
    with right:
        _card(opened, plan.names, opened == best, mine)


def cells(plan: Plan, numbers: dict[str, Number], quantity: str, best: Run | None) -> list[list[Cell]]:
    """A cell for every combination, the better the brighter; those that are not there stay empty."""
    sign = QUANTITIES[quantity].sign
    known = [sign * numbers[run.id].value for run in plan.runs.values() if run.id in numbers]
    low, high = min(known, default=0.0), max(known, default=0.0)

    def cell(run: Run | None) -> Cell:
        if run is None:
            return Cell("", "no run")
        name = described(run.config, plan.names)
        number = numbers.get(run.id)
        if number is None:
            said = sweep_numbers.stands(run)
            return Cell(said, f"{name}: {said or 'not measured'}", run.id)
        share = (high - sign * number.value) / (high - low) if high > low else 1.0
        paper, ink = pictures.shade(share)
        star = "★ " if best is not None and run.id == best.id else ""
        is_best = ", the best" if star else ""
        said = f"{name}: {QUANTITIES[quantity].title.lower()} {number.text}{is_best}"
        return Cell(f"{star}{number.text}", said, run.id, paper, ink)

    return [[cell(plan.runs.get((row, column))) for column in plan.columns.values] for row in plan.rows.values]


def _open(key: str, ids: list[str], *, tick: bool) -> None:
    """A click: that run is shown beside the map, and ticked in the list below."""
    which = heatmap.opened(key)
    if which not in ids:
        return
    st.session_state[_OPENED] = which
    if tick:
        st.session_state[twin.TICKED] = [which]
        st.session_state[twin.TABLE] = st.session_state.get(twin.TABLE, 0) + 1


def _opened(runs: Sequence[Run]) -> Run | None:
    return next((run for run in runs if run.id == st.session_state.get(_OPENED)), None)


def _control(sweep: str, runs: Sequence[Run]) -> None:
    """Stop, or go on."""
    moving = any(run.unfinished for run in runs)
    resting = [run for run in runs if run.rests]
    with st.container(horizontal=True):
        if moving:
            st.button("Stop the sweep", icon=":material/stop:", key="stop_this", on_click=_ask, args=("stop", sweep))
        elif resting:
            label = f"Go on with {len(resting)} unfinished"
            st.button(label, icon=":material/play_arrow:", key="resume_this", on_click=_ask, args=("resume", sweep))


def _ask(what: str, sweep: str) -> None:
    try:
        getattr(lab(), f"{what}_sweep")(visitor.key(), sweep)
    except Refused as error:
        st.toast(f"The sweep was not changed: {plain(error)}.", icon=":material/error:")


def _card(run: Run, varied: list[str], best: bool, mine: bool) -> None:
    """The run that is open: what it is, how it learned, and what can be done with it."""
    progress = lab().progress(run.id)
    what = described(run.config, varied) or run.name
    st.markdown(f"**{'Best: ' if best else ''}{plain(what[0].upper() + what[1:])}**")
    held_out = "" if run.validation_error is None else f" · held-out error {run.validation_error:.2f}"
    st.caption(f"{run.status.capitalize()}, epoch {progress.epoch} of {progress.epochs}{held_out}")
    with st.container(horizontal=True):
        if progress.model is not None and st.button(
            "Use this model", type="primary", icon=":material/check:", key="use_of_sweep"
        ):
            use(current_run.named(run, progress))
            st.rerun()
        if mine and st.button("Show on Train", icon=":material/monitoring:", key="watch_of_sweep"):
            current_run.watch(run.id)
            st.switch_page("pages/train.py")
    if progress.history:
        show.chart(charts.learning_curve(progress.history, progress.epochs), key="sweep_curve")
