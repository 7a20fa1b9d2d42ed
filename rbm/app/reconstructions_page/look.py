"""The digits beside what the model made of them, one of them from near, and which digits are hard."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import charts, current_model, pictures, show, widgets
from rbm.app.components.tiles import tiles
from rbm.app.current_model import NamedModel, Part
from rbm.app.reconstructions_page.selection import GRID, REPAIRS, Selection
from rbm.app.text import plain, plotted
from rbm.measures import diagnostics
from rbm.models.notebook import near_square

TILE = 168
CHOSEN = "reconstructions_chosen"  # the digit to look at, by its index in the part


@st.fragment
def gallery(named: NamedModel, selection: Selection, shape: tuple[int, int]) -> None:
    """All digits, and beside them the one that is chosen."""
    left, right = st.columns([11, 9], gap="medium")
    indices = selection.indices.tolist()
    data = widgets.needs_data(named)
    names = [
        widgets.called(data, int(label), f"number {i}") for label, i in zip(selection.labels, indices, strict=True)
    ]
    with left:
        chosen = tiles(grid(selection, shape), indices, names, key=CHOSEN, label="A digit and its reconstruction")
        st.caption(f"{grid_caption(selection)} Click one, or walk with the arrow keys.")
    with right:
        closer(named, selection, indices.index(chosen), shape)


def grid(selection: Selection, shape: tuple[int, int]) -> pictures.Picture:
    """8 × 8 tiles, each the digit the model was given and, right of it, what it made of it."""
    pairs = pictures.side_by_side(pictures.grey(selection.inputs, shape), pictures.grey(selection.rebuilt, shape))
    alt = f"{len(pairs)} digits, each beside its reconstruction; mean squared error {_error(selection):.2f} per image"
    return pictures.mosaic(pairs, GRID, alt, scale=2 if shape[1] > 16 else 6)


def _error(selection: Selection) -> float:
    return float(diagnostics.squared_error(selection.originals, selection.rebuilt).mean())


def grid_caption(selection: Selection) -> str:
    if selection.how.damage in REPAIRS:
        middle = "left the damaged digit, right what the model drew into it"
    elif selection.how.damage == "Noise":
        middle = "left the damaged digit, right its reconstruction"
    else:
        middle = "left the digit, right its reconstruction"
    return f"In each tile: {middle}. Mean error **{_error(selection):.2f}**."


def closer(named: NamedModel, selection: Selection, place: int, shape: tuple[int, int]) -> None:
    """One digit: what went in, what came out, the signed difference, the hidden layer."""
    original, given, rebuilt = (
        array[place : place + 1] for array in (selection.originals, selection.inputs, selection.rebuilt)
    )
    hidden = named.marginal.mean_hidden(given)
    parts = [
        (pictures.single(pictures.grey(original, shape), "The original digit", TILE), "original"),
        (pictures.single(pictures.grey(rebuilt, shape), "The reconstruction", TILE), "reconstruction"),
        (pictures.signed((rebuilt - original)[0], shape, "Reconstruction minus original", TILE, 1.0), "difference"),
        (_hidden_tile(hidden), f"{hidden.shape[1]} hidden units"),
    ]
    if selection.how.damage != "None":
        parts.insert(1, (pictures.single(pictures.grey(given, shape), "The damaged digit", TILE), "damaged"))
    with st.grid(3, min_column_width=100):
        for picture, caption in parts:
            show.picture(picture, caption)
    error = diagnostics.squared_error(original, rebuilt)[0]
    data = widgets.needs_data(named)
    what = f"A **{plain(data.class_name(int(selection.labels[place])))}**" if data.labelled else "An image"
    st.markdown(
        f"{what} with error **{error:.2f}** (in the difference, red is too bright, blue too "
        "dark). One undamaged mean-field step ranks it "
        f"**{selection.ranks[place]:,}** of {selection.total:,}, 1 being the best."
    )


def _hidden_tile(hidden: NDArray[np.floating]) -> pictures.Picture:
    shape = near_square(hidden.shape[1])
    alt = f"Probabilities of {hidden.shape[1]} hidden units, mean {hidden.mean():.0%}"
    return pictures.single(pictures.sequential(hidden, shape), alt, TILE)


def error_per_class(named: NamedModel, part: Part) -> charts.Chart:
    data = widgets.needs_data(named)
    _, labels = current_model.images_and_labels(data, part)
    errors = current_model.errors(named.fingerprint, named.marginal, data.name, part)
    classes, means = diagnostics.mean_by_class(errors, labels)
    title = f"Mean error per digit, {part.lower()}"
    return charts.bars(
        [plotted(data.class_name(int(c))) for c in classes], means, title, "digit", "squared error per image"
    )
