"""The tower: every layer with its size and twelve receptive fields; one of them is the layer looked at."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import pictures, show
from rbm.app.deep_page import nets
from rbm.app.deep_page.nets import NamedNet
from rbm.app.deep_page.rows import row
from rbm.app.glossary import define
from rbm.app.pictures import Picture
from rbm.app.remembered import remembered
from rbm.datasets.dataset import Dataset
from rbm.models.arrays import Array

COUNT, MORE, COLUMNS = 12, 96, 24  # receptive fields in a row of the tower, and of the layer looked at
LOOKED_AT = "deep_layer"  # its depth


def section(named: NamedNet, data: Dataset) -> None:
    st.header("The tower", anchor=False)
    st.markdown(
        "What each layer looks for, carried down to the pixels through the layers below it: $W_1$, then $W_1 W_2$. "
        "That is **linear**: as if units added up, which they don't quite. Red excites, blue silences.",
        help=define("receptive field", "filter"),
    )
    for depth in range(named.net.depth, 0, -1):
        with row(_fields(named.fingerprint, data.fingerprint, depth, COUNT, COUNT, named, data)):
            _name(named, depth)
    tiles = pictures.grey(data.test_images[:COUNT], data.shape)
    with row(pictures.mosaic(tiles, COUNT, f"{COUNT} held-out images")):
        st.markdown(f"**The pixels**  \n{named.net.n_pixels:,}, and here {COUNT} held-out images")
    depth = looked_at(named)
    strip = _fields(named.fingerprint, data.fingerprint, depth, MORE, COLUMNS, named, data)
    shown = min(MORE, named.sizes[depth])
    show.picture(
        strip,
        f"**Layer {depth}, looked at closer**: receptive fields of {shown} of its {named.sizes[depth]:,} units, those "
        "first that answer most differently to different images",
    )


def _name(named: NamedNet, depth: int) -> None:
    top = depth == named.net.depth
    names = f", and {named.net.n_classes} names" if top and named.net.n_classes else ""
    st.markdown(f"**Layer {depth}{', the top' if top else ''}**  \n{named.sizes[depth]:,} hidden units{names}")
    chosen = depth == looked_at(named)
    st.button(
        "Looked at" if chosen else "Look at it", key=f"deep_look_{depth}", disabled=chosen, on_click=_look,
        args=(depth,), help="More of it below, and what it says of a digit.",
    )  # fmt: skip


def _look(depth: int) -> None:
    st.session_state[LOOKED_AT] = depth


def looked_at(named: NamedNet) -> int:
    """The depth of the layer that is: the top's, to begin with."""
    return min(int(st.session_state.get(LOOKED_AT, named.net.depth)), named.net.depth)


@remembered()
def _fields(
    fingerprint: str, images: str, depth: int, count: int, columns: int, _named: NamedNet, _data: Dataset
) -> Picture:
    units = liveliest(_named, _data, depth)[:count]
    return fields_of(_named, depth, units, columns)


def liveliest(named: NamedNet, data: Dataset, depth: int) -> NDArray[np.int64]:
    """Units of a layer, those first that vary most over held-out images."""
    return np.argsort(-nets.held_out(named, data, depth).std(axis=0), kind="stable")


def fields_of(named: NamedNet, depth: int, units: NDArray[np.int64], columns: int) -> Picture:
    """Receptive fields of `units` of a layer, each on its own scale."""
    fields = _receptive(named.fingerprint, depth, named)[:, units]
    drawn = pictures.filters(fields, named.shape, columns, common=False)
    return Picture(drawn.png, f"{len(units)} receptive fields of layer {depth}: red excites, blue silences")


@remembered()
def _receptive(fingerprint: str, depth: int, _named: NamedNet) -> Array:
    return _named.net.receptive(depth)
