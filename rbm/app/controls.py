"""Choices that several pages offer: which digits, and what to say where there are none."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm import datasets
from rbm.app.session import NamedModel, Part, images_and_labels
from rbm.datasets import Dataset


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


def class_filter(dataset: Dataset, key: str) -> int | None:
    """One class, or None for all."""
    choice = st.selectbox("Digit", ["All", *map(str, dataset.classes)], key=key, persist_state="session")
    return None if choice == "All" else int(choice)


def members(dataset: Dataset, which: Part, only: int | None) -> NDArray[np.int64]:
    """Indices into the part, in its order."""
    _, labels = images_and_labels(dataset, which)
    return np.arange(len(labels)) if only is None else np.flatnonzero(labels == only)


def needs_data(named: NamedModel) -> Dataset:
    """The data set that fits the model; without one the page ends with a sentence on what to do."""
    if named.dataset is None:
        known = ", ".join(f"{n} ({math.prod(datasets.shape(n))} pixels)" for n in datasets.names())
        st.info(
            f"This page shows the model at work on digits, but **{named.name}** has {named.eyes.n_visible} pixels "
            f"and no data set here has as many pixels: {known}. Train or upload another model on the Train page."
        )
        st.stop()
        raise AssertionError  # st.stop raises; this is for the type checker
    if named.info.get("data", named.data) != named.data:
        st.caption(
            f"This model was trained on other images than those of {named.data}, maybe on some of these too: its "
            "held-out digits are no fair test of it."
        )
    return named.dataset
