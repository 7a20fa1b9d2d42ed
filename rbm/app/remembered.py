"""What pages make for each other, kept by all of them in one room that is bounded in bytes.

Streamlit's caches count entries. For what is always small that will do; but a table of activations may take 128 MB, a
data set 64 MB, a film 30 MB, and their numbers times these are more than a small server has.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import streamlit as st

from rbm.runs.recent import Recent

ROOM = 384 * 2**20  # bytes of all that is remembered: two of the largest tables, and the films of a class
Given = ParamSpec("Given")
Made = TypeVar("Made")


@st.cache_resource(show_spinner=False)
def _room() -> Recent:
    return Recent(ROOM)


def remembered(spinner: str = "") -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """As `st.cache_resource`: calls are told apart by those arguments whose names begin with no underscore, and what is
    made is shared by all, who must not change it. While it is made, the page shows the `spinner`'s words, if any.
    """

    def decorate(function: Callable[Given, Made]) -> Callable[Given, Made]:
        signature = inspect.signature(function)

        @wraps(function)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Made:
            given = signature.bind(*args, **kwargs).arguments
            telling = (value for name, value in given.items() if not name.startswith("_"))

            def make() -> Made:
                if not spinner:
                    return function(*args, **kwargs)
                with st.spinner(spinner):
                    return function(*args, **kwargs)

            return _room().get((function.__module__, function.__qualname__, *telling), make)

        return call

    return decorate
