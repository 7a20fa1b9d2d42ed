"""Restricted Boltzmann machines in NumPy: models, sampling, training, exact and estimated likelihoods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rbm import datasets, pretrained
from rbm.measures import diagnostics, exact, likelihood, monitors
from rbm.measures.pseudo_likelihood import pseudo_likelihood, stochastic_pseudo_likelihood
from rbm.models import (
    RBM,
    DeepBeliefNet,
    GaussianRBM,
    GaussianVarianceRBM,
    LabelRBM,
    Standard,
    gibbs,
    io,
    load,
    save,
)
from rbm.models.arrays import as_unit_interval
from rbm.models.sampling import sample_class, sample_hidden, sample_visible
from rbm.training import PRESETS, Diverged, Report, TrainConfig, Trainer, TrainState, train, train_deep

__version__ = "0.9.0"  # pyproject.toml reads it here

if TYPE_CHECKING:
    from rbm.scikit_learn import BernoulliRBM
    from rbm.scikit_learn_deep import DeepBeliefTransformer
else:

    def __getattr__(name: str) -> object:
        """`BernoulliRBM` and `DeepBeliefTransformer` on first use: scikit-learn takes half a second to import."""
        if name == "BernoulliRBM":
            from rbm.scikit_learn import BernoulliRBM

            return BernoulliRBM
        if name == "DeepBeliefTransformer":
            from rbm.scikit_learn_deep import DeepBeliefTransformer

            return DeepBeliefTransformer
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "PRESETS",
    "RBM",
    "BernoulliRBM",
    "DeepBeliefNet",
    "DeepBeliefTransformer",
    "Diverged",
    "GaussianRBM",
    "GaussianVarianceRBM",
    "LabelRBM",
    "Report",
    "Standard",
    "TrainConfig",
    "TrainState",
    "Trainer",
    "as_unit_interval",
    "datasets",
    "diagnostics",
    "exact",
    "gibbs",
    "io",
    "likelihood",
    "load",
    "monitors",
    "pretrained",
    "pseudo_likelihood",
    "sample_class",
    "sample_hidden",
    "sample_visible",
    "save",
    "stochastic_pseudo_likelihood",
    "train",
    "train_deep",
]
