"""The thermometer: how likely the model finds the drawing, beside noise, real pictures and the chains of the film."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app.components import thermometer
from rbm.app.components.drawable import SIDE
from rbm.app.components.thermometer import Mark
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import reader
from rbm.app.sample_page.echo import kind
from rbm.measures import diagnostics
from rbm.measures import thermometer as scales
from rbm.measures.reader import typicality
from rbm.measures.thermometer import Scale
from rbm.models.arrays import Array
from rbm.models.binary import RBM

BINS = 64  # of the silhouette
NOISES = 20  # pictures, whose median is the mark
FILM = "dream_player"  # key of the film whose chains are shown
SENTENCE = "Lower free energy is likelier; only heights under one model compare."


class Reference(NamedTuple):
    """Of one model: its scale, the free energies (n,) of the pictures that it is shown beside, and that of noise."""

    scale: Scale
    energies: NDArray[np.float64]
    noise: float


def reference(named: NamedModel) -> Reference:
    """Real pictures are the held-out ones; the model's own dreams where no data set fits it."""
    found = reader.of(named)
    if found is not None:
        return _reference(named.fingerprint, named.model, found.energies)
    own = reader.own_samples(named)[:, : named.model.n_pixels]
    return _reference(named.fingerprint, named.model, diagnostics.free_energy(named.model, own))


@st.cache_data(max_entries=16, show_spinner=False)
def _reference(fingerprint: str, _model: RBM, energies: NDArray[np.float64]) -> Reference:
    drawn = scales.noise(_model, NOISES, np.random.default_rng(0))
    return Reference(scales.scale_of(energies), energies, float(np.median(diagnostics.free_energy(_model, drawn))))


def marks(named: NamedModel, free_energy: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Heights of chains (kept, n), in nats, for the film: 255 is the top."""
    return np.rint(255 * reference(named).scale.heights(free_energy)).astype(np.uint8)


def show(named: NamedModel, image: Array | None) -> None:
    """The thermometer; `image` (pixels,) is the drawing or the digit, None where there is no single one."""
    of, data = reference(named), named.dataset
    real = "its own dreams" if data is None else f"real {kind(data)}"
    yours, alt = None, f"How likely the model finds pictures: {real} in the middle, noise far below"
    if image is not None:
        value = float(diagnostics.free_energy(named.model, image[None])[0])
        share = f"likelier than {100 * typicality(value, of.energies):.0f} % of {real}"
        yours = Mark(float(of.scale.heights(value)), f"yours: {value:.0f} nats, {share}")
        alt += f", yours {share}"
    thermometer.thermometer(
        scales.silhouette(of.scale.heights(of.energies), BINS),
        Mark(float(of.scale.heights(of.noise)), f"noise: {of.noise:.0f} nats"),
        yours,
        real=real,
        film=FILM,
        side=SIDE,
        sentence=SENTENCE,
        alt=alt,
        key="dream_thermometer",
    )
