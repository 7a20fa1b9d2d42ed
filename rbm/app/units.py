"""What the Filters and Activations pages are made of: hidden units one by one and all together."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm import diagnostics
from rbm.app import figures, session, show
from rbm.app.session import NamedModel, Part, near_square
from rbm.datasets import Dataset
from rbm.model import Array

Order = Literal["Norm", "Mean activation", "Index"]
EXCITING = 16
BATCH = 100


def order_choice() -> Order:
    choice = st.segmented_control(
        "Sorted by",
        ["Norm", "Mean activation", "Index"],
        default="Norm",
        required=True,
        key="filters_order",
        persist_state="session",
        help="Norm: units with the largest weights first. Mean activation: the busiest over the held-out digits first. "
        "Index: as they lie in the model.",
    )
    return cast(Order, choice)


def scale_choice() -> bool:
    choice = st.segmented_control(
        "Colour scale",
        ["Common", "Per filter"],
        default="Common",
        required=True,
        key="filters_scale",
        persist_state="session",
        help="Common: strong units stand out. Per filter: the pattern of weak units shows too, noise included.",
    )
    return choice == "Common"


def ranked(named: NamedModel, order: Order) -> NDArray[np.int64]:
    """The units in the order to show them."""
    if order == "Norm":
        return np.argsort(-np.linalg.norm(named.eyes.weights, axis=0), kind="stable")
    if order == "Mean activation" and named.dataset is not None:
        return np.argsort(-_activations(named, named.dataset.name).mean(axis=0), kind="stable")
    return np.arange(named.eyes.n_hidden)


def _activations(named: NamedModel, data: str, part: Part = "Held-out") -> Array:
    return session.activations(named.fingerprint, named.eyes, data, part)


def mosaic(named: NamedModel, order: Order, common: bool) -> figures.Picture:
    """All filters in one image."""
    return _mosaic(named.fingerprint, named, order, common)


@st.cache_resource(max_entries=12, show_spinner=False)
def _mosaic(fingerprint: str, _named: NamedModel, order: Order, common: bool) -> figures.Picture:
    weights = _named.eyes.weights[:, ranked(_named, order)]
    columns, scale = (25, 2) if _named.shape[1] > 16 else (32, 5)
    return figures.filters(weights, _named.shape, columns, common=common, scale=scale)


def mosaic_caption(named: NamedModel, order: Order) -> str:
    return f"All {named.eyes.n_hidden} filters, by {order.lower()}, row by row"


def pick(named: NamedModel, order: NDArray[np.int64]) -> int:
    """The unit to look at, chosen by its place in the mosaic."""
    place = st.number_input(f"Place in the mosaic (1 to {len(order)}, row by row)", 1, len(order), key="filters_place")
    unit = int(order[int(place) - 1])
    norm = np.linalg.norm(named.eyes.weights[:, unit])
    st.metric("Unit", f"{unit}", help="Its index in the model, counted from 0.")
    st.metric("Bias", f"{named.eyes.hidden_bias[unit]:.3f}", help="Its total input when every pixel is black.")
    st.metric("Norm of its weights", f"{norm:.2f}")
    return unit


def portrait(named: NamedModel, unit: int) -> None:
    """One unit: its filter large, how often it is on, and the digits that excite it most."""
    filter_column, chart_column = st.columns([1, 2], gap="medium")
    weights = named.eyes.weights[:, unit : unit + 1]
    with filter_column:
        tile = figures.diverging(weights.T, named.shape)
        show.picture(figures.single(tile, f"The weights of unit {unit}", 280), "its filter", width="content")
    if named.dataset is None:
        return
    activation = _activations(named, named.dataset.name)[:, unit]
    with chart_column:
        chart = figures.histogram(activation, f"How often unit {unit} is on", "p(h = 1 | digit)", "held-out digits")
        show.chart(chart, key="unit_activation")
    best = np.argsort(-activation, kind="stable")[:EXCITING]
    tiles = figures.grey(named.dataset.test_images[best], named.shape)
    alt = f"The {len(best)} held-out digits that excite unit {unit} most: {named.dataset.test_labels[best].tolist()}"
    show.picture(
        figures.mosaic(tiles, EXCITING, alt, scale=2 if named.shape[1] > 16 else 6),
        f"The {len(best)} held-out digits that excite it most",
    )


def parameter_histograms(named: NamedModel) -> dict[str, figures.Chart]:
    """Charts by their keys."""
    model = named.eyes
    return {
        "weights_histogram": figures.histogram(model.weights.ravel(), "Weights", "weight"),
        "visible_bias_histogram": figures.histogram(model.visible_bias, "Visible biases", "bias"),
        "hidden_bias_histogram": figures.histogram(model.hidden_bias, "Hidden biases", "bias"),
    }


# ---- activations of a batch


def batch(data: Dataset, part: Part, sort: bool) -> NDArray[np.int64]:
    """100 digits of a part, sorted by class or as they come."""
    _, labels = session.images_and_labels(data, part)
    chosen = np.random.default_rng(0).permutation(len(labels))[:BATCH]
    return chosen[np.argsort(labels[chosen], kind="stable")] if sort else chosen


def heatmap(named: NamedModel, data: str, part: Part, chosen: NDArray[np.int64]) -> figures.Chart:
    activations = _activations(named, data, part)[chosen]
    title = f"Hidden probabilities: {activations.shape[1]} units × {len(chosen)} digits"
    return figures.heatmap(activations.T, title, "digit", "hidden unit", height=520)


def health(named: NamedModel, data: str, part: Part) -> None:
    """How many units are dead, always on, and how many answer to a digit."""
    activations = _activations(named, data, part)
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


def mean_per_unit(named: NamedModel, data: str, part: Part) -> figures.Chart:
    means = np.sort(_activations(named, data, part).mean(axis=0))[::-1]
    title = "Mean activation per unit, busiest first"
    return figures.curve(np.arange(1, len(means) + 1), means, title, "unit, by rank", "mean of p(h = 1 | digit)")


def mean_per_class(named: NamedModel, data: Dataset, part: Part) -> figures.Chart:
    _, labels = session.images_and_labels(data, part)
    classes, means = diagnostics.mean_by_class(_activations(named, data.name, part), labels)
    busiest = np.argsort(-means.var(axis=0), kind="stable")[:BATCH]
    title = "Mean activation per class"
    chart = figures.heatmap(means[:, busiest], title, f"the {len(busiest)} most selective units", "digit", height=360)
    names = [data.class_name(int(c)) for c in classes]
    chart.figure.update_yaxes(tickmode="array", tickvals=list(range(len(classes))), ticktext=names)
    return chart


def one_digit(named: NamedModel, data: Dataset, part: Part, index: int) -> None:
    """A digit and its hidden layer as images."""
    images, labels = session.images_and_labels(data, part)
    hidden = _activations(named, data.name, part)[index]
    shape = near_square(len(hidden))
    left, right = st.columns(2)
    with left:
        tile = figures.grey(images[index], data.shape)
        show.picture(figures.single(tile, f"A {data.class_name(int(labels[index]))}", 220), "the digit")
    with right:
        tile = figures.sequential(hidden, shape)
        alt = f"{(hidden > 0.5).sum()} of {len(hidden)} hidden units are on"
        show.picture(figures.single(tile, alt, 220), f"its hidden layer: {alt}")
