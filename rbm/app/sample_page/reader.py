"""How the model in use sees pictures, prepared once per model and shared: features, reader, real digits' energies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import current_model, server
from rbm.app.current_model import NamedModel
from rbm.app.remembered import remembered
from rbm.measures import diagnostics, likelihood
from rbm.measures.reader import NONE, Reader
from rbm.models import arrays, film
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.runs import budget

OWN = film.MOST_CHAINS  # samples of the model that are kept at hand


@dataclass(frozen=True, eq=False)
class ModelReader:
    """`known` (n, n_hidden): features of the training digits. `reader` tells digits apart by features, rightly for
    the share `accuracy` of held-out digits; not where they are not `labelled`. `energies` (n,): free energy of the
    held-out digits."""

    model: RBM
    known: Array
    reader: Reader
    accuracy: float
    energies: NDArray[np.float64]
    labelled: bool

    def read(self, images: Array | NDArray[np.uint8]) -> NDArray[np.int64]:
        """What each image (n, pixels) looks like: a class, or NONE. A model with classes names the class itself."""
        looks = self.reader.read(diagnostics.hidden(self.model, images), images)
        if self.model.n_classes:
            return np.where(looks == NONE, NONE, self.model.classify(images))
        return looks


def of(named: NamedModel) -> ModelReader | None:
    """None where no data set has pictures of this model's size."""
    return None if named.data is None or named.dataset is None else _of(named.fingerprint, named.model, named.data)


@remembered()
def _of(fingerprint: str, _model: RBM, data: str) -> ModelReader:
    dataset = server.library().load(data)
    n = min(len(dataset.train_images), budget.rows(_model.n_hidden))
    whole = n == len(dataset.train_images)
    known = (
        current_model.activations(fingerprint, _model.marginal, data, "Training")
        if whole
        else diagnostics.hidden_activations(_model.marginal, dataset.train_images[:n])
    )
    reader = Reader.fit(known, dataset.train_labels[:n], dataset.train_images[:n])
    energies = diagnostics.free_energy(_model, dataset.test_images)
    draft = ModelReader(_model, known, reader, 0.0, energies, dataset.labelled)
    accuracy = float((draft.read(dataset.test_images) == dataset.test_labels).mean())
    return replace(draft, accuracy=accuracy)


def own_samples(named: NamedModel) -> Array:
    """100 long-run samples of the model (100, n_visible)."""
    return _own_samples(named.fingerprint, named.model, named.data if named.dataset else None)


@st.cache_resource(max_entries=4, show_spinner="The model dreams by itself for some hundred sweeps")
def _own_samples(fingerprint: str, _model: RBM, data: str | None) -> Array:
    rng, sweeps = np.random.default_rng(0), budget.sweeps(likelihood.LONG_RUN, OWN, *_model.weights.shape)
    if data is None:
        return likelihood.own_samples(_model, OWN, rng, sweeps=sweeps)
    dataset = server.library().load(data)
    return likelihood.own_samples(_model, OWN, rng, dataset.train_images, dataset.train_labels, sweeps)


def base(named: NamedModel) -> NDArray[np.float64] | None:
    """Visible biases of the hot end of a tempering ladder: the data's base rates; None without data."""
    if named.dataset is None:
        return None
    odds = arrays.log_odds(named.dataset.train_images)
    return np.append(odds, named.model.visible_bias[len(odds) :])
