"""How a model learns."""

from rbm.training.config import PRESETS, TrainConfig
from rbm.training.deep import train_deep
from rbm.training.state import Diverged, Report, TrainState
from rbm.training.trainer import Trainer, train

__all__ = [
    "PRESETS",
    "Diverged",
    "Report",
    "TrainConfig",
    "TrainState",
    "Trainer",
    "train",
    "train_deep",
]
