"""The first thing on Home: the model in use, dreaming, beside its filters."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm import datasets, dreams, reels
from rbm.app import figures, show
from rbm.app.player import player
from rbm.app.session import NamedModel
from rbm.datasets import Dataset
from rbm.label import LabelRBM
from rbm.model import Array

CHAINS, SWEEPS, FRAMES = 16, 360, 181
SPEED = 10  # frames a second
FILTERS, COLUMNS = 100, 10


def dreaming(named: NamedModel) -> None:
    """The chains as an endless film, the filters, and a line on each."""
    left, right = st.columns(2, gap="large")
    with left:
        reel, captions = _reel(named.fingerprint, named)
        alt = f"{CHAINS} Gibbs chains of the model {named.name}, as a film"
        player(reel, captions, [], alt=alt, key="home_player", speed=SPEED, endless=True)
        began = "held-out images" if named.dataset else "noise"
        st.caption(
            f"**{named.name} is dreaming.** {CHAINS} chains began at {began}; "
            "at every sweep the hidden units answer to the pixels, and the pixels to the hidden units."
        )
    with right:
        show.picture(filters(named.fingerprint, named))
        shown = min(FILTERS, named.model.n_hidden)
        st.caption(
            f"**What {shown} of its {named.model.n_hidden} hidden units look for.** Red pixels switch a unit on, blue "
            "ones off. Nobody told it what a pen stroke is."
        )


@st.cache_resource(max_entries=8, show_spinner=False)
def _reel(fingerprint: str, _named: NamedModel) -> tuple[reels.Reel, list[str]]:
    film = dream(_named)
    pixels = np.ascontiguousarray(film.means[:, :, : _named.eyes.n_visible])
    return reels.reel(pixels, _named.shape), [f"sweep {sweep}" for sweep in film.sweeps]


def dream(named: NamedModel) -> dreams.Film:
    """Chains from held-out digits of every class; a model with classes keeps each chain at its digit's class."""
    plan, clamp = dreams.Plan(CHAINS, SWEEPS), None
    images, labels = _start(named, plan)
    if isinstance(named.model, LabelRBM):
        clamp = named.model.class_mask
        images = named.model.join(images, labels % named.model.n_classes)
    return dreams.dream(named.model, images, plan.temperatures(), plan.rng("chain"), clamp, CHAINS * FRAMES)


def _start(named: NamedModel, plan: dreams.Plan) -> tuple[Array, NDArray[np.int64]]:
    """Images (chains, pixels) and labels (chains,): digits, or coin tosses where no data fit."""
    if named.dataset is None:
        coins = plan.rng("start").integers(0, 2, (CHAINS, named.eyes.n_visible)).astype(np.float32)
        return coins, np.arange(CHAINS)
    chosen = _of_every_class(named.dataset)
    return datasets.as_unit_interval(named.dataset.test_images[chosen]), named.dataset.test_labels[chosen]


def _of_every_class(data: Dataset) -> NDArray[np.int64]:
    """Held-out images (chains,) by their indices: one of each class, again and again."""
    places = [np.flatnonzero(data.test_labels == k) for k in np.unique(data.test_labels)]
    turns = [places[i % len(places)] for i in range(CHAINS)]
    return np.array([turn[i // len(places) % len(turn)] for i, turn in enumerate(turns)])


@st.cache_resource(max_entries=8, show_spinner=False)
def filters(fingerprint: str, _named: NamedModel) -> figures.Picture:
    """The units of the largest weights."""
    weights = _named.eyes.weights
    strongest = np.argsort(-np.linalg.norm(weights, axis=0), kind="stable")[:FILTERS]
    return figures.filters(weights[:, strongest], _named.shape, COLUMNS, common=True, scale=2)
