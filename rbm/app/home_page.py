"""What Home is made of: a model that learns and dreams, or the model in use, dreaming; the models that ship."""

from __future__ import annotations

import logging

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rbm.app import current_model, pictures, show
from rbm.app.components import sprite
from rbm.app.components.player import Side, player
from rbm.app.current_model import NamedModel
from rbm.app.lessons import links, now
from rbm.app.liveliest import liveliest
from rbm.app.remembered import remembered
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import BadFile
from rbm.models import arrays, film
from rbm.models.arrays import Array
from rbm.pretrained import learning

CHAINS, SWEEPS, FRAMES = 16, 360, 181
SPEED = 10  # frames a second
GREY = np.uint8(255 // learning.LEVELS)  # of a level
FILTERS, COLUMNS = 100, 10
ACROSS, DOWN = 6, 3
_LOOK_UP = "home_look_up"
CORNER = 132  # pixels
# who holds a phone has come in already
_CORNER = """<style>
@media (max-width: 640px) { [data-testid="stLayoutWrapper"]:has(> .st-key-home_corner) { display: none !important } }
</style>"""
log = logging.getLogger(__name__)


def beside_the_way_in() -> DeltaGenerator:
    """The place of what opens the page; beside it a corner with the address of this lab, for others in the room."""
    address = links.for_others()
    if address is None:
        return st.container()
    query = now.query()
    query.pop(now.TEACHER, None)  # it may be projected
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium", key="home_top")
    place = row.container(width="stretch")
    with row.container(width=CORNER, gap="xxsmall", key="home_corner"):
        show.picture(links.qr(links.to_lesson(address, **query) if query else address), width=CORNER)
        st.caption(plain(address.partition("://")[2]), text_alignment="center")
    st.html(_CORNER)
    return place


def opening(named: NamedModel) -> None:
    """First the film of a model that learns, then the default model's endless dream; another model dreams at once."""
    learnt = _film() if named.fingerprint == current_model.default_model().fingerprint else None
    if learnt is None:
        dreaming(named)
        return
    named = current_model.default_model()  # the note of an uploaded file with its weights may say anything
    film, captions, side = _learning(named.fingerprint, named)
    alt = f"{CHAINS} Gibbs chains: noise, then blobs, then digits, while a machine learns; then {named.name} dreams"
    player(
        film,
        captions,
        [],
        alt=alt,
        key="home_player",
        speed=SPEED,
        endless=True,
        loop=len(learnt.updates),
        sides=(side,),
        attend=st.session_state.pop(_LOOK_UP, False),
    )
    left, right = st.columns(2, gap="large")
    left.caption(
        f"**A machine learns, then {plain(named.name)} dreams.** First {CHAINS} chains of a machine that learns "
        f"4,000 digits in {learning.CONFIG.epochs} epochs (the preset *Recommended*), one sweep an update. Then the "
        f"model in use, trained on {named.info['data']}; its chains begin at held-out digits."
    )
    right.caption(
        f"**What {learning.FILTERS} of its {named.model.n_hidden} hidden units look for.** Red pixels switch a unit "
        f"on, blue ones off. Nobody told it what a pen stroke is."
    )


def _film() -> learning.Learning | None:
    """None where its file is damaged: the film is an ornament, and a dream is one too."""
    try:
        return learning.load()
    except BadFile as error:
        log.warning("%s", error)
        return None


@st.cache_resource(max_entries=2, show_spinner=False)
def _learning(fingerprint: str, _named: NamedModel) -> tuple[sprite.Sprite, list[str], Side]:
    """Chains and filters while a machine learns, then the chains and the filters of the default model."""
    learnt, dreamt = learning.load(), dream(_named)
    chains = np.concatenate([learnt.chains * GREY, dreamt.means])
    captions = [*learnt.captions, *(f"{_named.name} dreams: sweep {sweep}" for sweep in dreamt.sweeps)]
    weights = _wires(_named, learning.FILTERS).T
    own = learning.as_levels(weights, float(np.quantile(np.abs(weights), 0.995)))
    wires = _framed(np.concatenate([learnt.filters, own[None]]), _named.shape)
    shape = (_named.shape[0] + 1, _named.shape[1] + 1)
    alt = f"The wires of {learning.FILTERS} hidden units, blank at first; strokes of a pen appear as the machine learns"
    return (
        sprite.of(chains, _named.shape),
        captions,
        Side(sprite.of(wires, shape, _palette()), len(wires), alt, signed=True),
    )


def _framed(filters: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Filters (times, n, pixels) with a line of the palette's last colour right of and below each."""
    tiles = filters.reshape(*filters.shape[:2], *shape)
    framed = np.pad(tiles, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=learning.LEVELS)
    return framed.reshape(*filters.shape[:2], -1)


def _palette() -> NDArray[np.uint8]:
    """The colours of a filter's levels, and a grey for the lines between filters."""
    levels = np.linspace(-1, 1, learning.LEVELS)[:, None]
    colours = pictures.diverging(levels, (1, 1), limit=1.0).reshape(-1, 3)
    return np.concatenate([colours, np.full((1, 3), 128, dtype=np.uint8)])


def dreaming(named: NamedModel) -> None:
    """The chains as an endless film, the filters, and a line on each."""
    left, right = st.columns(2, gap="large")
    with left:
        film, captions = _sprite(named.fingerprint, named)
        alt = f"{CHAINS} Gibbs chains of the model {named.name}, as a film"
        player(
            film,
            captions,
            [],
            alt=alt,
            key="home_player",
            speed=SPEED,
            endless=True,
            attend=st.session_state.pop(_LOOK_UP, False),
        )
        began = "held-out images" if named.dataset else "noise"
        st.caption(
            f"**{plain(named.name)} is dreaming.** {CHAINS} chains began at {began}; "
            "at every sweep the hidden units answer to the pixels, and the pixels to the hidden units."
        )
    with right:
        show.picture(filters(named.fingerprint, named))
        shown = min(FILTERS, named.model.n_hidden)
        st.caption(
            f"**What {shown} of its {named.model.n_hidden} hidden units look for.** Red pixels switch a unit on, blue "
            "ones off. Nobody told it what a pen stroke is."
        )


@remembered()
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
    return pictures.filters(_wires(_named, FILTERS), _named.shape, COLUMNS, common=True, scale=2)


def _wires(named: NamedModel, n: int) -> Array:
    """The wires (pixels, n) of the units to show first."""
    return named.marginal.weights[:, liveliest(named)[:n]]


# ---- the models that ship with the app, to choose from


def shipped_models() -> None:
    """A card for each model, with a button that puts it to use everywhere."""
    with st.grid(4, min_column_width=170):
        for key, named in current_model.shipped().items():
            with st.container(border=True, height="stretch", vertical_alignment="distribute"):
                _card(key, named)
        for key, why in current_model.damaged().items():
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{key}.npz**")
                st.caption(f"This model can't be read ({plain(why)}). Install the program again; all else works.")


def _card(key: str, named: NamedModel) -> None:
    with st.container():
        show.picture(_thumbnail(named.fingerprint, named))
        st.markdown(f"**{plain(named.name)}**")
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
    """Put it to use; the page then glides up to its dream, which would change out of sight."""
    current_model.use(named)
    st.session_state[_LOOK_UP] = True
    st.toast(f"**{plain(named.name)}** is in use on every page.", icon=":material/check:")


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
    return pictures.filters(_wires(_named, ACROSS * DOWN), _named.shape, ACROSS, common=True, scale=2)
