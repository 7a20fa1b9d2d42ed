"""What Home is made of: the model in use, dreaming; those that ship; how it works."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import current_model, pictures, show
from rbm.app.components import sprite
from rbm.app.components.player import player
from rbm.app.current_model import NamedModel
from rbm.datasets.dataset import Dataset
from rbm.models import arrays, film
from rbm.models.arrays import Array

CHAINS, SWEEPS, FRAMES = 16, 360, 181
SPEED = 10  # frames a second
FILTERS, COLUMNS = 100, 10

ACROSS, DOWN = 6, 3

GUIDE = "https://www.cs.toronto.edu/~hinton/absps/guideTR.pdf"


def dreaming(named: NamedModel) -> None:
    """The chains as an endless film, the filters, and a line on each."""
    left, right = st.columns(2, gap="large")
    with left:
        film, captions = _sprite(named.fingerprint, named)
        alt = f"{CHAINS} Gibbs chains of the model {named.name}, as a film"
        player(film, captions, [], alt=alt, key="home_player", speed=SPEED, endless=True)
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
def _sprite(fingerprint: str, _named: NamedModel) -> tuple[sprite.Sprite, list[str]]:
    film = dream(_named)
    pixels = np.ascontiguousarray(film.means[:, :, : _named.marginal.n_visible])
    return sprite.of(pixels, _named.shape), [f"sweep {sweep}" for sweep in film.sweeps]


def dream(named: NamedModel) -> film.Film:
    """Chains from held-out digits of every class; a model with classes keeps each chain at its digit's class."""
    plan, clamp = film.SamplingPlan(CHAINS, SWEEPS), None
    images, labels = _start(named, plan)
    if named.model.n_classes:
        clamp = named.model.class_mask
        images = named.model.join(images, labels % named.model.n_classes)
    return film.film_of(named.model, images, plan.temperatures(), plan.rng("chain"), clamp, CHAINS * FRAMES)


def _start(named: NamedModel, plan: film.SamplingPlan) -> tuple[Array, NDArray[np.int64]]:
    """Images (chains, pixels) and labels (chains,): digits, or coin tosses where no data fit."""
    if named.dataset is None:
        coins = plan.rng("start").integers(0, 2, (CHAINS, named.marginal.n_visible)).astype(np.float32)
        return coins, np.arange(CHAINS)
    chosen = _of_every_class(named.dataset)
    return arrays.as_unit_interval(named.dataset.test_images[chosen]), named.dataset.test_labels[chosen]


def _of_every_class(data: Dataset) -> NDArray[np.int64]:
    """Held-out images (chains,) by their indices: one of each class, again and again."""
    places = [np.flatnonzero(data.test_labels == k) for k in np.unique(data.test_labels)]
    turns = [places[i % len(places)] for i in range(CHAINS)]
    return np.array([turn[i // len(places) % len(turn)] for i, turn in enumerate(turns)])


@st.cache_resource(max_entries=8, show_spinner=False)
def filters(fingerprint: str, _named: NamedModel) -> pictures.Picture:
    """The units of the largest weights."""
    weights = _named.marginal.weights
    strongest = np.argsort(-np.linalg.norm(weights, axis=0), kind="stable")[:FILTERS]
    return pictures.filters(weights[:, strongest], _named.shape, COLUMNS, common=True, scale=2)


# ---- the models that ship with the app, to choose from


def shipped_models() -> None:
    """A card for each model, with a button that puts it to use everywhere."""
    with st.grid(4, min_column_width=170):
        for key, named in current_model.shipped().items():
            with st.container(border=True, height="stretch"):
                _card(key, named)


def _card(key: str, named: NamedModel) -> None:
    show.picture(_thumbnail(named.fingerprint, named))
    st.markdown(f"**{named.name}**")
    st.caption(f"{named.info['about']}  \n{figures_line(named)}")
    chosen = named.fingerprint == current_model.current().fingerprint
    st.button(
        "In use" if chosen else f"Use {named.name}",
        key=f"use_{key}",
        disabled=chosen,
        on_click=_choose,
        args=(named,),
        width="stretch",
    )


def _choose(named: NamedModel) -> None:
    current_model.use(named)
    st.toast(f"**{named.name}** is in use on every page.", icon=":material/check:")


def figures_line(named: NamedModel) -> str:
    """What was measured on the model, in a line."""
    found = named.info["measured"]
    said = [f"error {found['held_out_error']:.1f}"]
    if "held_out_log_likelihood" in found:
        said.append(f"log-likelihood {found['held_out_log_likelihood']['value']:.1f} nats")
    if "classification_error" in found:
        said.append(f"{found['classification_error']:.1%} of digits misread")
    if found["dead_units"] > 0:
        said.append(f"{found['dead_units']:.0%} dead units")
    return " · ".join([f"{named.model.n_hidden} hidden units", *said])


@st.cache_resource(max_entries=8, show_spinner=False)
def _thumbnail(fingerprint: str, _named: NamedModel) -> pictures.Picture:
    return pictures.filters(_named.marginal.weights[:, : ACROSS * DOWN], _named.shape, ACROSS, common=True, scale=2)


# ---- what a restricted Boltzmann machine is, in a minute


@st.dialog("How does it work?", width="medium")
def introduction() -> None:
    st.markdown(
        "Two layers. The **visible units** $v$ are the pixels of an image; the **hidden units** $h$ each look for a "
        "pattern. Every pixel is wired to every hidden unit by a weight, and nothing is wired within a layer: that "
        "is the restriction."
    )
    show.picture(current_model.portrait(current_model.current()), width=480)
    st.caption("Each hidden unit is shown as its weights: red pixels switch it on, blue ones off.")
    st.markdown(
        r"""
Together they give each image an **energy**, and likely images are those of low energy:

$E(v, h) = -\,b^\top v - c^\top h - v^\top W h, \qquad p(v, h) \propto e^{-E(v, h)}$

**Dreaming.** Given the pixels, each hidden unit is on with probability
$p(h_j = 1 \mid v) = \sigma(c_j + \sum_i v_i W_{ij})$; given the hidden units, each pixel likewise. Letting the two
layers answer each other in turn is a **Gibbs chain**: it wanders through what the model finds likely.

**Training.** Show a digit, and lower its energy. Let the chain dream a few steps away from it, and raise the energy
of what it dreamt. That is **contrastive divergence**; when the dreams look like the digits, the two cancel.
"""
    )
    with st.container(horizontal=True):
        if st.button("See it train", icon=":material/model_training:", type="primary"):
            st.switch_page("pages/train.py")
        st.link_button(
            "Hinton's practical guide",
            "https://www.cs.toronto.edu/~hinton/absps/guideTR.pdf",
            icon=":material/menu_book:",
        )
