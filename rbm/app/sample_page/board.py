"""The board to draw on, and what the model sees of it.

The visitor draws first on streamlit-drawable-canvas. What that lacks, painting what to hold fixed, opens our own board
on the same drawing.
"""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from rbm.app import ink, kept
from rbm.app.components import canvas, drawable
from rbm.app.components.canvas import Drawing
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import address, echo, first, hidden, keyboard, likelier
from rbm.app.sample_page.hold import PAINTED
from rbm.app.sample_page.stage import Stage
from rbm.app.text import plain
from rbm.errors import Refused
from rbm.models.arrays import Array

_BOARD = "dream_board"  # key of our own board
_DRAWING, _PUT, _BEFORE, _VERSION = "dream_drawing", "dream_put", "dream_before", "dream_version"
_EDITED, _BAD, _REFUSED, _BACK = "dream_edited", "dream_bad", "dream_refused", "dream_back"
LINK = ("drawing", "mask")  # of the address
FULL = 0.5  # ink everywhere above this leaves no background
UNTOUCHED = 4 / 255  # a picture that comes back as it was put differs by less
WIDTH = 2.8  # of the pen, in pixels of a digit of 28 × 28


def what_to_do(image: Array | None, drawing: Drawing) -> str | None:
    """What to do about a drawing that no dream can start from."""
    if image is None:
        return "Draw a digit on the black square, and the model will dream from it."
    if drawing.ink.min() > FULL:
        return "The board is white all over: erase some of it or press Clear, so that there is a digit on it."
    return None


def prepare() -> None:
    """At the top of a run: what this browser drew before, or a shipped digit, lies on the board of a new session."""
    if _DRAWING not in st.session_state:
        put(kept.mine() or first.drawing())
    st.session_state.pop(_EDITED, None)  # this very run takes the edit into account


def current() -> Drawing:
    """This session's drawing."""
    drawing: Drawing = st.session_state.get(_DRAWING) or canvas.empty()
    return drawing


def put(drawing: Drawing) -> None:
    """Show `drawing` on the board from the next run on."""
    state = st.session_state
    state[_BEFORE] = state.get(_DRAWING)
    state[_PUT], state[_VERSION], state[_EDITED] = drawing, state.get(_VERSION, 0) + 1, True
    _take(drawing)


def edit(drawing: Drawing) -> None:
    """`put` by hand: the address no longer tells what is on the board."""
    put(drawing)
    forget_link()


def forget_link() -> None:
    for name in LINK:
        st.query_params.pop(name, None)


def _take(drawing: Drawing) -> None:
    st.session_state[_DRAWING] = drawing
    st.session_state[_BAD] = None
    kept.keep(drawing)


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
def board(named: NamedModel, stage: Stage, details: DeltaGenerator | None) -> None:
    """The board; and around it, in places of `stage`, hidden units, thermometer and echo: a stroke reruns this alone,
    so that they never wait for a chain.

    `details`: a place for one element, None while nobody looks at it.
    """
    with st.container(gap="xsmall"):
        keyboard.opener(named, current, edit)
        _brushes() if _masking() else _pens()
    image = seen(named, current())
    problem = what_to_do(image, current())
    with stage.beside.container(gap="xsmall"):
        if bad := st.session_state.get(_BAD):
            st.error(f"Nothing changed: {plain(bad)}.")
        if problem is not None:
            st.info(problem, icon=":material/draw:")
        elif image is not None:
            echo.summary(named, image)
    around(named, image if problem is None else None, stage)
    if details is not None:
        with details.container():
            if problem is None and image is not None:
                echo.details(named, image)
            else:
                st.caption("There is nothing on the board to look at.")
    if st.session_state.pop(_EDITED, False):
        st.rerun()


def around(named: NamedModel, image: Array | None, stage: Stage) -> None:
    """Hidden units and thermometer of a picture (pixels,), None where there is no single one."""
    hidden.show(named, image, stage.hidden, stage.sum)
    with stage.likely.container():
        likelier.show(named, image)


def _masking() -> bool:
    if st.session_state.get("dream_hold") != PAINTED:
        st.session_state.pop(_BACK, None)
        return False
    return not st.session_state.get(_BACK)


def _pens() -> None:
    """streamlit-drawable-canvas. After a visit elsewhere it appears anew, with what was drawn as one picture."""
    state, key = st.session_state, _canvas_key()
    if key not in state:
        state[_PUT], state[_VERSION] = current(), state.get(_VERSION, 0) + 1
    before = state.get(_BEFORE)
    drawable.drawable(
        state[_PUT].ink,
        state[_VERSION],
        width=round(state.get("dream_width", WIDTH) * drawable.SIDE / 28),
        empty=not current().ink.any(),
        restorable=before is not None and bool(before.ink.any()),
        key=key,
        on_drawing=_adopt_pens,
        on_act=_act,
    )


def _canvas_key() -> str:
    """Another one after a message that was none: then the canvas starts anew from what the server holds."""
    return f"dream_canvas_{st.session_state.get(_REFUSED, 0)}"


def _adopt_pens() -> None:
    state = st.session_state
    if _canvas_key() not in state:
        return  # a late word from a board just closed
    try:
        ink = drawable.arrived(_canvas_key())
    except Refused as error:
        state[_BAD], state[_REFUSED] = str(error), state.get(_REFUSED, 0) + 1
        return
    if np.abs(ink - drawable.as_shown(state[_PUT].ink)).max() < UNTOUCHED:
        _take(Drawing(state[_PUT].ink, current().mask))  # as it was put there, or undone to it
        return
    _take(Drawing(ink, current().mask))
    forget_link()


def _act() -> None:
    state = st.session_state
    act = drawable.act(_canvas_key())
    if act == "clear":
        edit(canvas.empty())
    elif act == "restore" and state.get(_BEFORE) is not None:
        edit(state[_BEFORE])
        state[_BEFORE] = None
    elif act == "fix":
        state["dream_hold"] = PAINTED
        state.pop(_BACK, None)
    state[_EDITED] = True


def _brushes() -> None:
    """Our own board: soft, noise, and the painted mask."""
    settled = canvas.canvas(current(), st.session_state[_VERSION], key=_BOARD, on_drawing=_adopt_brushes)
    st.button("Back to pen, line and move", icon=":material/arrow_back:", on_click=_back)
    if settled:
        st.session_state[_EDITED] = True


def _back() -> None:
    st.session_state[_BACK] = st.session_state[_EDITED] = True


def _adopt_brushes() -> None:
    try:
        drawing = canvas.arrived(_BOARD)
    except Refused as error:
        st.session_state[_BAD] = str(error)
        return
    _take(drawing)
    forget_link()
