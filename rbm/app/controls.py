"""Widgets that make settings. Each says what its parameter does and what happens when it is too large."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm import datasets
from rbm.app.session import NamedModel, Part, images_and_labels
from rbm.config import PRESETS, TrainConfig
from rbm.datasets import Dataset

_FIELDS = ("n_hidden", "gibbs_steps", "learning_rate", "batch_size", "epochs", "seed")


def preset() -> str:
    """The choice of a preset; choosing one fills the form below it."""
    for name in _FIELDS:
        st.session_state.setdefault(_key(name), getattr(PRESETS["Recommended"], name))
    return st.segmented_control(
        "Preset",
        list(PRESETS),
        default="Recommended",
        required=True,
        key="train_preset",
        persist_state="session",
        on_change=_fill_form,
        help="**Recommended**: small random weights, pixel biases at the log-odds of the pixel means, momentum 0.5 "
        "and from epoch 5 on 0.9. **Classic 784-500**: the article this lab grew from: weights ten times larger, "
        "all biases zero, no momentum.",
    )


def training_form(preset_name: str) -> tuple[str, TrainConfig] | None:
    """The form; what it holds once Start is pressed. Raises ValueError for settings that can't be."""
    with st.form("training", border=True):
        first = st.columns(4)
        data = first[0].selectbox(
            "Data",
            datasets.names(),
            key="train_data",
            persist_state="session",
            help="mnist-5k: 4,000 training and 1,000 held-out MNIST digits of 28 × 28 pixels. digits-8x8: 1,797 tiny "
            "digits, trained in seconds.",
        )
        values: dict[str, Any] = {
            "n_hidden": first[1].number_input(
                "Hidden units", 1, 4000, step=50, key=_key("n_hidden"), persist_state="session",
                help="How many features the model can learn. Too many: slow, and it may memorise the training digits.",
            ),
            "gibbs_steps": first[2].number_input(
                "CD steps k", 1, 50, step=1, key=_key("gibbs_steps"), persist_state="session",
                help="Gibbs sweeps between data and model statistics. More is closer to the true gradient, and takes "
                "proportionally longer.",
            ),
            "learning_rate": first[3].number_input(
                "Learning rate", 0.0, 100.0, step=0.01, format="%.4f", key=_key("learning_rate"),
                persist_state="session",
                help="Size of a step. Too small: nothing happens. Too large: the error jumps about, units die, and "
                "training blows up. Try 10 to see it.",
            ),
        }  # fmt: skip
        second = st.columns(4, vertical_alignment="bottom")
        values |= {
            "batch_size": second[0].number_input(
                "Batch size", 1, 4000, step=16, key=_key("batch_size"), persist_state="session",
                help="Digits per update. Too large: few updates per epoch, learning is slow. Too small: noisy steps.",
            ),
            "epochs": second[1].number_input(
                "Epochs", 1, 1000, step=5, key=_key("epochs"), persist_state="session",
                help="How often every training digit is used. Too many: the held-out error stops falling while the "
                "training error goes on.",
            ),
            "seed": second[2].number_input(
                "Seed", 0, 2**31, step=1, key=_key("seed"), persist_state="session",
                help="Start of the random numbers. The same seed and settings give the same model.",
            ),
        }  # fmt: skip
        pressed = second[3].form_submit_button("Start", type="primary", icon=":material/play_arrow:", width="stretch")
    if not pressed:
        return None
    return data, replace(PRESETS[preset_name], **values)


def _fill_form() -> None:
    for name in _FIELDS:
        st.session_state[_key(name)] = getattr(PRESETS[st.session_state["train_preset"]], name)


def _key(name: str) -> str:
    return f"train_{name}"


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
        known = ", ".join(f"{n} ({datasets.load(n).train_images.shape[1]} pixels)" for n in datasets.names())
        st.info(
            f"This page shows the model at work on digits, but **{named.name}** has {named.model.n_visible} visible "
            f"units and no data set here has as many pixels: {known}. Train or upload another model on the Train page."
        )
        st.stop()
        raise AssertionError  # st.stop raises; this is for the type checker
    return named.dataset
