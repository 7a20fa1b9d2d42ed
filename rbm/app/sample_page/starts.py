"""Where chains start: a drawing, a test digit, noise, or the model's own samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import pictures, show
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import echo, reader
from rbm.app.sample_page.board import board, current, digit_choice, painted, seen, what_to_do
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
        help="**Its own dreams** are 100 samples the model made in a run of 500 sweeps: what it finds typical.",
    )  # fmt: skip
    return str(choice)


def start(named: NamedModel, source: str, plan: SamplingPlan) -> Start | None:
    """Draws the choice of a start; None, and a sentence that says what to do, while there is none."""
    if source == DRAW:
        board(named)
        return from_drawing(named)
    nothing = np.zeros(named.model.n_pixels, dtype=bool)
    if source == DIGIT and named.dataset is not None:
        left, right = st.columns([9, 10], gap="large")
        with left:
            image = digit_choice(named, "dream")
        with right:
            echo.panel(named, image)
        return Start(image[None], nothing)
    images = noise(named, plan) if source == NOISE else reader.own_samples(named)[: plan.chains, : len(nothing)]
    what = "Every pixel a coin toss" if source == NOISE else "Samples of the model"
    tiles = pictures.grey(images, named.shape)
    show.picture(
        pictures.mosaic(tiles, 25, f"{what}: {len(images)} starts"), f"{what}: one for each chain", width="content"
    )
    return Start(images, nothing)


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
