"""Beside the board: what the model sees, its echo, how typical that is, and which digits are near."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm.app import charts, pictures, show
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import reader
from rbm.app.sample_page.reader import ModelReader
from rbm.datasets.dataset import Dataset
from rbm.measures import diagnostics
from rbm.measures.reader import NONE, nearest, typicality
from rbm.models.arrays import Array
from rbm.models.binary import RBM

THUMBNAIL, NEAREST = 112, 8


def panel(named: NamedModel, image: Array) -> None:
    """Everything on one image (pixels,)."""
    shape, model = named.shape, named.model
    echo = _echo(named, image)
    with st.container(horizontal=True, gap="small"):
        thumbnail(image, shape, "the model sees")
        thumbnail(echo, shape, "its echo")
    found = reader.of(named)
    value = float(diagnostics.free_energy(model, image[None])[0])
    if found is None or named.dataset is None:
        st.caption(
            f"Free energy {value:.0f} nats. No data set here has pictures of {shape[0]} × {shape[1]} pixels to compare."
        )
        return
    _looks(found, named.dataset, image, value)
    show.chart(_typicality(found, value), key="dream_typicality")
    _neighbours(named, found, image)
    if model.n_classes:
        show.chart(_classes(model, image), key="dream_classes")


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
        looks = f"Looks like {'nothing yet' if label == NONE else f'a **{data.class_name(label)}**'}. "
        explained = f" What it looks like is read off the hidden units, rightly for {found.accuracy:.0%} of them."
    st.markdown(
        f"{looks}More typical than **{share:.0%}** of real digits: free energy {value:.0f} nats.",
        help="Typical is what the model finds likely: a low free energy. The "
        f"{len(found.energies):,} held-out digits are the measure.{explained}",
    )


def _typicality(found: ModelReader, value: float) -> charts.Chart:
    chart = charts.histogram(found.energies, "Free energy of held-out digits, and yours", "nats", "digits", bins=40)
    chart.figure.add_vline(x=value, line_color=charts.COLOURS[1], line_width=3)
    chart.figure.update_layout(height=190, showlegend=False)
    return charts.Chart(chart.figure, f"{chart.alt}; this picture {value:.0f}")


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
        f"Nearest training digits, by hidden units{names and ': '}{names}",
        width="content",
    )


def _classes(model: RBM, image: Array) -> charts.Chart:
    probabilities = np.exp(model.class_log_probabilities(image[None])[0])
    chart = charts.bars(
        [str(k) for k in range(model.n_classes)], probabilities, "Class probabilities", "class", "p(y | x)"
    )
    chart.figure.update_layout(height=190)
    return chart
