"""Drawing without a mouse: put a digit on the board, move it, blank, fill and fix halves of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import ink, widgets
from rbm.app.components import canvas
from rbm.app.components.canvas import Drawing
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import hold
from rbm.app.sample_page.hold import REGIONS, Region
from rbm.models import arrays
from rbm.models.arrays import Array

STEP = canvas.SIZE // 28
_SHIFTS = {"Left": (0, -STEP), "Up": (-STEP, 0), "Down": (STEP, 0), "Right": (0, STEP)}
Put = Callable[[Drawing], None]


def opener(named: NamedModel, current: Callable[[], Drawing], put: Put) -> None:
    """The button that opens it all. `current` gives the drawing on the board, `put` changes it."""
    with st.popover("Draw with the keyboard", icon=":material/keyboard:"):
        if named.dataset is not None:
            digit_choice(named, "dream_key")
            st.button("Put it on the board", icon=":material/image:", on_click=_put_digit, args=(named, current, put))
        st.caption("Move the drawing by one pixel of the picture:")
        with st.container(horizontal=True, gap="small"):
            for name, shift in _SHIFTS.items():
                st.button(name, on_click=_move, args=(current, put, shift), key=f"dream_move_{name}")
        region = st.selectbox("Region", REGIONS, key="dream_region", help="What the next four buttons change.")
        with st.container(horizontal=True, gap="small"):
            _painter("Blank", current, put, region, "ink", 0, "Black all over.")
            _painter("Fill", current, put, region, "ink", 1, "White all over.")
            _painter("Fix", current, put, region, "mask", 1, "Into the painted mask: Hold fixed must say so.")
            _painter("Free", current, put, region, "mask", 0, "Out of the painted mask.")


def digit_choice(named: NamedModel, key: str) -> Array:
    """The choice of a held-out digit (pixels,), by class and number."""
    assert named.dataset is not None
    names = ["All", *map(str, widgets.classes(named.dataset, "Held-out"))]
    only = st.selectbox("Digit", names, key=f"{key}_digit", bind="query-params") if len(names) > 1 else "All"
    candidates = widgets.members(named.dataset, "Held-out", None if only == "All" else int(only))
    number = st.number_input(
        f"Which one (1 to {len(candidates)})", 1, len(candidates), key=f"{key}_number", bind="query-params"
    )
    digit: Array = arrays.as_unit_interval(named.dataset.test_images[candidates[[int(number) - 1]]])[0]
    return digit


def _put_digit(named: NamedModel, current: Callable[[], Drawing], put: Put) -> None:
    assert named.dataset is not None
    only, number = st.session_state.get("dream_key_digit", "All"), int(st.session_state["dream_key_number"])
    candidates = widgets.members(named.dataset, "Held-out", None if only == "All" else int(only))
    digit = named.dataset.test_images[candidates[min(number, len(candidates)) - 1]] / 255
    put(Drawing(ink.enlarged(digit, named.shape, canvas.SIZE), current().mask))


def _move(current: Callable[[], Drawing], put: Put, shift: tuple[int, int]) -> None:
    drawing = current()
    put(Drawing(_shifted(drawing.ink, *shift), _shifted(drawing.mask, *shift)))


def _shifted(layer: NDArray[Any], down: int, right: int) -> NDArray[Any]:
    """What leaves at one side does not come back at the other."""
    padded = np.pad(layer, STEP)
    return padded[STEP - down : STEP - down + len(layer), STEP - right : STEP - right + len(layer)]


def _painter(
    name: str, current: Callable[[], Drawing], put: Put, region: str, layer: str, value: int, text: str
) -> None:
    st.button(name, on_click=_paint, args=(current, put, region, layer, value), key=f"dream_{name}", help=text)


def _paint(current: Callable[[], Drawing], put: Put, region: str, layer: str, value: int) -> None:
    drawing = current()
    layers: dict[str, NDArray[Any]] = {"ink": drawing.ink.copy(), "mask": drawing.mask.copy()}
    half = hold.half((canvas.SIZE, canvas.SIZE), cast(Region, region)).reshape(canvas.SIZE, canvas.SIZE)
    layers[layer][half] = value
    put(Drawing(layers["ink"], layers["mask"]))
