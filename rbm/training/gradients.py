"""Which gradient makes the steps of a run."""

from __future__ import annotations

from rbm.models.arrays import Array
from rbm.models.layers import Learned
from rbm.models.variances import VarianceParameters
from rbm.training.autoencoder import AutoencoderGradient
from rbm.training.config import TrainConfig
from rbm.training.discriminative import HybridGradient
from rbm.training.gradient import Gradient
from rbm.training.variances import VarianceGradient


def gradient_of(
    config: TrainConfig,
    p: Learned,
    batch: int,
    model_rows: int,
    visible_mean: Array,
    hidden_mean: Array,
    n_classes: int,
) -> Gradient:
    """What makes a step of these settings; `p`: the parameters in training, live."""
    sizes = (config, batch, model_rows, visible_mean, hidden_mean)
    if isinstance(p, VarianceParameters):
        return VarianceGradient(*sizes, p=p)
    if config.discriminative:
        return HybridGradient(*sizes, p, n_classes)
    return AutoencoderGradient(*sizes) if config.algorithm == "autoencoder" else Gradient(*sizes)
