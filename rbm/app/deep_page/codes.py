"""Thirty numbers for a digit: the unrolled deep autoencoder, beside PCA and the greedy net it began as."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm.app import pictures
from rbm.app.deep_page.rows import row
from rbm.app.glossary import define
from rbm.app.pictures import Picture
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import Refused
from rbm.pretrained import unrolled
from rbm.pretrained.unrolled import CODE, WAYS

DIGITS = 10  # of each class one, where there are ten
DATA = "mnist-5k"  # whose held-out digits it never saw
TITLES = {
    "PCA": f"PCA, {CODE[-1]} components",
    "greedy": "Layer upon layer, 784-500-250-30",
    "unrolled": "Unrolled and fine-tuned",
}


def section(data: Dataset) -> None:
    if data.name != DATA:
        return  # it knows these digits alone
    st.header("Unrolled: a digit in 30 numbers", anchor=False)
    st.markdown(
        "Put a copy of the tower upside down on its top, and it is an **autoencoder**: 784 pixels, up to 30 numbers, "
        "and down to 784 pixels again. Backpropagation then fits all of it to one end, to bring pictures back "
        "(Hinton & Salakhutdinov, 2006). Held-out digits, each from its 30 numbers:",
        help=define("reconstruction error", "held-out"),
    )
    try:
        rows, errors = _rows(data.fingerprint, data)
    except Refused as error:
        st.error(f"This can't be shown: {plain(error)}.", icon=":material/error:")
        return
    with row(rows["digits"]):
        st.markdown("**The digits**  \nnone of them trained on")
    for way in WAYS:
        with row(rows[way]):
            st.markdown(f"**{TITLES[way]}**  \nerror {errors[way]:.1f}{_times(errors, way)}")
    st.caption(
        "Errors are means over 10,000 held-out digits. PCA draws shadows on flat axes; the greedy layers were each "
        "trained for the one below, not for the picture; fine-tuning is not asked to dream, and can't."
    )


def _times(errors: dict[str, float], way: str) -> str:
    return f": **{errors['PCA'] / errors[way]:.1f} times** better than PCA" if way == "unrolled" else ""


@st.cache_resource(max_entries=2, show_spinner=False)
def _rows(images: str, _data: Dataset) -> tuple[dict[str, Picture], dict[str, float]]:
    """A strip of pictures for the digits and for each way, and the errors. Raises BadFile for a damaged file."""
    codes = unrolled.load()
    digits = _data.test_images[[int(np.flatnonzero(_data.test_labels == k)[0]) for k in _data.classes[:DIGITS]]]
    shown = {"digits": digits, **codes.rebuilt(digits)}
    strips = {
        name: pictures.mosaic(pictures.grey(tiles, _data.shape), DIGITS, f"{DIGITS} held-out digits: {name}")
        for name, tiles in shown.items()
    }
    return strips, codes.errors
