"""Restricted Boltzmann machines in NumPy: models, sampling, training, exact and estimated likelihoods."""

from rbm import datasets, diagnostics, exact, idx, io, likelihood, monitors
from rbm.config import PRESETS, TrainConfig
from rbm.io import load, save
from rbm.model import RBM
from rbm.pseudo import pseudo_likelihood, stochastic_pseudo_likelihood
from rbm.sampling import gibbs, sample_hidden, sample_visible
from rbm.training import Diverged, Report, train

__all__ = [
    "PRESETS",
    "RBM",
    "Diverged",
    "Report",
    "TrainConfig",
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
    "sample_hidden",
    "sample_visible",
    "save",
    "stochastic_pseudo_likelihood",
    "train",
]
