"""Guess, then see: the card of a question, covered until there is a guess; and all guesses in a table."""

from __future__ import annotations

import streamlit as st

from rbm.app import answers, guess
from rbm.app.explained import CHAPTERS
from rbm.app.learn_page import questions
from rbm.app.learn_page.questions import Question
from rbm.app.lessons import now


def card(key: str) -> bool:
    """Ask the question; True once it has been answered, and what it covers may be shown."""
    asked = questions.question(key)
    return guess.card(key, asked.text, lambda said: _verdict(asked, said), asked.choices)


def guessed(key: str) -> bool:
    """Whether the question has been answered: for what stands above its card."""
    return guess.answered(key)


def _verdict(asked: Question, said: str) -> str:
    if not asked.choices:
        return f"You guessed **{int(said):,}**{_factor(int(said), float(asked.right))}. {asked.why}"
    if said == asked.right:
        return f":green[:material/check: **{said}.** You guessed it.] {asked.why}"
    return f"You guessed *{said}*. **It is: {asked.right}.** {asked.why}"


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
    right = "covered for now" if now.withheld(asked.key) else asked.right
    return CHAPTERS[asked.chapter], asked.plain, f"you: {guess}", f"it is: {right}"
