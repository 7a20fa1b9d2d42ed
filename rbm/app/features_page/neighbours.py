"""One image and who is near it: by pixels, and by hidden units."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import current_model, kept, pictures, show, widgets
from rbm.app.components.tiles import tiles
from rbm.app.current_model import NamedModel
from rbm.app.features_page import described
from rbm.app.features_page.dots import CHOSEN, FIRST
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.measures.reader import nearest
from rbm.models.arrays import Array

COUNT, FRAME = 12, 2
OFFERED = 40  # held-out images to choose from
ORANGE, GREY = (232, 89, 12), (128, 128, 128)


def section(named: NamedModel, data: Dataset) -> None:
    st.header("Neighbours", anchor=False)
    images, labels = described.held_out(named, data)
    drawn = kept.normalised(data.shape)
    own = drawn is not None and st.toggle(
        "My drawing instead", key="features_drawing", help="What you drew on the Sample page."
    )
    index = 0 if own else _chosen(data, images, labels)
    image, label = images[index] / np.float32(255), int(labels[index])
    if own and drawn is not None:
        image, label = drawn, -1
    left, right = st.columns([1, 5], gap="medium")
    with left:
        name = "Your drawing" if label < 0 else f"A {data.class_name(label)}" if data.labelled else "The image"
        show.picture(pictures.single(pictures.grey(image[None], data.shape), name, 150), plain(name), width="content")
    with right:
        _rows(named, data, image, label if data.labelled else -1)


def _chosen(data: Dataset, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> int:
    """The image to look at, by its index: one that is clicked here, or as a dot of the map above."""
    number = min(st.session_state.get(CHOSEN, FIRST.get(data.name, 1)), len(images))
    st.session_state[CHOSEN] = number
    shown = _offered(data, labels)
    if number - 1 not in shown:  # a dot of the map
        shown[-1] = number - 1
    names = [widgets.called(data, int(labels[i]), f"number {i + 1}") for i in shown]
    mosaic = pictures.mosaic(
        pictures.grey(images[shown], data.shape), OFFERED // 2, "Held-out images to choose from", scale=1
    )
    st.caption("Choose a held-out image here, or click a dot above.")
    return tiles(mosaic, (shown + 1).tolist(), names, key=CHOSEN, label="A held-out image") - 1


def _offered(data: Dataset, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some images, by their indices, class by class where there are labels."""
    if not data.labelled:
        return np.arange(min(OFFERED, len(labels)))
    each = -(-OFFERED // len(data.classes))
    return np.concatenate([np.flatnonzero(labels == label)[:each] for label in data.classes])[:OFFERED]


def _rows(named: NamedModel, data: Dataset, image: Array, label: int) -> None:
    """The nearest training images in both spaces, a row each; those of another class framed orange."""
    images, labels = described.training(named, data)
    query = named.marginal.mean_hidden(image[None])[0]
    spaces = {
        "that pixels find alike": nearest(described.pixels(images), image, COUNT),
        "that the hidden units find alike": nearest(_known(named, data, images), query, COUNT),
    }
    for words, chosen in spaces.items():
        others = int((labels[chosen] != label).sum()) if label >= 0 else 0
        caption = f"{len(chosen)} training images {words}" + (f"; {others} of another class" if label >= 0 else "")
        show.picture(_framed(images[chosen], labels[chosen], label, data, caption), caption)


def _known(named: NamedModel, data: Dataset, images: NDArray[np.uint8]) -> Array:
    """Hidden probabilities of the training images, shared with other pages where all of them are kept."""
    if len(images) == len(data.train_images):
        return current_model.activations_of(named, data.name, "Training")
    return described.hidden(named, images)


def _framed(
    images: NDArray[np.uint8], labels: NDArray[np.int64], label: int, data: Dataset, alt: str
) -> pictures.Picture:
    tiles = pictures.grey(images, data.shape)
    height, width = data.shape
    framed = np.empty((len(tiles), height + 2 * FRAME, width + 2 * FRAME, 3), dtype=np.uint8)
    wrong = (labels != label) & (label >= 0)
    framed[:] = np.where(wrong[:, None], ORANGE, GREY)[:, None, None]
    framed[:, FRAME:-FRAME, FRAME:-FRAME] = tiles
    return pictures.mosaic(framed, COUNT, alt, scale=2 if width > 16 else 5, gap=1)
