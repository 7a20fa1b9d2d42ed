"""What stands in a page's address is hostile until checked: numbers that no widget could take are taken out of it."""

from __future__ import annotations

import math

import streamlit as st

WORDS = (  # of these none is a number
    "run", "sweep", "set", "data", "model", "model_run", "drawing", "mask", "chapter", "layers", "lesson", "teacher",
)  # fmt: skip
LARGEST = 2**53  # beyond it a browser's numbers have gaps
_TAKEN_OUT = "address_taken_out"


def take_out_impossible() -> None:
    """First thing in a session, before a widget is bound: Streamlit itself breaks over an infinite whole number."""
    if _TAKEN_OUT in st.session_state:
        return
    gone = {name: str(st.query_params[name]) for name in st.query_params if _impossible(name)}
    for name in gone:
        del st.query_params[name]
    st.session_state[_TAKEN_OUT] = gone
    if gone:
        st.rerun()  # widgets take what the address held when the run began


def taken_out() -> dict[str, str]:
    """What was, by its parameter."""
    found: dict[str, str] = st.session_state.get(_TAKEN_OUT, {})
    return found


def _impossible(name: str) -> bool:
    return name not in WORDS and any(map(no_number, st.query_params.get_all(name)))


def no_number(value: str) -> bool:
    """Whether it reads as a number, and is infinite, none at all, or larger than a browser can count."""
    try:
        number = float(value)
    except ValueError:
        return False
    return not math.isfinite(number) or abs(number) > LARGEST
