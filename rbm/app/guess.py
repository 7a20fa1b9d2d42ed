"""Guess, then see: a question whose answer stays covered until there is a guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from rbm.app import answers
from rbm.app.lessons import bars, now
from rbm.app.text import plain

LARGEST = 1_000_000  # a guess


def card(
    key: str, text: str, verdict: Callable[[str], str], choices: Sequence[str] = (), largest: int = LARGEST
) -> bool:
    """Ask for one of `choices`, or, where there are none, for a number from 1 to `largest`; then show `verdict` of the
    guess. True once there is one, and what the question covers may be shown."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":material/help: **Guess.** {text}")
        guess = answers.mine().get(key)
        if guess is None:
            _ask(key, choices, largest)
        elif now.withheld(key):
            st.markdown(f"You guessed *{plain(guess)}*. The answer comes when your teacher uncovers it.")
        else:
            st.markdown(verdict(guess))
        bars.below(key, choices or bars.bands(largest))
    return answered(key)


def answered(key: str) -> bool:
    """Whether there is a guess, and what the question covers may be shown."""
    return key in answers.mine() and not now.withheld(key)


def _ask(key: str, choices: Sequence[str], largest: int) -> None:
    field = f"guess_{key}"
    if choices:
        st.segmented_control(
            "Your guess", list(choices), key=field, on_change=_choose, args=(key, tuple(choices)),
            label_visibility="collapsed",
        )  # fmt: skip
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "Your guess", 1, largest, None, key=field, placeholder="a number", label_visibility="collapsed", width=180
        )
        st.button("That is my guess", key=f"{field}_done", on_click=_number, args=(key, largest))


def _choose(key: str, choices: tuple[str, ...]) -> None:
    value = st.session_state.get(f"guess_{key}")
    if value in choices:
        answers.write(key, str(value))


def _number(key: str, largest: int) -> None:
    value = st.session_state.get(f"guess_{key}")
    if value is not None:
        answers.write(key, str(value), bars.band(int(value), largest))
