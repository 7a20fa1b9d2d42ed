"""The model before its first update (Hinton, UTML TR 2010-003, section 8)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from rbm.errors import BadValue
from rbm.models import io
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.models.layers import Learned, Parameters
from rbm.models.variances import VarianceParameters
from rbm.training.batches import Images
from rbm.training.config import TrainConfig


def untrained(images: ArrayLike, config: TrainConfig, labels: ArrayLike | None = None) -> RBM:
    """The model that `train` would begin with, without the chains and batches that a training needs.

    Raises as `train` does.
    """
    data = Images(images, config, labels)
    rng = np.random.Generator(np.random.SFC64(config.seed))
    p = first_parameters(data.base_rates().astype(np.float32), config, rng)
    return data.as_given(io.from_arrays(data.kind, p._asdict(), data.n_classes))


def first_parameters(base: Array, config: TrainConfig, rng: np.random.Generator) -> Learned:
    """Small random weights; visible biases at `base` (n_visible,) or zero; variances, if they are learned, 1."""
    weights = rng.standard_normal((len(base), config.n_hidden), dtype=np.float32)
    weights *= config.weight_std
    visible_bias = base.copy() if config.visible_bias == "log-odds" else np.zeros_like(base)
    hidden_bias = np.full(config.n_hidden, config.hidden_bias, dtype=np.float32)
    if config.visible == "gaussian-variance":
        return VarianceParameters(weights, visible_bias, hidden_bias, log_variance=np.zeros_like(base))
    return Parameters(weights, visible_bias, hidden_bias)


def parameters_of(model: RBM, config: TrainConfig, images: Images) -> Learned:
    """Copies of those of `model`, to begin from. Raises BadValue where it isn't what such a training makes."""
    made = (images.kind, images.n_pixels, images.n_classes, config.n_hidden)
    given = (type(model).__name__, model.n_pixels, model.n_classes, model.n_hidden)
    if given != made:
        raise BadValue(f"start must be {_shape(*made)}, as the images and settings ask for; got {_shape(*given)}")
    p = images.as_filled(model).parameters
    return p.like(array.copy() for array in p)


def _shape(kind: str, n_pixels: int, n_classes: int, n_hidden: int) -> str:
    classes = f", {n_classes} classes" if n_classes else ""
    return f"a {kind} of {n_pixels} pixels{classes} and {n_hidden} hidden units"


def tied(images: ArrayLike, config: TrainConfig, labels: ArrayLike | None, below: RBM) -> RBM | None:
    """The model to begin the layer above `below` from, where its shape is the transpose: the same two layers, seen
    from the other side; None where it has another shape.

    The weights are transposed and the biases exchanged, so that the prior it gives the units below is the one they had
    (Hinton, Osindero & Teh, Neural Computation 18, 2006, section 5). Class units start as always.
    """
    if not below.all_binary or config.n_hidden != below.n_visible or config.visible != "binary":
        return None
    model = untrained(images, config, labels)
    weights, visible_bias = model.weights.copy(), model.visible_bias.copy()
    weights[: below.n_hidden], visible_bias[: below.n_hidden] = below.weights.T, below.hidden_bias
    return replace(model, weights=weights, visible_bias=visible_bias, hidden_bias=below.visible_bias)
