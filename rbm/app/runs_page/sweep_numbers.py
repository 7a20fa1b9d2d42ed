"""What the runs of a sweep are compared by: what their training measured, and what is measured for the map alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import streamlit as st

from rbm.app import data_sets, visitor
from rbm.app.runs_page import twins
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import Refused
from rbm.models.binary import RBM
from rbm.runs.errand import Errand
from rbm.runs.record import Run


class Quantity(NamedTuple):
    """sign: 1 where less is better, -1 where more is. seconds: that measuring a run may take, 0 where training did."""

    title: str
    sign: int
    seconds: float
    help: str


class Number(NamedTuple):
    value: float
    text: str


QUANTITIES = {
    "held_out": Quantity("Held-out error", 1, 0.0, "the reconstruction error of images kept back from training."),
    "likelihood": Quantity(
        "Log-likelihood", -1, 6.0,
        "how probable held-out images are, in nats; by AIS, some seconds for each run. ≥ marks a bound.",
    ),
    "misread": Quantity(
        "Misread", 1, 3.0,
        f"the share of held-out images that a straight line through the hidden units misreads, having seen "
        f"{twins.LABELS} labels.",
    ),
}  # fmt: skip


def of(runs: Sequence[Run], quantity: str) -> dict[str, Number]:
    """What is known of the runs that are over, by their ids."""
    over = [run for run in runs if run.over and run.status != "failed" and run.epoch]
    if quantity == "held_out":
        return {run.id: _plain(run.validation_error) for run in over if run.validation_error is not None}
    known = {run.id: number for run in over if quantity == "likelihood" and (number := _by_training(run)) is not None}
    found = errand(runs, quantity)
    return known | {run_id: number for run_id, number in (found.results if found else ()) if number is not None}


def _plain(value: float) -> Number:
    return Number(value, f"{value:.2f}")


def _by_training(run: Run) -> Number | None:
    """The last log-likelihood that the training measured."""
    if not {"ais", "exact"} & set(run.measures):
        return None
    for point in reversed(lab().progress(run.id).history):
        for name in ("exact_log_likelihood", "ais"):
            if name in point.measures:
                return Number(point.measures[name], f"{point.measures[name]:.1f}")
        if "ais_lower" in point.measures:
            return Number(point.measures["ais_lower"], f"≥ {point.measures['ais_lower']:.1f}")
    return None


def stands(run: Run) -> str:
    """Of a run without a number, in a word."""
    if run.status == "running":
        return f"{run.fraction:.0%}"
    return "" if run.status == "finished" else run.status


# ---- what is measured for the map


def errand(runs: Sequence[Run], quantity: str) -> Errand | None:
    return lab().errands.find(_key(runs, quantity))


def _key(runs: Sequence[Run], quantity: str) -> tuple[object, ...]:
    return "sweep", quantity, *((run.id, run.fraction) for run in runs)


def offer(runs: Sequence[Run], quantity: str, *, mine: bool) -> None:
    """A button that measures what isn't known, where that can be; how far it is."""
    found = errand(runs, quantity)
    if found is not None and found.trouble:
        st.error(f"This could not be measured: {plain(found.trouble)}", icon=":material/error:")
    if found is not None and not found.over:
        waits = f"Waiting for a free worker: place {found.place} in the queue" if found.place else "Measuring"
        st.progress(len(found.results) / found.total, text=f"{waits}: {len(found.results)} of {found.total}")
        return
    missing = [run for run in runs if run.over and run.id not in of(runs, quantity)]
    data = data_sets.find(runs[0].data)
    if not QUANTITIES[quantity].seconds or not missing or (found is not None and not found.trouble):
        return
    if any(run.unfinished for run in runs):
        st.caption("It can be measured when all trainings are done.")
    elif data is None or any(run.config.visible != "binary" for run in runs):
        st.caption("It can't be measured here: the images are not on this server, or their units are not binary.")
    elif quantity == "misread" and not data.labelled:
        st.caption("These images have no classes to read.")
    elif mine:
        label = f"Measure {len(missing)} runs"
        text = f"It takes about {QUANTITIES[quantity].seconds:.0f} seconds for each."
        st.button(
            label, icon=":material/straighten:", key="measure_sweep", help=text, type="primary",
            on_click=_measure, args=(runs, missing, data, quantity),
        )  # fmt: skip


def _measure(runs: Sequence[Run], missing: Sequence[Run], data: Dataset, quantity: str) -> None:
    models = {run.id: model.marginal for run in missing if (model := lab().progress(run.id).model) is not None}
    seconds = QUANTITIES[quantity].seconds * len(models)
    try:
        lab().errands.start(
            _key(runs, quantity), visitor.key(), lambda: measured(models, data, quantity), len(models), seconds
        )
    except Refused as error:
        st.toast(f"This can't be measured now: {plain(error)}.", icon=":material/error:")


def measured(models: dict[str, RBM], data: Dataset, quantity: str) -> Iterator[tuple[str, Number | None]]:
    """One by one, with the run's id; None where these images don't allow it."""
    for run_id, model in models.items():
        yield run_id, _likelihood(model, data) if quantity == "likelihood" else _misread(model, data)


def _misread(model: RBM, data: Dataset) -> Number | None:
    share = twins.misread(model, data)
    return None if share is None else Number(share, f"{share:.1%}")


def _likelihood(model: RBM, data: Dataset) -> Number | None:
    trusted, found = twins.log_likelihood(model, data)
    value: Any = found.value if trusted else found.lower
    return Number(float(value), f"{'' if trusted else '≥ '}{value:.1f}") if math.isfinite(value) else None
