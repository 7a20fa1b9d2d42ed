"""This unit over this picture: its filter laid over it, sum, bias and sigma in numbers, and what the pixels answer.

rbm.app.arithmetic.panel(named, image, unit, key="filters_sum")      image (pixels,) in [0, 1]
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from rbm.app import pictures, show
from rbm.app.current_model import NamedModel
from rbm.app.glossary import define
from rbm.app.pictures import Picture
from rbm.measures import arithmetic
from rbm.measures.arithmetic import Answers, UnitSum
from rbm.models.arrays import Array

SIZE, WORDS, SWITCH = 112, 280, 160  # screen pixels of a picture, of the numbers, and of the switch
FAINT = 0.3  # of a filter's colour, where the picture has no ink


def panel(named: NamedModel, image: Array, unit: int, key: str, close: Callable[[], None] | None = None) -> None:
    """All of it, side by side where there is room. `key`: of the switch, the session's; `close`: what Close calls."""
    found = arithmetic.unit_sum(named.model, image, unit)
    hidden = arithmetic.lit(named.model, image)
    with st.container(horizontal=True, gap="small", vertical_alignment="top"):
        show.picture(overlay(named, image, found), "filter over digit", width=SIZE)
        with st.container(width=WORDS, gap="xsmall"):
            st.markdown(f"**Unit {unit}** over this digit", help=_help())
            st.markdown(written(found))
        with st.container(width=SWITCH, gap="xsmall"):
            st.markdown("**The pixels answer**")
            on = st.toggle(f"Unit {unit} is on", found.chance >= 0.5, key=f"{key}_{unit}", help=_switch_help())
            if close is not None:
                st.button("Close", icon=":material/close:", type="tertiary", on_click=close, key=f"{key}_close")
        for picture, caption in answers(named, arithmetic.answers(named.model, hidden, unit), on):
            show.picture(picture, caption, width=SIZE)


def written(found: UnitSum) -> str:
    """The sum in numbers, line by line, in Markdown."""
    adds, takes = found.products[found.products > 0].sum(), found.products[found.products < 0].sum()
    classes = [f"$+\\;{_number(found.classes)}$ from the class units"] if found.classes else []
    lines = [
        f"$w \\cdot v = {_number(found.pixels)}$: red ${_number(adds)}$, blue ${_number(takes)}$",
        *classes,
        f"$+\\;c = {_number(found.bias)}$, its bias",
        f"$\\sigma({_number(found.total)}) = {found.chance:.3f}$: the chance it is on",
    ]
    return "  \n".join(lines)


def _number(value: float) -> str:
    """Two decimals, without a minus before zero."""
    return f"{round(float(value), 2) + 0.0:.2f}"


def overlay(named: NamedModel, image: Array, found: UnitSum) -> Picture:
    """The unit's wires in red and blue, bright where the picture (pixels,) has ink and faint elsewhere. Full colour is
    at its largest product with the ink."""
    weights = named.model.weights[: named.model.n_pixels, found.unit]
    colour = pictures.diverging(weights[None], named.shape, float(np.abs(found.products).max())).astype(np.float64)
    light = FAINT + (1 - FAINT) * np.clip(image, 0, 1).reshape(1, *named.shape, 1)
    alt = f"The filter of unit {found.unit} over the digit: red ink switches it on, blue ink off"
    return pictures.single((colour * light).astype(np.uint8), alt, SIZE)


def answers(named: NamedModel, both: Answers, on: bool) -> list[tuple[Picture, str]]:
    """p(v | h) with the unit as it is switched, and the difference that it makes."""
    caption, change = f"with it {'on' if on else 'off'}", "on minus off"
    shown = pictures.grey((both.on if on else both.off)[None], named.shape)
    difference = pictures.signed(both.on - both.off, named.shape, change, SIZE)
    return [(pictures.single(shown, f"The pixels {caption}", SIZE), caption), (difference, change)]


def _help() -> str:
    return (
        "Every pixel of the digit times its wire, added up; then the bias; then the sigmoid "
        r"$\sigma(x) = 1 / (1 + e^{-x})$, which turns any sum into a chance. Black pixels count for nothing."
        "\n\n" + define("hidden unit", "weights", "bias")
    )


def _switch_help() -> str:
    return (
        "All other hidden units stay as likely as the digit makes them. The second picture is the difference that this "
        "one makes: red pixels become likelier with it, blue ones less likely."
    )
