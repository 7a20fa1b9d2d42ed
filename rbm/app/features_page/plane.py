"""A map of held-out images in the plane: by their pixels beside the same by hidden units, or by two units alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import again, show, visitor
from rbm.app.current_model import NamedModel
from rbm.app.features_page import described, dots, two_units
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import Refused
from rbm.measures import maps
from rbm.measures.maps import NEIGHBOURS
from rbm.models.arrays import Array
from rbm.runs.errand import Errand

PERPLEXITIES, USUAL = (5, 30, 100), 30
SECONDS, LOOK = 6.0, 0.7  # that a map takes, for the queue; between two looks at one

Space = Literal["pixels", "hidden"]
TITLES: dict[Space, str] = {"pixels": "Pixels", "hidden": "Hidden units"}


def section(named: NamedModel, data: Dataset) -> None:
    st.header("A map", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = _method(data)
        perplexity = USUAL
        if method == "t-SNE":
            perplexity = st.segmented_control(
                "Perplexity", PERPLEXITIES, default=USUAL, required=True, key="map_perplexity",
                persist_state="session", help="About how many neighbours each image tries to keep.",
            )  # fmt: skip
    _, labels = described.held_out(named, data, described.MAPPED)
    if len(labels) <= max(NEIGHBOURS, perplexity):
        st.caption(f"A map takes more than {max(NEIGHBOURS, perplexity)} held-out images; here are {len(labels)}.")
        return
    if method == two_units.METHOD:
        two_units.section(data, labels)
        return
    if method == "PCA":
        _both(data, labels, {space: _shadow(named, data, space) for space in TITLES})
    else:
        _stretched(named, data, labels, perplexity)
    _what_it_says(named, data)


def _method(data: Dataset) -> str:
    methods = ["PCA", "t-SNE", *([two_units.METHOD] if two_units.knows(data) else [])]
    if st.session_state.get("map_method") not in methods:
        st.session_state.pop("map_method", None)  # chosen with other images
    return st.segmented_control(
        "Method", methods, default="PCA", required=True, key="map_method", persist_state="session",
        help="**PCA**: a flat shadow, thrown so that it is as wide as can be. **t-SNE**: tries to keep neighbours "
        "together, and bends everything else."
        + (f" **{two_units.METHOD}**: {two_units.WHAT}" if two_units.METHOD in methods else ""),
    )  # fmt: skip


def _shadow(named: NamedModel, data: Dataset, space: Space) -> Array:
    return _principal(named.fingerprint if space == "hidden" else "", data.fingerprint, space, named, data)


@st.cache_data(max_entries=32, show_spinner=False)
def _principal(fingerprint: str, images: str, space: Space, _named: NamedModel, _data: Dataset) -> Array:
    features = _features(_named, _data, space)
    return maps.principal(features, 2).of(features)


def _features(named: NamedModel, data: Dataset, space: Space) -> Array:
    images, _ = described.held_out(named, data, described.MAPPED)
    return described.pixels(images) if space == "pixels" else described.hidden(named, images)


def _stretched(named: NamedModel, data: Dataset, labels: NDArray[np.int64], perplexity: int) -> None:
    """t-SNE, as far as it is."""
    errands = _errands(named, data, perplexity)
    busy = any(one is not None and not one.over for one in errands.values())
    again.every(LOOK if busy else None, _progress)(named, data, labels, perplexity, busy)


def _progress(named: NamedModel, data: Dataset, labels: NDArray[np.int64], perplexity: int, busy: bool) -> None:
    errands = _errands(named, data, perplexity)
    known = [one for one in errands.values() if one is not None]
    if busy != any(not one.over for one in known):
        st.rerun()  # the whole page: from now on it looks again by itself, or no more
    for trouble in {one.trouble for one in known if one.trouble}:
        st.error(f"This map could not be drawn: {plain(trouble)}", icon=":material/error:")
    if busy:
        done, total = sum(len(one.results) for one in known), sum(one.total for one in known)
        with st.container(horizontal=True, vertical_alignment="center"):
            waits = any(one.place for one in known if not one.over)
            st.progress(done / total, text="Waiting for a free worker" if waits else "Pulling neighbours together")
            st.button("Stop", key="stop_map", icon=":material/stop:", on_click=_stop, args=(known,))
    elif len(known) < 2 or not all(len(one.results) == one.total for one in known):
        text = f"t-SNE of {len(labels):,} images takes about {2 * SECONDS:.0f} seconds of one core."
        st.button(
            "Draw the map", type="primary", key="draw_map", help=text, on_click=_start, args=(named, data, perplexity)
        )
    places = {space: one.results[-1] for space, one in errands.items() if one is not None and one.results}
    _both(data, labels, places)


def _stop(errands: Sequence[Errand]) -> None:
    for one in errands:
        one.stop()


def _errands(named: NamedModel, data: Dataset, perplexity: int) -> dict[Space, Errand | None]:
    return {space: lab().errands.find(_key(named, data, space, perplexity)) for space in TITLES}


def _key(named: NamedModel, data: Dataset, space: Space, perplexity: int) -> tuple[object, ...]:
    """The map of pixels is the same for everybody's model."""
    return "map", named.fingerprint if space == "hidden" else "", data.fingerprint, perplexity


def _start(named: NamedModel, data: Dataset, perplexity: int) -> None:
    for space in TITLES:
        key = _key(named, data, space, perplexity)
        try:
            lab().errands.start(
                key, visitor.key(), lambda space=space: _places(named, data, space, perplexity), maps.SLICES, SECONDS  # type: ignore[misc]
            )  # fmt: skip
        except Refused as error:
            show.message_later(f"The map was not begun: {plain(error)}.")


def _places(named: NamedModel, data: Dataset, space: Space, perplexity: int) -> Iterator[Array]:
    yield from maps.tsne(_features(named, data, space), perplexity)


def _both(data: Dataset, labels: NDArray[np.int64], places: dict[Space, Array]) -> None:
    for column, (space, title) in zip(st.columns(2), TITLES.items(), strict=True):
        with column:
            if space not in places:
                continue
            st.markdown(f"**{title}**")
            dots.show_map(data, places[space], labels, title, f"map_{space}")


def _what_it_says(named: NamedModel, data: Dataset) -> None:
    said = "Sizes of clusters and the gaps between them mean nothing; who is whose neighbour does."
    if data.labelled:
        pixels, hidden = (_same_class(named.fingerprint, data.fingerprint, space, named, data) for space in TITLES)
        said += (
            f" In the full space, of an image's {NEIGHBOURS} nearest are of its own class: by pixels **{pixels:.1%}**, "
            f"by hidden units **{hidden:.1%}**."
        )
    st.markdown(f"{said} Click a dot to see its neighbours below.")


@st.cache_data(max_entries=64, show_spinner=False)
def _same_class(fingerprint: str, images: str, space: Space, _named: NamedModel, _data: Dataset) -> float:
    _, labels = described.held_out(_named, _data, described.MAPPED)
    return maps.same_class(_features(_named, _data, space), labels, NEIGHBOURS)
