"""The model before its first update (Hinton, UTML TR 2010-003, section 8)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from rbm.models import io
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.models.layers import Parameters
from rbm.training.batches import Images
from rbm.training.config import TrainConfig


def untrained(images: ArrayLike, config: TrainConfig, labels: ArrayLike | None = None) -> RBM:
    """The model that `train` would begin with, without the chains and batches that a training needs.

    Raises as `train` does.
    """
    data = Images(images, config, labels)
    rng = np.random.Generator(np.random.SFC64(config.seed))
    p = first_parameters(data.base_rates().astype(np.float32), config, rng)
    return io.from_arrays(data.kind, p._asdict(), data.n_classes)


def first_parameters(base: Array, config: TrainConfig, rng: np.random.Generator) -> Parameters:
    """Small random weights; visible biases at `base` (n_visible,) or zero."""
    weights = rng.standard_normal((len(base), config.n_hidden), dtype=np.float32)
    weights *= config.weight_std
    visible_bias = base.copy() if config.visible_bias == "log-odds" else np.zeros_like(base)
    return Parameters(weights, visible_bias, np.full(config.n_hidden, config.hidden_bias, dtype=np.float32))
