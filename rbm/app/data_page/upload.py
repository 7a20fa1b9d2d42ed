"""Images of one's own: from a file, looked at as they would be used, kept, trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import IO, cast

import streamlit as st

from rbm.app import server, show, visitor
from rbm.app.data_page import sets
from rbm.app.remembered import remembered
from rbm.app.text import plain
from rbm.datasets.dataset import SPLIT_SEED, Dataset
from rbm.datasets.upload import read
from rbm.datasets.upload.options import Grey, LabelColumn, Options
from rbm.errors import Refused

MOST_MEGABYTES = 64  # as server.maxUploadSize in .streamlit/config.toml
SIDE = 128  # pixels, the most
GREYS = {
    "luminance": "As the eye sees it",
    "mean": "Mean of red, green and blue",
    "brightest": "The brightest of them",
}
COLUMNS = {"auto": "Guess", "first": "First column", "last": "Last column", "none": "No labels"}
_VERSION, _GO, _REFUSED = "upload_version", "train_on", "upload_refused"


def go_on() -> None:
    """First thing on the page: after a click on "Train on it", to the Train page."""
    if name := st.session_state.pop(_GO, None):
        train_on(name)


def train_on(name: str) -> None:
    st.session_state.pop("data", None)  # what the form held: the address counts
    st.switch_page("pages/train.py", query_params={"data": name})


# ---- from a file


def upload() -> None:
    """A file, what to make of it, and how that looks. A wrong one is a sentence, and nothing else changes."""
    file = st.file_uploader(
        "A zip of pictures, a table (CSV), or arrays (npz, IDX)",
        max_upload_size=MOST_MEGABYTES,
        key=f"upload_{st.session_state.get(_VERSION, 0)}",
        help="A **zip** of PNG or JPEG pictures: folders in it are classes. A **CSV** table: a row for each image, a "
        "column for each pixel, and maybe one for the label. An **npz** with arrays images and labels. Or **IDX**, "
        "the format of MNIST. CSV and IDX may be packed as .gz.",
    )
    if file is None:
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        chosen = _options(file.name)
    with right:
        data, trouble = _looked_at(file.file_id, file, file.name, chosen)
        if data is None:
            st.error(f"{plain(file.name)} can't be used like this: {plain(trouble)}.", icon=":material/broken_image:")
        else:
            offer(data, PurePath(file.name).stem.strip() or "Upload", "upload")


def _looked_at(file_id: str, file: IO[bytes], name: str, chosen: Options) -> tuple[Dataset | None, str]:
    """The images, or why they can't be used: a file that is refused is read once, however often the page is drawn."""
    which = file_id, chosen
    if st.session_state.get(_REFUSED, (None, ""))[0] != which:
        try:
            return _read(file_id, file, name, chosen), ""
        except Refused as error:
            st.session_state[_REFUSED] = which, str(error)
    return None, st.session_state[_REFUSED][1]


@remembered("Reading the images")
def _read(file_id: str, _file: IO[bytes], name: str, options: Options) -> Dataset:
    return read(_file, name, options)


def _options(name: str) -> Options:
    """What to make of the images in the file."""
    size = None
    scaled = st.segmented_control(
        "Size", ["As it is", "Scale"], default="As it is", required=True, key="upload_scaled",
        help=f"One pixel is one visible unit of the model: at most {SIDE} × {SIDE}. 28 × 28 trains quickly.",
    )  # fmt: skip
    if scaled == "Scale":
        with st.container(horizontal=True):
            size = (_side("Height", "upload_height"), _side("Width", "upload_width"))
    invert = st.toggle(
        "Dark on light", key="upload_invert",
        help="Switch this on for dark ink on light paper: it turns black into white, since here ink is white.",
    )  # fmt: skip
    with st.expander("More", icon=":material/tune:"):
        return replace(_more(PurePath(name.lower().removesuffix(".gz")).suffix), size=size, invert=bool(invert))


def _more(kind: str) -> Options:
    """What need not be told of most files; some of it only of some kinds."""
    grey, column = "luminance", "auto"
    if kind in (".zip", ".npz"):
        grey = st.selectbox(
            "Colours become grey", list(GREYS), format_func=GREYS.__getitem__, key="upload_grey",
            help="Models here see brightness only.",
        )  # fmt: skip
    if kind in (".csv", ".txt", ""):
        column = st.selectbox(
            "Labels in", list(COLUMNS), format_func=COLUMNS.__getitem__, key="upload_labels",
            help="Which column of the table says what class an image is of. A heading such as **label** counts.",
        )  # fmt: skip
    share = st.slider(
        "Held out", 5, 50, 20, 5, format="%d%%", key="upload_share",
        help="Share of the images that is never trained on. A file with a test part of its own keeps it.",
    )  # fmt: skip
    seed = st.number_input("Seed", 0, 2**31, SPLIT_SEED, key="upload_seed", help="Another seed holds out other images.")
    return Options(None, cast(Grey, grey), False, share / 100, int(seed), cast(LabelColumn, column))


def _side(label: str, key: str) -> int:
    return int(st.number_input(label, 1, SIDE, 28, key=key, width=120, help="In pixels."))


# ---- keep it


def offer(data: Dataset, title: str, key: str) -> None:
    """How the images look, and what to do with them."""
    sets.facts(data)
    sets.mosaic(data)
    with st.container(horizontal=True):
        st.button(
            "Train on it", type="primary", icon=":material/model_training:", key=f"train_on_{key}",
            on_click=_keep, args=(data, title, True),
        )  # fmt: skip
        st.button("Keep it", icon=":material/save:", key=f"keep_{key}", on_click=_keep, args=(data, title, False),
            help="Puts it among your data sets on this server; only this browser lists it.",
        )  # fmt: skip


def _keep(data: Dataset, title: str, train: bool) -> None:
    try:
        card, trouble = server.library().keep(visitor.key(), data, title)
    except Refused as error:
        show.message_later(f"Not kept: {plain(error)}.")
        return
    show.message_later(trouble or f"**{plain(card.title)}** is kept: this browser finds it in the list of data sets.")
    st.session_state["set"] = card.name
    st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1  # an empty uploader: the file may go
    if train:
        st.session_state[_GO] = card.name
