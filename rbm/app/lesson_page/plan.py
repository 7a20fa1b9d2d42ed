"""The lesson of 45 minutes, as LESSON.md has it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

PLAN = Path(__file__).parents[3] / "LESSON.md"


@cache
def words() -> str:
    return PLAN.read_text()


def draw() -> None:
    st.divider()
    st.markdown(words())


def folded() -> None:
    """For a teacher in the middle of it."""
    with st.expander("The plan of 45 minutes", icon=":material/schedule:", key="lesson_plan"):
        st.markdown(words())
