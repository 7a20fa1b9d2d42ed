"""Which digits, how they are damaged, and how the model rebuilds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import current_model, widgets
from rbm.app.current_model import NamedModel, Part
from rbm.app.reconstructions_page.damage import Kind, damaged
from rbm.measures import diagnostics
from rbm.models import arrays
from rbm.models.arrays import Array

Order = Literal["Random", "Best", "Worst"]
GRID = 8
SEED = 0
AMOUNT = {"Noise": 25, "Square hole": 40}  # per cent, at first
REPAIRS = ("Blank half", "Square hole")  # whose whole pixels are known, and held


@dataclass(frozen=True)
class Rebuild:
    """How images are damaged, and how the model rebuilds them."""

    damage: Kind
    amount: float
    steps: int
    sampled: bool


@dataclass(frozen=True, eq=False)
class Selection:
    """Up to 64 digits: `indices` into the part; `ranks` by error, 1 is the best rebuilt of `total`."""

    indices: NDArray[np.int64]
    originals: Array
    inputs: Array
    rebuilt: Array
    ranks: NDArray[np.int64]
    labels: NDArray[np.int64]
    total: int
    how: Rebuild


def order_choice() -> Order:
    choice = st.segmented_control(
        "First",
        ["Random", "Best", "Worst"],
        default="Random",
        required=True,
        key="reconstructions_order",
        persist_state="session",
        help="By the error of the one-step mean-field reconstruction of the undamaged digit.",
    )
    return cast(Order, choice)


def damage_choice() -> Kind:
    choice = st.segmented_control(
        "Damage", ["Square hole", "Blank half", "Noise", "None"], default="Square hole", required=True,
        key="rebuild_damage", persist_state="session",
        help="Spoil the digits before the model sees them, and watch how much it repairs.",
    )  # fmt: skip
    return cast(Kind, choice)


def rebuild_controls(damage: Kind) -> Rebuild:
    left, right = st.columns(2, gap="large")
    amount = 0.0
    if damage in AMOUNT:
        amount = right.slider(
            "How much", 5, 80, AMOUNT[damage], step=5, format="%d%%", key=f"rebuild_amount_{damage[0]}",
            persist_state="session",
            help="Share of pixels replaced at random, or the hole's side as a share of the image's.",
        ) / 100  # fmt: skip
    if damage in REPAIRS:
        steps = left.slider(
            "Gibbs sweeps", 1, 200, 100, key="repair_steps", persist_state="session",
            help="The pixels that are whole keep their values; at every sweep the model draws the others given these.",
        )  # fmt: skip
        return Rebuild(damage, amount, int(steps), True)
    steps = left.slider(
        "Gibbs steps", 1, 50, 1, key="rebuild_steps", persist_state="session",
        help="Passes up and down. With many, the digit drifts to whatever the model finds more likely.",
    )  # fmt: skip
    sampled = left.toggle(
        "Draw the units at random", key="rebuild_sampled", persist_state="session",
        help="Off: every unit takes its probability (mean-field). On: every unit is drawn, 0 or 1: Gibbs sampling.",
    )  # fmt: skip
    return Rebuild(damage, amount, int(steps), bool(sampled))


def select(named: NamedModel, part: Part, only: int | None, order: Order, how: Rebuild) -> Selection:
    """The digits to show. The same choices always show the same digits."""
    return _selected(named.fingerprint, named.data or "", part, only, order, how, named)


@st.cache_resource(max_entries=16, show_spinner=False)
def _selected(
    fingerprint: str, data_name: str, part: Part, only: int | None, order: Order, how: Rebuild, _named: NamedModel
) -> Selection:
    data = widgets.needs_data(_named)
    images, labels = current_model.images_and_labels(data, part)
    errors = current_model.errors(fingerprint, _named.marginal, data.name, part)
    indices = _chosen(widgets.members(data, part, only), errors, order)
    rng = np.random.default_rng(SEED)
    originals = arrays.as_unit_interval(images[indices])
    given = damaged(originals, data.shape, how.damage, how.amount, rng)
    drawn = rng if how.sampled else None
    if given.whole is None:
        rebuilt = diagnostics.reconstruct(_named.marginal, given.images, how.steps, drawn)
    else:
        rebuilt = diagnostics.repair(_named.marginal, given.images, given.whole, how.steps, rng)
    ranks = diagnostics.rank(errors)[indices]
    return Selection(indices, originals, given.images, rebuilt, ranks, labels[indices], len(errors), how)


def _chosen(candidates: NDArray[np.int64], errors: NDArray[np.float64], order: Order) -> NDArray[np.int64]:
    if order == "Random":
        return np.random.default_rng(SEED).permutation(candidates)[: GRID * GRID]
    by_error = candidates[np.argsort(errors[candidates], kind="stable")]
    return (by_error if order == "Best" else by_error[::-1])[: GRID * GRID]
