"""Restricted Boltzmann machines in NumPy: models, sampling, training, exact and estimated likelihoods."""

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

__all__ = [
    "PRESETS",
    "RBM",
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
