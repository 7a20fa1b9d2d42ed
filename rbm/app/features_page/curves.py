"""Can a straight line read it? Curves of the digits misread over the number of labels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import streamlit as st

from rbm.app import again, charts, guess, show, visitor
from rbm.app.current_model import NamedModel, shipped
from rbm.app.features_page import described
from rbm.app.server import lab
from rbm.app.text import plain, plotted
from rbm.datasets.dataset import Dataset
from rbm.errors import Refused
from rbm.measures import maps
from rbm.measures.probe import SIZES, Point, learning_curve
from rbm.pretrained import probe
from rbm.runs.errand import Errand
from rbm.training.config import TrainConfig
from rbm.training.start import untrained

LABELS = 100  # of the question
SECONDS = 12.0  # that a curve may take, for the queue
LOOK = 0.5  # seconds between two looks at a curve that is being measured
NAMES = {
    "pixels": "pixels", "PCA": "50 principal components", "untrained": "784-500, untrained",
    "autoencoder": "784-500, autoencoder", "CD-1": "784-500, CD-1", "PCD": "784-500, PCD",
}  # fmt: skip
SHIPPED = {"digits": "default", "strokes": "strokes", "sick": "sick"}  # curves of models that ship, by their files
CALM = ["#7a869a", "#9c5fd6", "#a0a8b8", "#2b9a78", "#4c6ef5", "#c29200"]  # of the curves beside the model in use
Curves = dict[str, tuple[Point, ...]]


def section(named: NamedModel, data: Dataset) -> None:
    st.header("Can a straight line read it?", anchor=False)
    if not data.labelled:
        st.caption("These images have no labels, so there is nothing to read. The map and the neighbours need none.")
        return
    try:
        known = _of_others(data)
    except Refused as error:  # the file that ships is damaged: the rest of the page needs none
        st.error(f"{plain(error)}.", icon=":material/error:")
        return
    if not known:
        _measured(named, data, known)
        return
    pixels = _at(known[NAMES["pixels"]])
    text = (
        f"You may label {LABELS} digits. By their **pixels**, logistic regression then misreads {pixels:.0%} of new "
        "ones. How many in a hundred does it misread by the **hidden units** of a trained machine?"
    )
    if guess.card(f"features_{LABELS}", text, lambda said: _verdict(known, int(said)), largest=100):
        _measured(named, data, known)


def _verdict(known: Curves, said: int) -> str:
    right, pixels = _at(known[NAMES["PCD"]]), known[NAMES["pixels"]]
    like = next((point.labels for point in pixels if point.error <= right), pixels[-1].labels)
    return (
        f"You guessed **{said}**. **It is {100 * right:.0f}**, and by pixels it would take about {like} labels. The "
        "machine had seen all the digits before, and not one label: it has learned what digits are made of."
    )


def _at(points: tuple[Point, ...]) -> float:
    """The error with LABELS labels."""
    return next(point.error for point in points if point.labels == LABELS)


def _of_others(data: Dataset) -> Curves:
    """The curves that ship, for the data they were measured on."""
    if data.name != probe.DATA:
        return {}
    return {NAMES[name]: curve.points for name, curve in probe.load().items() if name in NAMES}


def _measured(named: NamedModel, data: Dataset, known: Curves) -> None:
    """The chart, with the curve of the model in use as far as it is known."""
    mine = _shipped_curve(named, data)
    errand = lab().errands.find(_key(named, data)) if mine is None else None
    busy = errand is not None and not errand.over
    again.every(LOOK if busy else None, _chart)(named, data, known, mine, busy)


def _chart(named: NamedModel, data: Dataset, known: Curves, mine: tuple[Point, ...] | None, busy: bool) -> None:
    errand = lab().errands.find(_key(named, data)) if mine is None else None
    if busy and (errand is None or errand.over):
        st.rerun()  # no more looks
    curves = dict(known)
    if mine is not None:
        curves[named.name] = mine
    for name, point in errand.results if errand else ():
        curves[name] = (*curves.get(name, ()), point)
    show.chart(chart(curves, named.name, data), key="probe_curves")
    if mine is None:
        _control(named, data, errand)
    if known:
        st.caption(
            "Logistic regression on all, on the same draws of labelled digits; bars are two standard errors of twenty "
            "draws. Untrained units read no better than pixels: it is the learning that helps, not their number. The "
            "autoencoder rebuilds digits with a third of the error and reads worse than either RBM."
        )


def _control(named: NamedModel, data: Dataset, errand: Errand | None) -> None:
    """Measure, or how far it is."""
    if errand is None or errand.trouble:
        if errand is not None:
            st.error(f"This could not be measured: {plain(errand.trouble)}", icon=":material/error:")
        label = f"Measure {plain(named.name)}"
        if st.button(label, type="primary", icon=":material/straighten:", key="measure_probe"):
            _start(named, data)
    elif not errand.over:
        place = errand.place
        waits = (
            f"Waiting for a free worker: place {place} in the queue" if place else "Reading with more and more labels"
        )
        st.progress(len(errand.results) / errand.total, text=waits)


def _start(named: NamedModel, data: Dataset) -> None:
    lone = not _of_others(data)
    (images, _), total = described.training(named, data), 0
    sizes = [size for size in SIZES if len(data.classes) <= size <= len(images)]
    total = len(sizes) * (4 if lone else 1)
    try:
        lab().errands.start(
            _key(named, data), visitor.key(), lambda: _points(named, data, lone), max(total, 1), SECONDS
        )
    except Refused as error:
        st.error(f"{plain(error)}.", icon=":material/error:")
    else:
        st.rerun()


def _points(named: NamedModel, data: Dataset, lone: bool) -> Iterator[tuple[str, Point]]:
    """Point by point: the model in use; before it what it is compared with, where no such curves ship."""
    (images, labels), (others, truth) = described.training(named, data), described.held_out(named, data)
    first, last = described.pixels(images), described.pixels(others)
    if lone:
        yield from (("pixels", point) for point in learning_curve(first, labels, last, truth))
        count = min(probe.COMPONENTS, *first.shape)
        axes = maps.principal(first, count)
        title = f"{count} principal components"
        yield from ((title, point) for point in learning_curve(axes.of(first), labels, axes.of(last), truth))
        fresh = untrained(images, TrainConfig(n_hidden=named.marginal.n_hidden, weight_std=0.1))
        curve = learning_curve(fresh.mean_hidden(first), labels, fresh.mean_hidden(last), truth)
        yield from (("untrained", point) for point in curve)
    seen, told = described.hidden(named, images), described.hidden(named, others)
    yield from ((named.name, point) for point in learning_curve(seen, labels, told, truth))


def _key(named: NamedModel, data: Dataset) -> tuple[str, str, str, str]:
    return "probe", named.fingerprint, named.name, data.name


def _shipped_curve(named: NamedModel, data: Dataset) -> tuple[Point, ...] | None:
    """What ships of a model that ships."""
    if data.name != probe.DATA:
        return None
    return next((points for mark, points in _of_shipped() if mark == named.fingerprint), None)


@cache
def _of_shipped() -> tuple[tuple[str, tuple[Point, ...]], ...]:
    models, curves = shipped(), probe.load()
    return tuple((models[file].fingerprint, curves[name].points) for name, file in SHIPPED.items() if file in models)


def chart(curves: Curves, mine: str, data: Dataset) -> charts.Chart:
    """Misread in per cent over labels, both on scales of powers; the model in use stands out."""
    lines, told = [], []
    for number, (name, points) in enumerate(sorted(curves.items(), key=lambda one: one[0] == mine)):
        style = {"width": 4, "color": charts.COLOURS[1]} if name == mine else {"width": 1.5, "color": CALM[number % 6]}
        bars = {"type": "data", "array": [200 * point.standard_error for point in points], "thickness": 1}
        x, y = [point.labels for point in points], [100 * point.error for point in points]
        lines.append(charts.line(x, y, plotted(name), line=style, error_y=bars))
        told += [f"{name} {100 * point.error:.1f} % with {point.labels}" for point in points[-1:]]
    ticks = {"type": "log", "tickvals": list(SIZES), "ticktext": [f"{size:,}" for size in SIZES]}
    misread = [2, 3, 5, 10, 20, 30, 50, 80]
    figure = charts.figure_of(
        lines, "", "labelled images", "misread, %", 400,
        xaxis=ticks, yaxis={"type": "log", "tickvals": misread, "ticktext": list(map(str, misread))},
    )  # fmt: skip
    return charts.Chart(
        figure, f"Misread of {len(data.test_images):,} held-out images: {'; '.join(told) or 'none yet'}"
    )
