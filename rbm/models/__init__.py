"""What an RBM is, and how it is sampled."""

from rbm.models.binary import RBM
from rbm.models.deep import DeepBeliefNet
from rbm.models.gaussian import GaussianRBM, Standard
from rbm.models.io import load, save
from rbm.models.labelled import LabelRBM
from rbm.models.sampling import gibbs
from rbm.models.variances import GaussianVarianceRBM

__all__ = [
    "RBM",
    "DeepBeliefNet",
    "GaussianRBM",
    "GaussianVarianceRBM",
    "LabelRBM",
    "Standard",
    "gibbs",
    "load",
    "save",
]
