"""Where chains start: a drawing, a test digit, noise, or the model's own samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rbm.app import pictures, show
from rbm.app.components import sprite
from rbm.app.components.drawable import SIDE
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import echo, reader
from rbm.app.sample_page.board import around, board, current, painted, seen, what_to_do
from rbm.app.sample_page.keyboard import digit_choice
from rbm.app.sample_page.stage import Stage
from rbm.models.arrays import Array
from rbm.models.film import SamplingPlan

DRAW, DIGIT, NOISE, OWN = "Draw", "A test digit", "Noise", "Its own dreams"


@dataclass(frozen=True, eq=False)
class Start:
    """`images` (1 or chains, pixels) that chains start from, and the mask (pixels,) painted on the board."""

    images: Array
    painted: NDArray[np.bool_]


def source_choice(named: NamedModel) -> str:
    sources = [DRAW, DIGIT, NOISE, OWN] if named.dataset else [DRAW, NOISE, OWN]
    choice = st.segmented_control(
        "Start from", sources, default=DRAW, required=True, key="dream_source", bind="query-params",
        help="**Its own dreams** are 100 samples the model made in a long run: what it finds typical.",
    )  # fmt: skip
    return str(choice)


def start(named: NamedModel, source: str, plan: SamplingPlan, stage: Stage) -> Start | None:
    """Draws the choice of a start; None while there is none (then the board says what to do)."""
    details = stage.tabs["What it sees"].empty() if stage.opened("What it sees") else None
    if source == DRAW:
        with stage.board:
            board(named, stage, details)
        return from_drawing(named)
    nothing = np.zeros(named.model.n_pixels, dtype=bool)
    if source == DIGIT and named.dataset is not None:
        return Start(_digit(named, stage, details)[None], nothing)
    images = noise(named, plan) if source == NOISE else reader.own_samples(named)[: plan.chains, : len(nothing)]
    what = "Every pixel a coin toss" if source == NOISE else "Samples of the model"
    tiles = pictures.grey(images, named.shape)
    _, columns = sprite.grid(len(images))
    scale = max(1, SIDE // (columns * (named.shape[1] + 1)))
    with stage.board:
        _draw_instead()
        show.picture(pictures.mosaic(tiles, columns, f"{what}: {len(images)} starts", scale=scale), width=SIDE)
    around(named, None, stage)
    with stage.beside.container():
        st.markdown(f"{what}: one start for each chain.")
    if details is not None:
        details.caption("Start from one picture to see what the model makes of it.")
    return Start(images, nothing)


def _draw_instead() -> None:
    """As high as what stands above the board otherwise."""
    st.button("Draw instead", icon=":material/draw:", on_click=_draw, key="dream_draw")


def _draw() -> None:
    st.session_state["dream_source"] = DRAW


def _digit(named: NamedModel, stage: Stage, details: DeltaGenerator | None) -> Array:
    """The choice of a held-out digit, where the board is otherwise."""
    with stage.board:
        _draw_instead()
        place = st.empty()
        with st.grid(2, min_column_width=120):
            image = digit_choice(named, "dream")
        tile = pictures.single(pictures.grey(image, named.shape), "the chosen digit", SIDE)
        place.image(tile.png, alt=tile.alt, width=SIDE)
    around(named, image, stage)
    with stage.beside.container(gap="xsmall"):
        echo.summary(named, image)
    if details is not None:
        with details.container():
            echo.details(named, image)
    return image


def noise(named: NamedModel, plan: SamplingPlan) -> Array:
    """A coin toss for every pixel of every chain (chains, pixels)."""
    pixels = named.model.n_pixels
    return plan.rng("start").integers(0, 2, (plan.chains, pixels)).astype(np.float32)


def from_drawing(named: NamedModel) -> Start | None:
    """What the board holds, as the model sees it."""
    drawing = current()
    image = seen(named, drawing)
    if image is None or what_to_do(image, drawing) is not None:
        return None
    return Start(image[None], painted(named, drawing))
