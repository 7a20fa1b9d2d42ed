"""What there is to see of a machine whose pixels are grey levels of any kind: how surely it knows each, and dreams."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm.app import pictures, show
from rbm.app.current_model import NamedModel
from rbm.app.glossary import define
from rbm.app.pictures import Picture
from rbm.app.remembered import remembered
from rbm.app.text import plain
from rbm.models.arrays import Array, as_unit_interval
from rbm.models.deep import DeepBeliefNet
from rbm.models.variances import VarianceParameters
from rbm.runs import budget

SIZE = 196  # screen pixels of a picture
CHAINS, ACROSS, SWEEPS = 40, 10, 200
WORDS = (
    "Its pixels are grey levels, not on or off. The hidden units say what each pixel should be; **σ** is how far the "
    "pixel strays from that, from image to image. The machine learned σ too, and its hidden units see each pixel over "
    "σ²: they listen most to pixels that they know surely."
)


def section(named: NamedModel) -> None:
    """σ of every pixel, where the machine has learned it; nothing for others."""
    p = named.model.parameters
    if not isinstance(p, VarianceParameters):
        return
    st.header("How surely it knows each pixel", anchor=False)
    picture, low, high = _picture(named.fingerprint, named.shape, p.log_variance)
    with st.container(horizontal=True, gap="medium"):
        show.picture(picture, "σ: bright where it is large", width=SIZE)
        with st.container(width="stretch"):
            st.markdown(WORDS, help=define("Gaussian unit", "hidden unit"))
            st.markdown(f"Here σ goes from **{low:.3f}** to **{high:.3f}**, where black is 0 and white is 1.")


@remembered()
def _picture(fingerprint: str, shape: tuple[int, int], _log_variance: Array) -> tuple[Picture, float, float]:
    sigma = np.exp(0.5 * _log_variance)
    low, high = float(sigma.min()), float(sigma.max())
    alt = f"σ of each pixel: from {low:.3f} to {high:.3f}"
    return pictures.single(pictures.sequential(sigma[None] / high, shape), alt, SIZE), low, high


def dreams(named: NamedModel) -> None:
    """In place of the page on which digits are drawn: what the machine dreams, from held-out images."""
    st.markdown(WORDS)
    data = named.dataset
    if data is None:
        st.info(f"There are no images here that fit **{plain(named.name)}**, on which its dreams could begin.")
        return
    picture, sweeps = _dreams(named.fingerprint, named)
    show.picture(
        picture,
        f"{CHAINS} dreams of **{plain(named.name)}**, {sweeps} sweeps from held-out images. Black and white images are "
        "drawn on this page by other models: choose one to draw yourself.",
    )


@remembered("Dreaming")
def _dreams(fingerprint: str, _named: NamedModel) -> tuple[Picture, int]:
    """And after how many sweeps."""
    data = _named.dataset
    assert data is not None
    places = np.linspace(0, len(data.test_images) - 1, CHAINS).astype(int)
    start, rng = as_unit_interval(data.test_images[places]), np.random.default_rng(0)
    steps = budget.sweeps(SWEEPS, CHAINS, *_named.model.weights.shape)
    tiles = pictures.grey(DeepBeliefNet((_named.model,)).dream(start, steps, rng), _named.shape)
    alt = f"{CHAINS} dreams after {steps} sweeps"
    return pictures.mosaic(tiles, ACROSS, alt, scale=1 if _named.shape[1] > 16 else 4), steps
