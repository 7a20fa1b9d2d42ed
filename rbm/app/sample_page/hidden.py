"""The hidden units between board and film: a mosaic that lights up with the drawing, and the arithmetic of one."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rbm.app import arithmetic, pictures
from rbm.app.components.drawable import SIDE
from rbm.app.components.tiles import tiles
from rbm.app.current_model import NamedModel
from rbm.app.liveliest import liveliest
from rbm.app.pictures import Picture
from rbm.measures import arithmetic as sums
from rbm.models.arrays import Array, Floats

WIDTH = 136  # screen pixels of the mosaic, SIDE high at most
UNIT, OPEN = "dream_unit", "dream_unit_open"
DARK = 40  # grey between the tiles, so that those that are on stand out
LIVELY = 80  # units among which the first to be looked at is


def show(named: NamedModel, image: Array | None, place: DeltaGenerator, below: DeltaGenerator) -> None:
    """The units into `place`; into `below`, once one has been chosen, its arithmetic. Each is a place for one element.

    `image` (pixels,); None where there is no single picture: then they stay dark.
    """
    lit = np.zeros(named.model.n_hidden) if image is None else sums.lit(named.model, image)
    if image is not None and not 0 <= st.session_state.get(UNIT, -1) < len(lit):
        st.session_state[UNIT] = _telling(named, lit)
    with place.container():
        names = [f"unit {unit}: {chance:.0%}" for unit, chance in enumerate(lit)]
        unit = tiles(mosaic(lit), range(len(lit)), names, key=UNIT, label="Hidden unit", on_choose=_open)
    with below.container():
        if image is not None and st.session_state.get(OPEN):
            _arithmetic(named, image, unit)


def _arithmetic(named: NamedModel, image: Array, unit: int) -> None:
    with st.container(border=True, gap="xsmall", key="dream_sum"):
        arithmetic.panel(named, image, unit, "dream_switch", _close)


def _open() -> None:
    st.session_state[OPEN] = True


def _close() -> None:
    st.session_state[OPEN] = False


def _telling(named: NamedModel, lit: Floats) -> int:
    """Of the lively units the one that this picture lights up most."""
    lively = liveliest(named)[:LIVELY]
    return int(lively[lit[lively].argmax()])


def mosaic(lit: Floats) -> Picture:
    """A tile for each unit (n_hidden,), as bright as its chance to be on, in about the shape of the place for it."""
    n = len(lit)
    columns = min(n, math.ceil(math.sqrt(n * WIDTH / SIDE)))
    size = max(2, WIDTH // columns - 1)
    tiles = np.repeat(pictures.sequential(lit, (1, 1)), size, axis=1).repeat(size, axis=2)
    return pictures.mosaic(
        tiles, columns, f"{n} hidden units, {int((lit > 0.5).sum())} of them on", scale=1, border=DARK
    )
