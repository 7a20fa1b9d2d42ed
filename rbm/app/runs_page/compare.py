"""Several runs beside each other: their curves, their filters, and the settings in which they differ."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import streamlit as st

from rbm.app import charts, data_sets, pictures, show
from rbm.app.server import lab
from rbm.models.notebook import near_square
from rbm.runs.record import Run

MOST = 6
SHOWN_FILTERS = 50


def curves(runs: list[Run]) -> None:
    """The held-out error (or the training error, where there is none) of each run."""
    by = st.segmented_control(
        "Against", ["Epochs", "Seconds"], default="Epochs", required=True, key="compare_by", persist_state="session"
    )
    lines = {f"{run.name} ({run.id[:4]})": lab().progress(run.id).history for run in runs}
    show.chart(charts.overlay(lines, by_seconds=by == "Seconds"), key="compare_curves")


def differing(runs: list[Run]) -> list[dict[str, Any]]:
    """A row for every setting that is not the same in all runs."""
    settings = [{"data": data_sets.title(run.data), "classes": run.n_classes, **asdict(run.config)} for run in runs]
    rows = []
    for name in settings[0]:
        values = [chosen[name] for chosen in settings]
        if any(value != values[0] for value in values):
            columns = {f"{run.name} ({run.id[:4]})": str(value) for run, value in zip(runs, values, strict=True)}
            rows.append({"setting": name, **columns})
    return rows


def settings_table(runs: list[Run]) -> None:
    rows = differing(runs)
    if rows:
        st.dataframe(rows, hide_index=True, key="compare_settings")
    else:
        st.caption("These runs have the same data and settings.")


def filters(runs: list[Run]) -> None:
    """The first filters of each run, side by side."""
    with st.grid(2 if len(runs) < 3 else 3, min_column_width=220):
        for run in runs:
            model = lab().progress(run.id).model
            if model is not None:
                weights = model.marginal.weights[:, :SHOWN_FILTERS]
                shape = data_sets.shape(run.data, len(weights)) or near_square(len(weights))
                scale = 1 if shape[1] > 16 else 3
                picture = pictures.filters(weights, shape, 10, common=True, scale=scale)
                show.picture(picture, f"{run.name} ({run.id[:4]})")
