"""Choices that several pages offer: which digits, and what to say where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import data_sets
from rbm.app.current_model import NamedModel, Part, images_and_labels
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.datasets.own import is_brought
from rbm.pretrained import split
from rbm.training import autoencoder


def named_choice(label: str, titles: dict[str, str], first: str, key: str, help: str) -> str:
    """A choice among the keys of `titles`, shown by what they map to. The address keeps the key, which a bound widget
    would not."""
    known = list(titles)
    asked = st.query_params.get(key) or str(st.session_state.get(key, ""))
    index = known.index(asked if asked in known else first)
    choice = st.selectbox(
        label, known, index, format_func=titles.__getitem__, key=key, persist_state="session", help=help
    )
    if choice != asked:
        st.query_params[key] = choice
    return choice


def data_set(label: str, known: list[str], key: str, help: str) -> str:
    """The choice of a data set by its title; the address keeps its name."""
    asked = st.query_params.get(key, "")
    if is_brought(asked) and asked not in known and asked != st.session_state.get(key):
        st.info(data_sets.problem(asked))
    return named_choice(label, data_sets.titles(known), known[0], key, help)


def part(key: str) -> Part:
    """Held-out or training digits."""
    choice = st.segmented_control(
        "Digits from",
        ["Held-out", "Training"],
        default="Held-out",
        required=True,
        key=key,
        persist_state="session",
        help="Held-out digits were never trained on: they tell whether the model has learned digits or these digits.",
    )
    return cast(Part, choice)


def classes(dataset: Dataset, which: Part) -> list[int]:
    """The classes that occur in a part; none where the images have no labels. Small parts may lack some."""
    return [int(k) for k in np.unique(images_and_labels(dataset, which)[1])] if dataset.labelled else []


def class_filter(dataset: Dataset, which: Part, key: str) -> int | None:
    """One class of a part, or None for all; nothing to choose where the images have no labels."""
    if not dataset.labelled:
        return None
    choice = st.selectbox(
        "Class" if dataset.class_names else "Digit",
        ["All", *map(str, classes(dataset, which))],
        format_func=lambda label: label if label == "All" else dataset.class_name(int(label)),
        key=key,
        persist_state="session",
    )
    return None if choice == "All" else int(choice)


def called(dataset: Dataset, label: int, which: str) -> str:
    """What an image is called where it can be chosen: its class, and which one it is."""
    return f"{plain(dataset.class_name(label)) if dataset.labelled else 'image'} · {which}"


def members(dataset: Dataset, which: Part, only: int | None) -> NDArray[np.int64]:
    """Indices into the part, in its order."""
    _, labels = images_and_labels(dataset, which)
    return np.arange(len(labels)) if only is None else np.flatnonzero(labels == only)


def needs_data(named: NamedModel) -> Dataset:
    """The data set that fits the model; without one the page ends with a sentence on what to do."""
    data = named.dataset
    if data is None:
        pixels = named.marginal.n_visible
        reason = data_sets.problem(named.data, pixels) if named.data else "No data set here has images of that size."
        st.info(
            f"This page shows the model at work on images, but there are none for **{plain(named.name)}**, which has "
            f"{pixels} pixels. {plain(reason)} Bring images on the Data page, or train or upload another model "
            "on the Train page."
        )
        st.stop()
        raise AssertionError  # st.stop raises; this is for the type checker
    return data


def fairness(named: NamedModel, data: Dataset) -> None:
    """Say so where a model was trained on other images than those it is shown with."""
    taught_by = named.info.get("data", named.data)
    if taught_by != named.data and not str(taught_by).endswith(split.APART):
        st.caption(
            f"This model was trained on other images than those of {plain(data_sets.title(data.name))}, maybe on some "
            "of these too: its held-out digits are no fair test of it."
        )


def not_asked_to_be_probable(note: Mapping[str, Any]) -> None:
    """On pages that speak of probability: say so where a model's note tells that an autoencoder made it."""
    if autoencoder.made(note):
        st.caption(
            "Trained as an **autoencoder**: these weights were never asked to be probable. They define energies all "
            "the same, and what these say of digits is nobody's intention."
        )
