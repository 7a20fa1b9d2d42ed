"""What the model sees, its echo, how typical that is, and which digits are near."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm.app import charts, pictures, show
from rbm.app.current_model import NamedModel
from rbm.app.glossary import define
from rbm.app.sample_page import reader
from rbm.app.sample_page.reader import ModelReader
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.measures import diagnostics
from rbm.measures.reader import NONE, nearest, typicality
from rbm.models.arrays import Array
from rbm.models.binary import RBM

THUMBNAIL, WORDS, NEAREST = 84, 260, 8


def summary(named: NamedModel, image: Array) -> None:
    """What the model makes of one image (pixels,), at a glance."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        thumbnail(image, named.shape, "the model sees")
        thumbnail(_echo(named, image), named.shape, "its echo")
        with st.container(width=WORDS, gap="xsmall"):
            _words(named, image)


def _words(named: NamedModel, image: Array) -> None:
    found = reader.of(named)
    value = float(diagnostics.free_energy(named.model, image[None])[0])
    if found is not None and named.dataset is not None:
        _looks(found, named.dataset, image, value)
        return
    height, width = named.shape
    st.caption(
        f"Free energy {value:.0f}. No data set here has pictures of {height} × {width} pixels to compare.",
        help=define("free energy", "nat"),
    )


def details(named: NamedModel, image: Array) -> None:
    """Which training digits one image (pixels,) is near to, and what class it may be."""
    found = reader.of(named)
    if found is None:
        st.caption("No data set here has pictures of this size to compare with.")
        return
    _neighbours(named, found, image)
    if named.model.n_classes:
        show.chart(_classes(named.model, image), key="dream_classes")


def thumbnail(image: Array, shape: tuple[int, int], caption: str) -> None:
    show.picture(pictures.single(pictures.grey(image, shape), caption, THUMBNAIL), caption, width=THUMBNAIL)


def _echo(named: NamedModel, image: Array) -> Array:
    """The mean-field reconstruction (pixels,): up to the hidden probabilities and down again."""
    back = named.model.mean_visible(diagnostics.hidden(named.model, image[None]))[0]
    echo: Array = back[: len(image)].astype(np.float32)
    return echo


def _looks(found: ModelReader, data: Dataset, image: Array, value: float) -> None:
    share = typicality(value, found.energies)
    looks, explained = "", ""
    if found.labelled:
        label = int(found.read(image[None])[0])
        looks = f"Looks like {'nothing yet' if label == NONE else f'a **{plain(data.class_name(label))}**'}. "
        explained = f" What it looks like is read off the hidden units, rightly for {found.accuracy:.0%} of them."
    st.markdown(
        f"{looks}Likelier than **{100 * share:.0f} %** of real {kind(data)}.",
        help=f"To this model. The {len(found.energies):,} held-out {kind(data)} are the measure.{explained}\n\n"
        + define("held-out", "hidden unit"),
    )
    st.caption(f"Free energy {value:.0f}: the lower, the likelier.", help=define("free energy", "nat"))


def kind(data: Dataset) -> str:
    """What its pictures are called."""
    return "digits" if data.labelled and not data.class_names else "pictures"


def _neighbours(named: NamedModel, found: ModelReader, image: Array) -> None:
    data = named.dataset
    assert data is not None
    near = nearest(found.known, diagnostics.hidden(named.model, image[None])[0], NEAREST)
    names = " ".join(data.class_name(int(label)) for label in data.train_labels[near]) if data.labelled else ""
    tiles = pictures.grey(data.train_images[near], data.shape)
    scale = max(1, 56 // data.shape[1])
    alt = f"The training digits whose hidden units are most alike{names and ': '}{names}"
    show.picture(
        pictures.mosaic(tiles, NEAREST, alt, scale=scale),
        f"Nearest training digits, by hidden units{names and ': '}{plain(names)}",
        width="content",
    )


def _classes(model: RBM, image: Array) -> charts.Chart:
    probabilities = np.exp(model.class_log_probabilities(image[None])[0])
    chart = charts.bars(
        [str(k) for k in range(model.n_classes)], probabilities, "Class probabilities", "class", "p(y | x)"
    )
    chart.figure.update_layout(height=190)
    return chart
