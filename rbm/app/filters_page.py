"""What the Filters page is made of: hidden units one by one and all together."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import arithmetic, charts, pictures, show
from rbm.app.components.tiles import tiles
from rbm.app.current_model import NamedModel, activations_of
from rbm.app.liveliest import liveliest
from rbm.app.remembered import remembered
from rbm.models.arrays import as_unit_interval

Order = Literal["Strokes", "Norm", "Mean activation", "Index"]
CHOSEN = "filters_unit"  # the unit to look at, in the session
EXCITING, ACROSS = 16, 8
FEW, WIDE, ALL = 80, 10, 25  # units at first, in rows of so many; all of them in rows of so many


def order_choice() -> Order:
    choice = st.segmented_control(
        "Sorted by",
        ["Strokes", "Norm", "Mean activation", "Index"],
        default="Strokes",
        required=True,
        key="filters_order",
        persist_state="session",
        help="Strokes: first the units that are on for some held-out digits and off for others. Norm: those with the "
        "largest weights. Mean activation: the busiest. Index: as they lie in the model.",
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


def how_many() -> bool:
    """Whether to show all units."""
    choice = st.segmented_control(
        "Show", [f"First {FEW}", "All"], default=f"First {FEW}", required=True, key="filters_many",
        persist_state="session", help="Fewer are larger.",
    )  # fmt: skip
    return choice == "All"


def ranked(named: NamedModel, order: Order) -> NDArray[np.int64]:
    """The units in the order to show them."""
    if order == "Strokes":
        return liveliest(named)
    if order == "Norm":
        return np.argsort(-np.linalg.norm(named.marginal.weights, axis=0), kind="stable")
    if order == "Mean activation" and named.dataset is not None:
        return np.argsort(-activations_of(named, named.dataset.name).mean(axis=0), kind="stable")
    return np.arange(named.marginal.n_hidden)


@st.fragment
def gallery(named: NamedModel, order: Order, common: bool, every: bool) -> None:
    """The filters, and beside them the one that is chosen."""
    units = ranked(named, order)
    units = units if every else units[:FEW]
    left, right = st.columns([11, 9], gap="medium")
    with left:
        names = [f"unit {unit}" for unit in units]
        unit = tiles(mosaic(named, order, common, every), units.tolist(), names, key=CHOSEN, label="A hidden unit")
        shown = f"{len(units)} of {named.marginal.n_hidden}" if len(units) < named.marginal.n_hidden else "All"
        st.caption(f"{shown} filters. Click one, or walk with the arrow keys.")
    with right:
        portrait(named, unit)
    if named.dataset is not None and named.model.pixel_kind == "binary":
        best = int(activations_of(named, named.dataset.name)[:, unit].argmax())
        image = as_unit_interval(named.dataset.test_images[best : best + 1])[0]
        arithmetic.panel(named, image, unit, key="filters_sum")


@remembered()
def _mosaic(fingerprint: str, _named: NamedModel, order: Order, common: bool, every: bool) -> pictures.Picture:
    units = ranked(_named, order)
    weights = _named.marginal.weights[:, units if every else units[:FEW]]
    scale = (2 if every else 3) if _named.shape[1] > 16 else (3 if every else 6)
    return pictures.filters(weights, _named.shape, ALL if every else WIDE, common=common, scale=scale)


def mosaic(named: NamedModel, order: Order, common: bool, every: bool) -> pictures.Picture:
    """All filters, or the first, in one image."""
    return _mosaic(named.fingerprint, named, order, common, every)


def portrait(named: NamedModel, unit: int) -> None:
    """One unit: its filter large, how often it is on, and the digits that excite it most."""
    weights = named.marginal.weights[:, unit : unit + 1]
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=200):
            alt = f"The weights of unit {unit}"
            show.picture(pictures.signed(weights[:, 0], named.shape, alt, 196), width="content")
        with st.container(width="stretch"):
            st.header(f"Unit {unit}", anchor=False)
            st.markdown(
                f"bias **{named.marginal.hidden_bias[unit]:.2f}**  \n"
                f"length of its weights **{np.linalg.norm(weights):.2f}**",
                help="The bias is its total input when every pixel is black; the length is the root of the sum of "
                "its squared weights.",
            )
    if named.dataset is None:
        return
    activation = activations_of(named, named.dataset.name)[:, unit]
    best = np.argsort(-activation, kind="stable")[:EXCITING]
    pixels = pictures.grey(named.dataset.test_images[best], named.shape)
    alt = f"The {len(best)} held-out digits that excite unit {unit} most: {named.dataset.test_labels[best].tolist()}"
    show.picture(
        pictures.mosaic(pixels, ACROSS, alt, scale=2 if named.shape[1] > 16 else 6),
        f"The {len(best)} held-out digits that excite it most",
    )
    chart = charts.histogram(activation, f"How often unit {unit} is on", "p(h = 1 | digit)", "held-out digits")
    show.chart(chart, key="unit_activation")


def parameter_histograms(named: NamedModel) -> dict[str, charts.Chart]:
    """Charts by their keys."""
    model = named.marginal
    return {
        "weights_histogram": charts.histogram(model.weights.ravel(), "Weights", "weight"),
        "visible_bias_histogram": charts.histogram(model.visible_bias, "Visible biases", "bias"),
        "hidden_bias_histogram": charts.histogram(model.hidden_bias, "Hidden biases", "bias"),
    }
