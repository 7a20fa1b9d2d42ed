"""A data set on the page: where it comes from, its numbers, a few of its images; and fetching one that is not here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm import datasets
from rbm.app import data_sets, pictures, server, show, visitor, widgets
from rbm.app.components.tiles import tiles
from rbm.app.show import message_later
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import Refused, Unavailable

if TYPE_CHECKING:  # it loads requests, which only a download needs
    from streamlit.delta_generator import DeltaGenerator

    from rbm.datasets.download import Progress

ROWS, WIDTH, HEIGHT, TILE = 10, 500, 320, 40  # of the mosaic, about: all but the first in screen pixels
MEGABYTES = {"mnist": 12, "fashion-mnist": 31, "kmnist": 21}


def facts(data: Dataset) -> None:
    """The numbers of a data set, and where it comes from."""
    with st.grid(4, min_column_width=90):
        st.metric("Training", f"{len(data.train_images):,}", help="Images that the model learns from.")
        st.metric(
            "Held-out", f"{len(data.test_images):,}",
            help="Images never trained on: they tell whether the model has learned the pattern or the images.",
        )  # fmt: skip
        st.metric("Size", f"{data.shape[0]} × {data.shape[1]}", help="Height × width in pixels.")
        st.metric(
            "Classes", len(data.classes) if data.labelled else "none",
            help="Kinds of image that labels tell apart. Training does not look at them.",
        )  # fmt: skip
    if data.source:
        st.caption(plain(data.source))


@st.fragment
def mosaic(data: Dataset) -> None:
    """Some training images: class by class where there are few classes, else as they come; and the chosen one."""
    height, width = data.shape
    scale = max(1, TILE // width)
    columns = int(np.clip(WIDTH // (width * scale), 8, 12))
    rows = int(np.clip(HEIGHT // min(height * scale, height * WIDTH / (width * columns)), 1, ROWS))
    shown, caption = _shown(data, columns, rows)
    picture = pictures.mosaic(pictures.grey(data.train_images[shown], data.shape), columns, caption, scale=scale)
    names = [_name(data, int(index)) for index in shown]
    wide = columns * (width + 1) * scale
    index = tiles(picture, shown.tolist(), names, key=f"data_chosen_{data.name}", label="A training image", width=wide)
    left, right = st.columns([1, 3], vertical_alignment="center")
    large = pictures.single(pictures.grey(data.train_images[index], data.shape), _name(data, index), 112)
    with left:
        show.picture(large, width="content")
    right.caption(f"**{_name(data, index)}**  \n{plain(caption)}. Click one, or walk with the arrow keys.")


def _name(data: Dataset, index: int) -> str:
    return widgets.called(data, int(data.train_labels[index]), f"training image {index:,}")


def _shown(data: Dataset, columns: int, rows: int) -> tuple[NDArray[np.int64], str]:
    """Whole rows of training images, by their indices, and what they are."""
    counts = [int((data.train_labels == label).sum()) for label in data.classes] if data.labelled else []
    if counts and len(counts) <= ROWS and min(counts) >= columns:
        most = columns * max(1, min(rows // len(counts), min(counts) // columns))
        groups = [np.flatnonzero(data.train_labels == label)[:most] for label in data.classes]
        names = ", ".join(data.class_name(label) for label in data.classes)
        return np.concatenate(groups), f"Some training images, class by class: {names}"
    n = min(len(data.train_images), columns * rows)
    return np.arange(n - n % columns if n > columns else n), "Some training images"


def fetch(name: str) -> None:
    """What to do about a data set that is not on this server: a button, a bar, and the reason where it fails."""
    height, width = datasets.shape(name)
    st.info(
        f"**{name}** holds 60,000 training and 10,000 held-out images of {height} × {width} pixels. It is not on this "
        f"server yet: about {MEGABYTES[name]} MB, downloaded once for all who use it.",
        icon=":material/cloud_download:",
    )
    if not st.button("Download", type="primary", icon=":material/download:", key=f"fetch_{name}"):
        return
    bar = st.progress(0.0, text="Looking for a place that has it, or waiting for somebody who is fetching it already")
    try:
        server.library().load(name, lambda progress: _advance(bar, progress))
    except Unavailable as error:
        bar.empty()
        st.warning(f"{plain(error)}. {_OTHER_WAYS.format(name=name)}", icon=":material/cloud_off:")
    else:
        st.rerun()


_OTHER_WAYS = (
    "What comes with this lab, **mnist-5k**, **digits-8x8** and **photo-patches**, works without a network. Try again "
    "later; or run `python -m rbm.datasets {name} --to FOLDER` where there is a network, carry FOLDER here, for "
    "instance on a USB stick, and start this server with `RBM_DATA=FOLDER`."
)


def _advance(bar: DeltaGenerator, progress: Progress) -> None:
    of = f" of {progress.total / 1e6:.1f}" if progress.total else ""
    text = f"{progress.label}: {progress.done / 1e6:.1f}{of} MB from {progress.host}"
    bar.progress(progress.done / progress.total if progress.total else 0.0, text=text)


def delete(name: str) -> None:
    """Of what this browser brought: the button."""
    if name in [card.name for card in data_sets.mine()]:
        st.button(
            "Delete", icon=":material/delete:", key="data_delete", on_click=_delete, args=(name,),
            help="Off this server. Runs trained on these images keep their curves and models.",
        )  # fmt: skip


def _delete(name: str) -> None:
    try:
        server.library().delete(visitor.key(), name)
    except Refused as error:
        message_later(f"Not deleted: {plain(error)}.")
    else:
        message_later("Deleted.")
