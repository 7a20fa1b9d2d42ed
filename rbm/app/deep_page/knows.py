"""What each layer knows: guess first; then curves of the digits misread over the number of labels, layer by layer."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import streamlit as st

from rbm.app import again, charts, guess, show, visitor
from rbm.app.deep_page import nets
from rbm.app.deep_page.nets import NamedNet
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import BadFile, Refused
from rbm.measures.probe import SIZES, Point, learning_curve
from rbm.pretrained import probe
from rbm.runs import budget
from rbm.runs.errand import Errand

LABELS = 100  # of the question
SECONDS, LOOK = 15.0, 0.5  # that a layer's curve may take, for the queue; between two looks
YES, NO, SAME = "Yes", "No", "The same"
SURE = 2.0  # standard errors that make a difference
SHIPPED = ("pixels", "digits", "deep")  # curves by depth of the net that ships, by `probe.NAMES`
STYLE = [("#7a869a", 1.5), ("#4c6ef5", 2.5), ("#e8590c", 4.0)]  # colour and width, the pixels first
log = logging.getLogger(__name__)
Curves = dict[str, tuple[Point, ...]]


def section(named: NamedNet, data: Dataset) -> None:
    st.header("What each layer knows", anchor=False)
    if not data.labelled:
        st.caption("These images have no labels, so there is nothing to read.")
        return
    known = _shipped(named, data)
    if known and named.net.depth == 2:
        before, after = nets.errors_by_depth(named, data)
        text = (
            f"Two layers up the picture is blurrier: on its way back a held-out digit has an error of {after:.1f}, and "
            f"of {before:.1f} from one layer up. Is it **easier to read**, by a straight line and {LABELS} labels?"
        )
        if not guess.card("deep_readable", text, lambda said: verdict(known, said), (YES, NO, SAME)):
            return
    _measured(named, data, known)


def verdict(known: Curves, said: str) -> str:
    """The answer to the question, from the curves of pixels, layer 1 and layer 2."""
    pixels, one, two = (_at(points) for points in known.values())
    right = answer(one, two)
    words = {YES: "It is easier", NO: "It is harder", SAME: "It is the same, as far as can be told"}[right]
    return (
        f"You said **{said.lower()}**. **{words}**: with {LABELS} labels a straight line misreads "
        f"{pixels.error:.1%} of new digits by their pixels, {one.error:.1%} by layer 1 and **{two.error:.1%}** by "
        "layer 2. What the picture lost is what one 7 has and another hasn't. But this top had help: it was trained "
        "with the names of 50,000 digits beside it, and layer 1 saw not one."
    )


def answer(one: Point, two: Point) -> str:
    """Whether the second is easier to read than the first."""
    gap, spread = one.error - two.error, (one.standard_error**2 + two.standard_error**2) ** 0.5
    if abs(gap) <= SURE * spread:
        return SAME
    return YES if gap > 0 else NO


def _at(points: tuple[Point, ...]) -> Point:
    return next(point for point in points if point.labels == LABELS)


def title(depth: int) -> str:
    return f"layer {depth}" if depth else "pixels"


def _shipped(named: NamedNet, data: Dataset) -> Curves:
    """The curves that ship, for the net that ships and the data they were measured on."""
    if data.name != probe.DATA or not nets.is_shipped(named):
        return {}
    try:
        curves = probe.load()
    except BadFile as error:
        log.warning("%s", error)
        return {}  # then they are measured
    return {title(depth): curves[name].points for depth, name in enumerate(SHIPPED)}


def _measured(named: NamedNet, data: Dataset, known: Curves) -> None:
    """The chart, as far as its curves are known."""
    errand = None if known else lab().errands.find(_key(named, data))
    busy = errand is not None and not errand.over
    again.every(LOOK if busy else None, _chart)(named, data, known, busy)


def _chart(named: NamedNet, data: Dataset, known: Curves, busy: bool) -> None:
    errand = None if known else lab().errands.find(_key(named, data))
    if busy and (errand is None or errand.over):
        st.rerun()  # no more looks
    curves = dict(known)
    for name, point in errand.results if errand else ():
        curves[name] = (*curves.get(name, ()), point)
    show.chart(chart(curves, data), key="deep_curves")
    if not known:
        _control(named, data, errand)
    if named.net.n_classes:
        told = named.note.get("measured", {}).get("misread_mnist_5k") if nets.is_shipped(named) else None
        own = f" By itself, asked for the likeliest name, the net misreads {told:.1%}." if told is not None else ""
        st.caption(
            f"Logistic regression on the means of each layer; bars are two standard errors of twenty draws of the "
            f"labelled digits. The top saw all labels of its training digits, these curves the few on the axis.{own}"
        )


def _control(named: NamedNet, data: Dataset, errand: Errand | None) -> None:
    """Measure, or how far it is."""
    if errand is None or errand.trouble:
        if errand is not None:
            st.error(f"This could not be measured: {plain(errand.trouble)}", icon=":material/error:")
        if st.button("Measure every layer", type="primary", icon=":material/straighten:", key="measure_layers"):
            _start(named, data)
    elif not errand.over:
        place = errand.place
        waits = f"Waiting for a free worker: place {place} in the queue" if place else "Reading layer by layer"
        st.progress(len(errand.results) / errand.total, text=waits)


def _start(named: NamedNet, data: Dataset) -> None:
    images = _rows(named, data)
    sizes = [size for size in SIZES if len(data.classes) <= size <= images]
    layers = named.net.depth + 1
    try:
        lab().errands.start(
            _key(named, data), visitor.key(), lambda: _points(named, data, images), max(len(sizes) * layers, 1),
            SECONDS * layers,
        )  # fmt: skip
    except Refused as error:
        st.error(f"{plain(error)}.", icon=":material/error:")
    else:
        st.rerun()


def _rows(named: NamedNet, data: Dataset) -> int:
    """Training images to read from: as many as the server keeps the units of."""
    return min(len(data.train_images), budget.rows(max(named.sizes)))


def _points(named: NamedNet, data: Dataset, count: int) -> Iterator[tuple[str, Point]]:
    """Point by point, from the pixels up."""
    images, labels = data.train_images[:count], data.train_labels[:count]
    others, truth = data.test_images[:count], data.test_labels[:count]
    for depth in range(named.net.depth + 1):
        seen, told = named.net.up(images, depth), named.net.up(others, depth)
        yield from ((title(depth), point) for point in learning_curve(seen, labels, told, truth))


def _key(named: NamedNet, data: Dataset) -> tuple[str, str, str]:
    return "layers", named.fingerprint, data.fingerprint


def chart(curves: Curves, data: Dataset) -> charts.Chart:
    """Misread in per cent over labels, both on scales of powers; the layers grow bolder towards the top."""
    lines, told = [], []
    for number, (name, points) in enumerate(curves.items()):
        colour, width = STYLE[min(number, len(STYLE) - 1)]
        bars = {"type": "data", "array": [200 * point.standard_error for point in points], "thickness": 1}
        x, y = [point.labels for point in points], [100 * point.error for point in points]
        lines.append(charts.line(x, y, name, line={"width": width, "color": colour}, error_y=bars))
        told += [f"{name} {100 * point.error:.1f} % with {point.labels}" for point in points[-1:]]
    ticks = {"type": "log", "tickvals": list(SIZES), "ticktext": [f"{size:,}" for size in SIZES]}
    misread = [1, 2, 3, 5, 10, 20, 30, 50, 80]
    figure = charts.figure_of(
        lines, "", "labelled images", "misread, %", 360,
        xaxis=ticks, yaxis={"type": "log", "tickvals": misread, "ticktext": list(map(str, misread))},
    )  # fmt: skip
    words = f"Misread of {len(data.test_images):,} held-out images, layer by layer: {'; '.join(told) or 'none yet'}"
    return charts.Chart(figure, words)
