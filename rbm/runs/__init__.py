"""Who trains in the background, and what is kept of it."""

from rbm.runs.lab import Lab
from rbm.runs.limits import Limits
from rbm.runs.record import Run

__all__ = [
    "Lab",
    "Limits",
    "Run",
]
