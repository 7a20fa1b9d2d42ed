"""Several runs beside each other: their curves, their filters, and the settings in which they differ."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import streamlit as st

from rbm.app import charts, data_sets, deep_nets, pictures, show
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.models.notebook import near_square
from rbm.runs.record import Run
from rbm.training.config import TrainConfig
from rbm.training.settings import settings_of

MOST = 6
SAID = 3  # settings in the name of a curve
SHOWN_FILTERS = 50


def curves(runs: list[Run]) -> None:
    """One measured quantity of each run: the log-likelihood, if any run measured it; what else there is by choice."""
    lines = {name: lab().progress(run.id).history for name, run in zip(names(runs), runs, strict=True)}
    known = charts.measured(lines.values()) or ["held_out_error"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        quantity = st.selectbox(
            "Compare by",
            known,
            format_func=lambda name: charts.QUANTITIES[name].title,
            key="compare_what",
            help="The log-likelihood tells most, where the training measured it (**Also measure while it trains**, on "
            "the Train page). By the reconstruction error alone PCD looks worse than CD, though its dreams are better.",
        )
        by = st.segmented_control(
            "Against", ["Epochs", "Seconds"], default="Epochs", required=True, key="compare_by", persist_state="session"
        )
    show.chart(charts.overlay(lines, quantity, by_seconds=by == "Seconds"), key="compare_curves")
    without = [name for name, history in lines.items() if quantity not in charts.measured([history])]
    if without:
        st.caption(f"Not measured in: {plain('; '.join(without))}.")


def names(runs: list[Run]) -> list[str]:
    """What tells the runs apart: the first settings that differ, or where none does their names."""
    if len(runs) == 1:
        return [f"{run.name} ({run.id[:4]})" for run in runs]
    rows = differing(runs)
    more = " …" if len(rows) > SAID else ""
    said = [", ".join(f"{row['setting']} {row[_column(run)]}" for row in rows[:SAID]) + more for run in runs]
    return [
        text if text and said.count(text) == 1 else f"{text or run.name} ({run.id[:4]})"
        for text, run in zip(said, runs, strict=True)
    ]


def differing(runs: list[Run]) -> list[dict[str, Any]]:
    """A row for every setting that is not the same in all runs."""
    known = {name: setting.label for name, setting in settings_of(TrainConfig).items()}
    settings = [_settings(run) for run in runs]
    rows = []
    for name in settings[0]:
        values = [chosen[name] for chosen in settings]
        if any(value != values[0] for value in values):
            columns = {_column(run): str(value) for run, value in zip(runs, values, strict=True)}
            rows.append({"setting": known.get(name, name), **columns})
    return rows


def _settings(run: Run) -> dict[str, Any]:
    below = " on ".join(f"{layer.name} ({layer.id[:4]})" for layer in reversed(deep_nets.under(run)))
    return {
        "data": data_sets.title(run.data), "classes": run.n_classes, "stands on": below or "the pixels",
        **asdict(run.config),
    }  # fmt: skip


def _column(run: Run) -> str:
    return f"{run.name} ({run.id[:4]})"


def settings_table(runs: list[Run]) -> None:
    rows = differing(runs)
    if rows:
        st.dataframe(rows, hide_index=True, key="compare_settings")
    else:
        st.caption("These runs have the same data and settings.")


def filters(runs: list[Run]) -> None:
    """The first filters of each run, side by side."""
    with st.grid(2 if len(runs) < 3 else 3, min_column_width=220):
        for name, run in zip(names(runs), runs, strict=True):
            net = lab().net(run.id)
            if net is not None:
                weights = deep_nets.receptive(net, SHOWN_FILTERS)
                shape = data_sets.shape(run.data, len(weights)) or near_square(len(weights))
                scale = 1 if shape[1] > 16 else 3
                picture = pictures.filters(weights, shape, 10, common=True, scale=scale)
                show.picture(picture, plain(name))
