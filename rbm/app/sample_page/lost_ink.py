"""Whether the chains on the screen have gone black or pale, and why that is the subject's best lesson."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app.current_model import NamedModel
from rbm.app.sample_page.chains import Measured, clamp
from rbm.app.sample_page.options import SamplingOptions
from rbm.app.sample_page.starts import DIGIT, DRAW, Start
from rbm.measures import dreaming

FEWEST_SWEEPS = 100  # before that a chain may still be on its way
TOO_MANY = 0.1  # of the chains black: a sound model loses one now and then
TOO_PALE, TOO_MUCH = 0.5, 0.3  # of the data's ink left, and of the start's ink lost: chains of ones pass both


def tell(named: NamedModel, source: str, start: Start, options: SamplingOptions, shown: Measured) -> None:
    """One sentence and a way out, if the chains that were played have lost their ink."""
    if named.dataset is None or not fair(named, source, start, options):
        return
    states = shown.film.states[:, :, : named.model.n_pixels]
    what = fate(states[0], states[-1], named.dataset.test_images)
    if what is None:
        return
    told, way_out = st.columns([4, 1], vertical_alignment="center")
    told.warning(f"**{what}**: {why(named)}", icon=":material/dark_mode:")
    way_out.page_link(
        "pages/train.py", label="Train with Recommended", icon=":material/arrow_forward:",
        query_params={"preset": "Recommended"}, help="A preset whose chains keep dreaming digits.",
    )  # fmt: skip


def fair(named: NamedModel, source: str, start: Start, options: SamplingOptions) -> bool:
    """Whether the film tells of the model: begun at a digit, left alone, at temperature 1, long enough."""
    plan = options.plan
    alone = source in (DRAW, DIGIT) and not clamp(named, start, options)[: start.images.shape[1]].any()
    return bool(alone and plan.schedule == "steady" and np.isclose(plan.temperature, 1) and plan.steps >= FEWEST_SWEEPS)


def fate(first: NDArray[np.uint8], last: NDArray[np.uint8], data: NDArray[np.uint8]) -> str | None:
    """What has become of chains from `first` to `last` (n, pixels) beside images `data`; None where all is well."""
    begun, left = dreaming.ink(first, data), dreaming.ink(last, data)
    if left.black >= TOO_MANY:
        black, chains = round(left.black * len(last)), len(last)
        return "The chain has gone black" if chains == 1 else f"{black} of {chains} chains have gone black"
    lost = 1 - left.ratio / begun.ratio
    if left.ratio < TOO_PALE and lost > TOO_MUCH:
        return f"The chains have lost {100 * lost:.0f} % of their ink"
    return None


def why(named: NamedModel) -> str:
    config = named.info.get("config")
    if isinstance(config, dict) and (config.get("algorithm"), config.get("gibbs_steps")) == ("cd", 1):
        return (
            "this model was trained by CD-1, which goes one sweep away from each training picture and never sees what "
            "lies far from the data, so it never learned that black squares are no digits."
        )
    return "its training never went as far from the data as these chains do, so nothing forbids black squares."
