"""What the Reconstructions page is made of: which digits, how they are damaged and rebuilt, one in detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import charts, current_model, pictures, show, widgets
from rbm.app.current_model import NamedModel, Part
from rbm.app.text import plain, plotted
from rbm.measures import diagnostics
from rbm.models import arrays
from rbm.models.arrays import Array
from rbm.models.notebook import near_square

Order = Literal["Random", "Best", "Worst"]
GRID = 8
TILE = 220
SEED = 0

Side = Literal["top", "bottom", "left", "right"]
Shape = tuple[int, int]


@dataclass(frozen=True)
class Rebuild:
    """How images are damaged, and how the model rebuilds them."""

    steps: int
    sampled: bool
    damage: str
    amount: float


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
    damaged: bool


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


def rebuild_controls() -> Rebuild:
    left, right = st.columns(2, gap="large")
    steps = left.slider(
        "Gibbs steps", 1, 50, 1, key="rebuild_steps", persist_state="session",
        help="Passes up and down. With many, the digit drifts to whatever the model finds more likely.",
    )  # fmt: skip
    sampled = left.toggle(
        "Draw the units at random", key="rebuild_sampled", persist_state="session",
        help="Off: every unit takes its probability (mean-field). On: every unit is drawn, 0 or 1: Gibbs sampling.",
    )  # fmt: skip
    damage = right.segmented_control(
        "Damage", ["None", "Noise", "Blank half", "Square hole"], default="None", required=True,
        key="rebuild_damage", persist_state="session",
        help="Spoil the digits before the model sees them, and watch how much it repairs.",
    )  # fmt: skip
    amount = 0.0
    if damage in ("Noise", "Square hole"):
        amount = right.slider(
            "How much", 5, 80, 25, step=5, format="%d%%", key="rebuild_amount", persist_state="session",
            help="Share of pixels replaced at random, or the hole's side as a share of the image's.",
        ) / 100  # fmt: skip
    return Rebuild(int(steps), bool(sampled), str(damage), amount)


def select(named: NamedModel, part: Part, only: int | None, order: Order, how: Rebuild) -> Selection:
    """The digits to show. The same choices always show the same digits."""
    data = widgets.needs_data(named)
    images, labels = current_model.images_and_labels(data, part)
    errors = current_model.errors(named.fingerprint, named.marginal, data.name, part)
    candidates = widgets.members(data, part, only)
    rng = np.random.default_rng(SEED)
    if order == "Random":
        indices = rng.permutation(candidates)[: GRID * GRID]
    else:
        by_error = candidates[np.argsort(errors[candidates], kind="stable")]
        indices = (by_error if order == "Best" else by_error[::-1])[: GRID * GRID]
    originals = arrays.as_unit_interval(images[indices])
    inputs = _damaged(originals, data.shape, how, rng)
    return Selection(
        indices=indices,
        originals=originals,
        inputs=inputs,
        rebuilt=diagnostics.reconstruct(named.marginal, inputs, how.steps, rng if how.sampled else None),
        ranks=diagnostics.rank(errors)[indices],
        labels=labels[indices],
        total=len(errors),
        damaged=how.damage != "None",
    )


def _damaged(images: Array, shape: tuple[int, int], how: Rebuild, rng: np.random.Generator) -> Array:
    if how.damage == "Noise":
        return pixel_noise(images, how.amount, rng)
    if how.damage == "Blank half":
        return blank_half(images, shape, "bottom")
    if how.damage == "Square hole":
        return square_hole(images, shape, how.amount)
    return images


def grid(selection: Selection, shape: tuple[int, int]) -> pictures.Picture:
    """8 × 8 tiles, each the digit the model was given and, right of it, what it made of it."""
    tiles = pictures.side_by_side(pictures.grey(selection.inputs, shape), pictures.grey(selection.rebuilt, shape))
    error = diagnostics.squared_error(selection.originals, selection.rebuilt).mean()
    alt = f"{len(tiles)} digits, each beside its reconstruction; mean squared error {error:.2f} per image"
    return pictures.mosaic(tiles, GRID, alt, scale=3 if shape[1] > 16 else 8)


def grid_caption(selection: Selection) -> str:
    error = diagnostics.squared_error(selection.originals, selection.rebuilt).mean()
    left = "damaged digit" if selection.damaged else "digit"
    return f"In each tile: left the {left}, right its reconstruction. Mean error of these digits: {error:.2f}"


def pick(selection: Selection) -> int:
    """The place in the grid to look at, from 0."""
    count = len(selection.indices)
    label = f"Digit (1 to {count}, row by row)"
    return int(st.number_input(label, 1, count, key="reconstructions_pick", width=260)) - 1


def closer(named: NamedModel, selection: Selection, place: int, shape: tuple[int, int]) -> None:
    """One digit: what went in, the hidden layer, what came out, the signed difference."""
    original, given, rebuilt = (
        array[place : place + 1] for array in (selection.originals, selection.inputs, selection.rebuilt)
    )
    hidden = named.marginal.mean_hidden(given)
    parts = [
        (pictures.single(pictures.grey(original, shape), "The original digit", TILE), "original"),
        (pictures.single(pictures.grey(rebuilt, shape), "The reconstruction", TILE), "reconstruction"),
        (
            pictures.single(pictures.diverging(rebuilt - original, shape, 1.0), "Reconstruction minus original", TILE),
            "difference: red too bright, blue too dark",
        ),
        (_hidden_tile(hidden), f"the {hidden.shape[1]} hidden units: yellow on, dark off"),
    ]
    if selection.damaged:
        parts.insert(1, (pictures.single(pictures.grey(given, shape), "The damaged digit", TILE), "damaged"))
    with st.grid(len(parts), min_column_width=110):
        for picture, caption in parts:
            show.picture(picture, caption)
    error = diagnostics.squared_error(original, rebuilt)[0]
    data = widgets.needs_data(named)
    what = f"A **{plain(data.class_name(int(selection.labels[place])))}**" if data.labelled else "An image"
    st.markdown(
        f"{what} with error **{error:.2f}**. One undamaged mean-field step ranks it "
        f"**{selection.ranks[place]:,}** of {selection.total:,}, 1 being the best."
    )


def _hidden_tile(hidden: NDArray[np.floating]) -> pictures.Picture:
    shape = near_square(hidden.shape[1])
    alt = f"Probabilities of {hidden.shape[1]} hidden units, mean {hidden.mean():.0%}"
    return pictures.single(pictures.sequential(hidden, shape), alt, TILE)


def error_per_class(named: NamedModel, part: Part) -> charts.Chart:
    data = widgets.needs_data(named)
    _, labels = current_model.images_and_labels(data, part)
    errors = current_model.errors(named.fingerprint, named.marginal, data.name, part)
    classes, means = diagnostics.mean_by_class(errors, labels)
    title = f"Mean error per digit, {part.lower()}"
    return charts.bars(
        [plotted(data.class_name(int(c))) for c in classes], means, title, "digit", "squared error per image"
    )


# ---- damage to images, so that one can watch a model repair it


def pixel_noise(images: Array, fraction: float, rng: np.random.Generator) -> Array:
    """Each pixel is replaced, with probability `fraction`, by black or white at even odds."""
    hit = rng.random(images.shape) < fraction
    return np.where(hit, rng.integers(0, 2, images.shape), images).astype(np.float32)


def blank_half(images: Array, shape: Shape, side: Side) -> Array:
    """One half is set to black."""
    height, width = shape
    mask = np.zeros(shape, dtype=bool)
    halves = {
        "top": np.s_[: height // 2, :],
        "bottom": np.s_[height // 2 :, :],
        "left": np.s_[:, : width // 2],
        "right": np.s_[:, width // 2 :],
    }
    mask[halves[side]] = True
    return _black(images, mask)


def square_hole(images: Array, shape: Shape, fraction: float) -> Array:
    """A centred square is set to black; its side is `fraction` of the shorter side of the image."""
    height, width = shape
    side = round(fraction * min(shape))
    mask = np.zeros(shape, dtype=bool)
    top, left = (height - side) // 2, (width - side) // 2
    mask[top : top + side, left : left + side] = True
    return _black(images, mask)


def _black(images: Array, mask: NDArray[np.bool_]) -> Array:
    return np.where(mask.ravel(), np.float32(0), images)
