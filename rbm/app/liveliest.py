"""Which hidden units to show first: those that tell the data apart, not those of the longest wires."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbm.app.current_model import NamedModel, activations_of
from rbm.models.arrays import as_unit_interval


def liveliest(named: NamedModel) -> NDArray[np.int64]:
    """All hidden units; first those that are on for some held-out images and off for others, by strokes of the pen:

    the deviation of p(h = 1 | v) among images, times that of the pixels their wires lead to, Σ W² std(v) / Σ W². The
    longest wires of a model that was trained for long are at the picture's edge, where no pen comes; they come first
    only where no data fit.
    """
    squares = np.square(named.marginal.weights)
    if named.dataset is None:
        return np.argsort(-squares.sum(axis=0), kind="stable")
    pixels = as_unit_interval(named.dataset.test_images).std(axis=0)
    reach = (pixels @ squares) / np.maximum(squares.sum(axis=0), 1e-12)
    return np.argsort(-activations_of(named, named.dataset.name).std(axis=0) * reach, kind="stable")
