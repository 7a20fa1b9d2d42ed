"""Restricted Boltzmann machines in NumPy: models, sampling, training, exact and estimated likelihoods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rbm import datasets, diagnostics, exact, idx, io, likelihood, monitors
from rbm.config import PRESETS, TrainConfig
from rbm.gaussian import GaussianRBM, Standard
from rbm.io import load, save
from rbm.label import LabelRBM
from rbm.model import RBM
from rbm.pseudo import pseudo_likelihood, stochastic_pseudo_likelihood
from rbm.sampling import gibbs, sample_class, sample_hidden, sample_visible
from rbm.state import Diverged, Report, TrainState
from rbm.training import Trainer, train

if TYPE_CHECKING:
    from rbm.estimator import BernoulliRBM
else:

    def __getattr__(name: str) -> object:
        """`BernoulliRBM` on first use: it takes scikit-learn, half a second to import."""
        if name != "BernoulliRBM":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from rbm.estimator import BernoulliRBM

        return BernoulliRBM


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "PRESETS",
    "RBM",
    "BernoulliRBM",
    "Diverged",
    "GaussianRBM",
    "LabelRBM",
    "Report",
    "Standard",
    "TrainConfig",
    "TrainState",
    "Trainer",
    "datasets",
    "diagnostics",
    "exact",
    "gibbs",
    "idx",
    "io",
    "likelihood",
    "load",
    "monitors",
    "pseudo_likelihood",
    "sample_class",
    "sample_hidden",
    "sample_visible",
    "save",
    "stochastic_pseudo_likelihood",
    "train",
]
