"""A part of a page that looks again by itself.

Streamlit forgets what a run of the page has drawn and not yet sent, if a run of a part begins at that moment
(streamlit/streamlit#9921): on a busy server a press or a guess would then be counted and never answered. It does not
begin a part that is gone. So a part that looks again has another name in every run of the page, and the timers of the
run before ask for one that is gone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

P = ParamSpec("P")
_numbers = itertools.count()


def every(seconds: float | None, draw: Callable[P, None]) -> Callable[P, None]:
    """What draws the part now, and again each time so many seconds are over; None: only as its widgets are used."""
    if seconds is None:
        return st.fragment(draw)

    def part(*args: P.args, **kwargs: P.kwargs) -> None:
        draw(*args, **kwargs)

    part.__module__, part.__qualname__ = draw.__module__, f"{draw.__qualname__} {next(_numbers)}"
    return st.fragment(part, run_every=seconds)
