"""Guess, then see: the card of a question, covered until there is a guess; and all guesses in a table."""

from __future__ import annotations

import streamlit as st

from rbm.app.explained import CHAPTERS
from rbm.app.learn_page import answers, questions
from rbm.app.learn_page.questions import Question

LARGEST = 1_000_000  # a guess


def card(key: str) -> bool:
    """Ask the question; True once it has been answered, and what it covers may be shown."""
    asked = questions.question(key)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":material/help: **Guess.** {asked.text}")
        guess = answers.mine().get(key)
        if guess is None:
            _ask(asked)
        else:
            st.markdown(_verdict(asked, guess))
    return guess is not None


def guessed(key: str) -> bool:
    """Whether the question has been answered: for what stands above its card."""
    return key in answers.mine()


def _ask(asked: Question) -> None:
    key = f"guess_{asked.key}"
    if asked.choices:
        st.segmented_control(
            "Your guess",
            list(asked.choices),
            key=key,
            on_change=_guess,
            args=(asked.key,),
            label_visibility="collapsed",
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "Your guess", 1, LARGEST, None, key=key, placeholder="a number", label_visibility="collapsed", width=180
        )
        st.button("That is my guess", key=f"{key}_done", on_click=_guess, args=(asked.key,))


def _guess(key: str) -> None:
    value = st.session_state.get(f"guess_{key}")
    if value is not None:
        answers.write(key, str(value))


def _verdict(asked: Question, guess: str) -> str:
    if not asked.choices:
        return f"You guessed **{int(guess):,}**{_factor(int(guess), float(asked.right))}. {asked.why}"
    if guess == asked.right:
        return f":green[:material/check: **{guess}.** You guessed it.] {asked.why}"
    return f"You guessed *{guess}*. **It is: {asked.right}.** {asked.why}"


def _factor(guess: int, right: float) -> str:
    off = max(guess / right, right / guess)
    return ": spot on" if off < 1.1 else f", which is {off:,.1f} times too {'many' if guess > right else 'few'}"


def summary() -> None:
    """What was guessed, as a table to copy."""
    st.header("What you guessed", anchor=False)
    guesses = answers.mine()
    rows = [_row(questions.question(key), guesses[key]) for key in questions.ASKED if key in guesses]
    if "energy" in guesses:
        lowest, _ = questions.lowest()
        rows.insert(
            0, ("Energy", "Find the state of lowest energy.", f"you: {guesses['energy']}", f"it is: {lowest:.2f}")
        )
    if not rows:
        st.caption("Nothing yet. Each chapter asks one thing before it shows it.")
        return
    st.code("\n".join([*(" · ".join(row) for row in rows)]), language=None, wrap_lines=True)


def _row(asked: Question, guess: str) -> tuple[str, str, str, str]:
    return CHAPTERS[asked.chapter], asked.plain, f"you: {guess}", f"it is: {asked.right}"
