"""Images as the page compares them: their pixels, and the hidden probabilities of the model in use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbm.app.current_model import NamedModel, images_and_labels
from rbm.datasets.dataset import Dataset
from rbm.measures import diagnostics
from rbm.models.arrays import Array, as_unit_interval
from rbm.runs import budget

MAPPED = 1000  # held-out images on a map


def training(named: NamedModel, data: Dataset) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Training images with their labels, as many as the server keeps the hidden units of."""
    images, labels = images_and_labels(data, "Training")
    most = budget.rows(named.marginal.n_hidden)
    return images[:most], labels[:most]


def held_out(named: NamedModel, data: Dataset, most: int | None = None) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images, labels = images_and_labels(data, "Held-out")
    count = min(most or len(images), budget.rows(named.marginal.n_hidden))
    return images[:count], labels[:count]


def pixels(images: NDArray[np.uint8]) -> Array:
    return as_unit_interval(images)


def hidden(named: NamedModel, images: NDArray[np.uint8]) -> Array:
    return diagnostics.hidden_activations(named.marginal, images)
