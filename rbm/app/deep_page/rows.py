"""A row of the page: a strip of pictures, and beside it what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from rbm.app import show
from rbm.app.pictures import Picture


@contextmanager
def row(strip: Picture) -> Iterator[None]:
    """The strip on the left; what is written inside stands on its right, or below it on a phone."""
    left, right = st.columns([3, 1], gap="medium", vertical_alignment="center")
    with left:
        show.picture(strip)
    with right:
        yield
