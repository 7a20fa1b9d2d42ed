"""The map that two units at the top of a deep autoencoder draw; a drawing of one's own can be placed on it."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import kept, pictures, show
from rbm.app.features_page import dots
from rbm.app.glossary import define
from rbm.app.pictures import Picture
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import BadFile
from rbm.measures.maps import NEIGHBOURS
from rbm.models.arrays import Array
from rbm.pretrained import plane
from rbm.pretrained.plane import Plane

METHOD = "Two units"
WHAT = (
    "at the top of a deep autoencoder, 784-500-250-2, trained to bring 50,000 other digits back from two numbers "
    "(Hinton & Salakhutdinov, 2006). The two numbers are the place on the map."
)
TITLE = "Two units at the top of a deep autoencoder"


def knows(data: Dataset) -> bool:
    """Whether these are the images whose held-out ones it never saw."""
    return data.name == plane.DATA


def section(data: Dataset, labels: NDArray[np.int64]) -> None:
    """The map of as many held-out images as there are labels, beside what the decoder draws all over it."""
    try:
        known = plane.load()
        places, lattice = _places(data.fingerprint, data)[: len(labels)], _lattice()
    except BadFile as error:
        st.error(f"This map can't be shown: {plain(error)}.", icon=":material/error:")
        return
    drawn = kept.normalised(data.shape)
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{TITLE}**")
        here = None if drawn is None else known.place(drawn[None])[0]
        dots.show_map(data, places, labels, TITLE, "map_units", here)
    with right:
        st.markdown("**And down again: what it draws at each place**")
        show.picture(lattice, width="content")
    st.markdown(_what_it_says(known, drawn is not None), help=define("reconstruction error", "held-out"))


def _what_it_says(known: Plane, drawn: bool) -> str:
    shares = known.shares
    said = (
        f"Of a digit's {NEIGHBOURS} nearest **on the map** are of its own class: by two principal components of the "
        f"pixels **{shares['PCA']:.0%}**, by these two units **{shares['units']:.0%}**, by t-SNE of the pixels "
        f"**{shares['t-SNE']:.0%}**. t-SNE is closer, but it arranges these digits and no others; the two units had "
        "seen none of them, and can place any new one: "
    )
    mine = "the **cross** is your drawing." if drawn else "draw a digit on the Sample page, and it is on this map."
    mine += f" A held-out digit comes back from its two numbers with error {known.error:.0f}."
    return f"{said}{mine} Click a dot to see its neighbours below."


@st.cache_data(max_entries=2, show_spinner=False)
def _places(images: str, _data: Dataset) -> Array:
    """Of all held-out images, (n, 2)."""
    return plane.load().place(_data.test_images)


@st.cache_resource(show_spinner=False)
def _lattice() -> Picture:
    tiles = pictures.grey(plane.load().lattice, (28, 28))
    alt = f"{plane.ACROSS} × {plane.ACROSS} pictures that the decoder draws, in their places on the map"
    return pictures.mosaic(tiles, plane.ACROSS, alt, scale=1, gap=0)
