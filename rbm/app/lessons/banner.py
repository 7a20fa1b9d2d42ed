"""What stands above every page while a lesson is open: its title, its task, and the way to the class."""

from __future__ import annotations

import streamlit as st

from rbm.app.lessons import controls, now
from rbm.app.text import plain

_STYLE = """<style>
.st-key-lesson_banner { padding: 0.35rem 0.9rem; border-left: 4px solid light-dark(#3451b2, #8ea6ff);
  background: light-dark(#f4f6fb, #1c2030); border-radius: 0.5rem }
.st-key-lesson_banner p { font-size: 0.92rem }
@media (min-width: 641px) { .st-key-lesson_banner { flex-wrap: nowrap } }
</style>"""


def draw() -> None:
    """Above the page; and the controls that the lesson leaves out are taken off it."""
    if sentence := now.told():
        st.warning(plain(sentence), icon=":material/link_off:")
    here = now.current()
    if here is None:
        return
    st.html(_STYLE)
    if not here.teaches and (style := controls.style(here.lesson.hidden)):
        st.html(style)
    with st.container(horizontal=True, vertical_alignment="center", key="lesson_banner", gap="small"):
        whose = " · :blue[teacher's copy]" if here.teaches else ""
        st.markdown(
            f":material/co_present: **{plain(here.lesson.title)}**{whose}  \n{task(here.lesson.task)}", width="stretch"
        )
        with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
            st.page_link("pages/lesson.py", label="The class", icon=":material/groups:", query_params=here.query)
            st.button("Leave", icon=":material/logout:", type="tertiary", on_click=now.leave, key="lesson_leave",
                help=f"Go on without the lesson. Its code is {here.lesson.code}.")  # fmt: skip


def task(text: str) -> str:
    """A teacher's text, line for line, as Markdown that shows what it says."""
    return "  \n".join(plain(line) for line in text.splitlines())
