"""What the Activations page is made of: which hidden units answer to which digits."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import charts, current_model, pictures, show, widgets
from rbm.app.components.tiles import tiles
from rbm.app.current_model import NamedModel, Part, activations_of
from rbm.app.text import plain, plotted
from rbm.datasets.dataset import Dataset
from rbm.measures import diagnostics
from rbm.models.notebook import near_square

BATCH = 100  # digits of the full map, and units of the map by class
TELLING, COLUMNS = 12, 20  # units that tell classes apart best; digits in a row
CHOSEN = "activations_chosen"  # the digit to look at, by its index in the part


def batch(data: Dataset, part: Part, sort: bool) -> NDArray[np.int64]:
    """100 digits of a part, sorted by class or as they come."""
    _, labels = current_model.images_and_labels(data, part)
    chosen = np.random.default_rng(0).permutation(len(labels))[:BATCH]
    return chosen[np.argsort(labels[chosen], kind="stable")] if sort else chosen


def telling_units(named: NamedModel, data: Dataset, part: Part) -> None:
    """The units whose mean differs most between classes: each with its filter, and its mean for every class."""
    _, labels = current_model.images_and_labels(data, part)
    classes, means = diagnostics.mean_by_class(activations_of(named, data.name, part), labels)
    units = np.argsort(-means.var(axis=0), kind="stable")[:TELLING]
    names = [data.class_name(int(label)) for label in classes]
    limit = float(np.quantile(np.abs(named.marginal.weights[:, units]), 0.995))
    with st.grid(6, min_column_width=120):
        for unit in units:
            with st.container(gap="xsmall"):
                words = _likes(means[:, unit], names)
                alt = f"The weights of unit {unit}; {words}"
                show.picture(pictures.signed(named.marginal.weights[:, unit], named.shape, alt, 112, limit))
                bars = pictures.bars(means[:, unit], f"How often unit {unit} is on: {_told(means[:, unit], names)}")
                show.picture(bars, plain(words))
    st.caption(
        f"The {len(units)} of {named.marginal.n_hidden} hidden units that differ most between digits. Above, the "
        f"pixels that switch it on (red) or off (blue); below, how often it is on, for the digits {plain(names[0])} to "
        f"{plain(names[-1])} from left to right."
    )


def _likes(means: NDArray[np.floating], names: list[str]) -> str:
    return f"on for {names[int(means.argmax())]}, off for {names[int(means.argmin())]}"


def _told(means: NDArray[np.floating], names: list[str]) -> str:
    return ", ".join(f"{name} {mean:.0%}" for name, mean in zip(names, means, strict=True))


def heatmap(named: NamedModel, data: str, part: Part, chosen: NDArray[np.int64]) -> charts.Chart:
    activations = activations_of(named, data, part)[chosen]
    title = f"Hidden probabilities: {activations.shape[1]} units × {len(chosen)} digits"
    return charts.heatmap(activations.T, title, "digit", "hidden unit", height=520)


def health(named: NamedModel, data: str, part: Part) -> None:
    """How many units are dead, always on, and how many answer to a digit."""
    activations = activations_of(named, data, part)
    verdict = diagnostics.unit_health(activations)
    with st.grid("auto", min_column_width=170):
        st.metric(
            "Dead units", int(verdict.dead.sum()), border=True,
            help="Never likelier than 1 % on any of these digits. They do nothing; a lower learning rate avoids them.",
        )  # fmt: skip
        st.metric(
            "Always-on units", int(verdict.always_on.sum()), border=True,
            help="Never below 99 %. They act as one more bias.",
        )  # fmt: skip
        st.metric(
            "Units on per digit", f"{activations.mean():.0%}", border=True,
            help="Mean activation. Around half without a sparsity target; with one, near the target.",
        )  # fmt: skip


def mean_per_unit(named: NamedModel, data: str, part: Part) -> charts.Chart:
    means = np.sort(activations_of(named, data, part).mean(axis=0))[::-1]
    title = "Mean activation per unit, busiest first"
    return charts.curve(np.arange(1, len(means) + 1), means, title, "unit, by rank", "mean of p(h = 1 | digit)")


def mean_per_class(named: NamedModel, data: Dataset, part: Part) -> charts.Chart:
    _, labels = current_model.images_and_labels(data, part)
    classes, means = diagnostics.mean_by_class(activations_of(named, data.name, part), labels)
    busiest = np.argsort(-means.var(axis=0), kind="stable")[:BATCH]
    title = "Mean activation per class"
    chart = charts.heatmap(means[:, busiest], title, f"the {len(busiest)} most selective units", "digit", height=360)
    names = [plotted(data.class_name(int(c))) for c in classes]
    chart.figure.update_yaxes(tickmode="array", tickvals=list(range(len(classes))), ticktext=names)
    return chart


@st.fragment
def one_digit(named: NamedModel, data: Dataset, part: Part, chosen: NDArray[np.int64]) -> None:
    """The digits of the map to choose from, and the chosen one's hidden layer as an image."""
    images, labels = current_model.images_and_labels(data, part)
    names = [widgets.called(data, int(labels[i]), f"number {i}") for i in chosen]
    alt = f"The {len(chosen)} digits of the map"
    mosaic = pictures.mosaic(
        pictures.grey(images[chosen], data.shape), COLUMNS, alt, scale=1 if data.shape[1] > 16 else 3
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        index = tiles(mosaic, chosen.tolist(), names, key=CHOSEN, label="A digit")
    with right:
        hidden = activations_of(named, data.name, part)[index]
        words = f"{(hidden > 0.5).sum()} of {len(hidden)} hidden units are on"
        with st.container(horizontal=True):
            digit = pictures.grey(images[index], data.shape)
            show.picture(pictures.single(digit, f"A {data.class_name(int(labels[index]))}", 168), width="content")
            layer = pictures.sequential(hidden, near_square(len(hidden)))
            show.picture(pictures.single(layer, words, 168), words, width="content")
