"""What the Activations page is made of: which hidden units answer to a batch of digits."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import charts, current_model, pictures, show
from rbm.app.current_model import NamedModel, Part, activations_of
from rbm.app.text import plotted
from rbm.datasets.dataset import Dataset
from rbm.measures import diagnostics
from rbm.models.notebook import near_square

BATCH = 100


def batch(data: Dataset, part: Part, sort: bool) -> NDArray[np.int64]:
    """100 digits of a part, sorted by class or as they come."""
    _, labels = current_model.images_and_labels(data, part)
    chosen = np.random.default_rng(0).permutation(len(labels))[:BATCH]
    return chosen[np.argsort(labels[chosen], kind="stable")] if sort else chosen


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


def one_digit(named: NamedModel, data: Dataset, part: Part, index: int) -> None:
    """A digit and its hidden layer as images."""
    images, labels = current_model.images_and_labels(data, part)
    hidden = activations_of(named, data.name, part)[index]
    shape = near_square(len(hidden))
    left, right = st.columns(2)
    with left:
        tile = pictures.grey(images[index], data.shape)
        show.picture(pictures.single(tile, f"A {data.class_name(int(labels[index]))}", 220), "the digit")
    with right:
        tile = pictures.sequential(hidden, shape)
        alt = f"{(hidden > 0.5).sum()} of {len(hidden)} hidden units are on"
        show.picture(pictures.single(tile, alt, 220), f"its hidden layer: {alt}")
