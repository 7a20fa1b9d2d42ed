"""What the Filters page is made of: hidden units one by one and all together."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import charts, pictures, show
from rbm.app.current_model import NamedModel, activations_of
from rbm.app.remembered import remembered

Order = Literal["Norm", "Mean activation", "Index"]
EXCITING = 16


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
        return np.argsort(-np.linalg.norm(named.marginal.weights, axis=0), kind="stable")
    if order == "Mean activation" and named.dataset is not None:
        return np.argsort(-activations_of(named, named.dataset.name).mean(axis=0), kind="stable")
    return np.arange(named.marginal.n_hidden)


def mosaic(named: NamedModel, order: Order, common: bool) -> pictures.Picture:
    """All filters in one image."""
    return _mosaic(named.fingerprint, named, order, common)


@remembered()
def _mosaic(fingerprint: str, _named: NamedModel, order: Order, common: bool) -> pictures.Picture:
    weights = _named.marginal.weights[:, ranked(_named, order)]
    columns, scale = (25, 2) if _named.shape[1] > 16 else (32, 5)
    return pictures.filters(weights, _named.shape, columns, common=common, scale=scale)


def mosaic_caption(named: NamedModel, order: Order) -> str:
    return f"All {named.marginal.n_hidden} filters, by {order.lower()}, row by row"


def pick(named: NamedModel, order: NDArray[np.int64]) -> int:
    """The unit to look at, chosen by its place in the mosaic."""
    place = st.number_input(f"Place in the mosaic (1 to {len(order)}, row by row)", 1, len(order), key="filters_place")
    unit = int(order[int(place) - 1])
    norm = np.linalg.norm(named.marginal.weights[:, unit])
    st.metric("Unit", f"{unit}", help="Its index in the model, counted from 0.")
    st.metric("Bias", f"{named.marginal.hidden_bias[unit]:.3f}", help="Its total input when every pixel is black.")
    st.metric("Norm of its weights", f"{norm:.2f}")
    return unit


def portrait(named: NamedModel, unit: int) -> None:
    """One unit: its filter large, how often it is on, and the digits that excite it most."""
    filter_column, chart_column = st.columns([1, 2], gap="medium")
    weights = named.marginal.weights[:, unit : unit + 1]
    with filter_column:
        tile = pictures.diverging(weights.T, named.shape)
        show.picture(pictures.single(tile, f"The weights of unit {unit}", 280), "its filter", width="content")
    if named.dataset is None:
        return
    activation = activations_of(named, named.dataset.name)[:, unit]
    with chart_column:
        chart = charts.histogram(activation, f"How often unit {unit} is on", "p(h = 1 | digit)", "held-out digits")
        show.chart(chart, key="unit_activation")
    best = np.argsort(-activation, kind="stable")[:EXCITING]
    tiles = pictures.grey(named.dataset.test_images[best], named.shape)
    alt = f"The {len(best)} held-out digits that excite unit {unit} most: {named.dataset.test_labels[best].tolist()}"
    show.picture(
        pictures.mosaic(tiles, EXCITING, alt, scale=2 if named.shape[1] > 16 else 6),
        f"The {len(best)} held-out digits that excite it most",
    )


def parameter_histograms(named: NamedModel) -> dict[str, charts.Chart]:
    """Charts by their keys."""
    model = named.marginal
    return {
        "weights_histogram": charts.histogram(model.weights.ravel(), "Weights", "weight"),
        "visible_bias_histogram": charts.histogram(model.visible_bias, "Visible biases", "bias"),
        "hidden_bias_histogram": charts.histogram(model.hidden_bias, "Hidden biases", "bias"),
    }
