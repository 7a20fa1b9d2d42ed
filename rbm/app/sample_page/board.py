"""The board to draw on, with and without a mouse, and what the model sees of it."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import widgets
from rbm.app.components import canvas
from rbm.app.components.canvas import Drawing
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import address, echo, hold, ink
from rbm.app.sample_page.hold import PAINTED, REGIONS, Region
from rbm.errors import Refused
from rbm.models import arrays
from rbm.models.arrays import Array

_BOARD, _DRAWING, _VERSION, _EDITED, _BAD = "dream_board", "dream_drawing", "dream_version", "dream_edited", "dream_bad"
FULL = 0.5  # ink everywhere above this leaves no background
STEP = canvas.SIZE // 28


def what_to_do(image: Array | None, drawing: Drawing) -> str | None:
    """What to do about a drawing that no dream can start from."""
    if image is None:
        return "Draw a digit on the black square, and the model will dream from it."
    if drawing.ink.min() > FULL:
        return "The board is white all over: erase some of it or press Clear, so that there is a digit on it."
    return None


def current() -> Drawing:
    """This session's drawing."""
    drawing: Drawing = st.session_state.get(_DRAWING) or canvas.empty()
    return drawing


def put(drawing: Drawing) -> None:
    """Show `drawing` on the board from the next run on."""
    st.session_state[_DRAWING] = drawing
    st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1
    st.session_state[_EDITED] = True


def seen(named: NamedModel, drawing: Drawing) -> Array | None:
    """The picture (pixels,) in 16 greys, as links keep it; None without ink."""
    way = ink.normalise if _centred() else ink.as_drawn
    image = way(drawing.ink, named.shape)
    return None if image is None else address.rounded(image)


def painted(named: NamedModel, drawing: Drawing) -> NDArray[np.bool_]:
    """The painted mask (pixels,), moved as the ink is."""
    shape = named.shape
    where = ink.placement(drawing.ink, shape) if _centred() else None
    whole = ink.Placement(0, canvas.SIZE, 0, canvas.SIZE, shape, (0, 0), shape)
    return ink.follow(drawing.mask, where or whole)


def _centred() -> bool:
    return bool(st.session_state.get("dream_centre", True))


@st.fragment
def board(named: NamedModel) -> None:
    """The board and, beside it, the echo: a stroke reruns this alone, so that the echo never waits for a chain."""
    left, right = st.columns([9, 10], gap="large")
    with left:
        settled = canvas.canvas(
            current(),
            st.session_state.get(_VERSION, 0),
            masking=st.session_state.get("dream_hold") == PAINTED,
            key=_BOARD,
            on_drawing=_adopt,
        )
        st.toggle(
            "Centre and size it as MNIST does", True, key="dream_centre", bind="query-params", on_change=_mark,
            help="MNIST's digits fill a box of 20 × 20 with their centre of mass in the middle of 28 × 28. Off: the "
            "board as it is. Switch it off to draw half a digit and let the model complete it.",
        )  # fmt: skip
        with st.expander("Without a mouse", icon=":material/keyboard:"):
            _without_a_mouse(named)
    with right:
        if bad := st.session_state.get(_BAD):
            st.error(f"Nothing changed: {bad}.")
        image = seen(named, current())
        if (problem := what_to_do(image, current())) is not None:
            st.info(problem, icon=":material/draw:")
        elif image is not None:
            echo.panel(named, image)
    if settled or st.session_state.pop(_EDITED, False):
        st.rerun()


def _adopt() -> None:
    try:
        st.session_state[_DRAWING] = canvas.arrived(_BOARD)
    except Refused as error:
        st.session_state[_BAD] = str(error)
    else:
        st.session_state[_BAD] = None


def _mark() -> None:
    st.session_state[_EDITED] = True


def _without_a_mouse(named: NamedModel) -> None:
    if named.dataset is not None:
        digit_choice(named, "dream_key")
        st.button("Put it on the board", icon=":material/image:", on_click=_put_digit, args=(named,))
    st.caption("Move the drawing (or focus the board and press the arrow keys):")
    with st.container(horizontal=True, gap="small"):
        for name, shift in {"Left": (0, -STEP), "Up": (-STEP, 0), "Down": (STEP, 0), "Right": (0, STEP)}.items():
            st.button(name, on_click=_move, args=shift, key=f"dream_move_{name}")
    region = st.selectbox("Region", REGIONS, key="dream_region", help="What the next four buttons change.")
    with st.container(horizontal=True, gap="small"):
        st.button("Blank", on_click=_paint, args=(region, "ink", 0), help="Black all over.")
        st.button("Fill", on_click=_paint, args=(region, "ink", 1), help="White all over.")
        st.button(
            "Fix", on_click=_paint, args=(region, "mask", 1), help="Into the painted mask: Hold fixed must say so."
        )
        st.button("Free", on_click=_paint, args=(region, "mask", 0), help="Out of the painted mask.")


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


def _put_digit(named: NamedModel) -> None:
    assert named.dataset is not None
    only, number = st.session_state.get("dream_key_digit", "All"), int(st.session_state["dream_key_number"])
    candidates = widgets.members(named.dataset, "Held-out", None if only == "All" else int(only))
    digit = named.dataset.test_images[candidates[min(number, len(candidates)) - 1]] / 255
    put(Drawing(ink.enlarged(digit, named.shape, canvas.SIZE), current().mask))


def _move(down: int, right: int) -> None:
    drawing = current()
    put(Drawing(_shifted(drawing.ink, down, right), _shifted(drawing.mask, down, right)))


def _shifted(layer: NDArray[Any], down: int, right: int) -> NDArray[Any]:
    """What leaves at one side does not come back at the other."""
    padded = np.pad(layer, STEP)
    return padded[STEP - down : STEP - down + len(layer), STEP - right : STEP - right + len(layer)]


def _paint(region: str, layer: str, value: int) -> None:
    drawing = current()
    layers: dict[str, NDArray[Any]] = {"ink": drawing.ink.copy(), "mask": drawing.mask.copy()}
    half = hold.half((canvas.SIZE, canvas.SIZE), cast(Region, region)).reshape(canvas.SIZE, canvas.SIZE)
    layers[layer][half] = value
    put(Drawing(layers["ink"], layers["mask"]))
