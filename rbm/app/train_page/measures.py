"""What else a training measures while it goes on: the choice on the screen."""

from __future__ import annotations

import streamlit as st

from rbm.measures.trajectory import TRAJECTORY
from rbm.training import trajectory
from rbm.training.config import TrainConfig

NAMES = {
    "free_energy_gap": "Free-energy gap",
    "pseudo_likelihood": "Pseudo-likelihood",
    "trajectory": "Likelihood (trajectory)",
    "ais": "Likelihood (AIS bracket)",
    "exact": "Likelihood (exact)",
    "dead_units": "Dead units",
    "misread": "Digits misread",
}


def pills() -> tuple[str, ...]:
    """The names of what is chosen, as `rbm.runs.trainable.check` takes them."""
    return tuple(
        st.pills(
            "Also measure while it trains",
            list(NAMES),
            selection_mode="multi",
            format_func=NAMES.__getitem__,
            key="monitors",
            bind="query-params",
            help="**Free-energy gap**: held-out minus training; when it grows, the model memorises. **Trajectory**: "
            "the log-likelihood as PCD's own chains tell it on their way, for about a tenth more time. Where steps are "
            "large they soon lose it, and say so: small machines, *Centre the gradient*, more chains keep it longer. "
            "**AIS bracket**: the log-likelihood estimated with its error, between bounds that hold the truth; some "
            "seconds each time. **Exact**: up to 20 hidden units. **Dead units** never switch on. **Digits misread**: "
            "the share of held-out ones, by a model that learns the classes; nothing else is measured of such a model.",
        )
    )


def check(chosen: tuple[str, ...], config: TrainConfig) -> None:
    """Raises BadValue where these settings leave one of them nothing to measure."""
    if TRAJECTORY in chosen:
        trajectory.check(config)
