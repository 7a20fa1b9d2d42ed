"""The lessons of this browser, and the ways into the one that is open."""

from __future__ import annotations

import streamlit as st

from rbm.app import server, visitor
from rbm.app.lessons import links, now
from rbm.app.text import plain
from rbm.errors import Refused
from rbm.runs.lessons import Lesson, secret_of

READY = (  # what the plan below is made for
    "RBMs: guess, then see",
    "Look at each question and guess for yourself. Then talk with your neighbour. The answer comes when your teacher "
    "uncovers it.",
)


def listed() -> None:
    """A line for each of one's own; and the lesson of the plan, ready to begin."""
    lessons = server.lessons().of_owner(visitor.key())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Begin the lesson of the plan", type="primary", icon=":material/play_arrow:", on_click=_begin,
            help="Makes a lesson on Learn and opens it as its teacher; then comes the link for the class.")  # fmt: skip
        if not lessons:
            st.caption("Or press **Share as a lesson** on Learn, Train or Sample, with a task of your own.")
    if lessons:
        st.header("Yours", anchor=False)
    for lesson in lessons:
        _line(lesson)


def _begin() -> None:
    try:
        made = server.lessons().create(visitor.key(), *READY, "learn", {"chapter": ["energy"]}, [now.ANSWERS])
    except Refused as error:
        st.toast(f"No lesson was made: {plain(error)}.")
        return
    now.begin(made, secret_of(visitor.key(), made.code))


def _line(lesson: Lesson) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{lesson.code}** · {plain(lesson.title)}", width="stretch")
        st.button("Open it as the teacher", icon=":material/co_present:", key=f"open_{lesson.code}", type="tertiary",
            on_click=now.begin, args=(lesson, secret_of(visitor.key(), lesson.code)))  # fmt: skip
        st.button("Delete", icon=":material/delete:", key=f"delete_{lesson.code}", type="tertiary",
            on_click=_delete, args=(lesson.code,), help="For good, with all its guesses. Runs stay.")  # fmt: skip


def _delete(code: str) -> None:
    try:
        server.lessons().delete(visitor.key(), code)
    except Refused as error:
        st.toast(f"Not deleted: {plain(error)}.")


def ways(here: now.Open) -> None:
    """To the page of the task; and for the teacher: the link of the class, large enough for a last row."""
    if here.teaches:
        with st.container(border=True, key="lesson_join"):
            _join(here.lesson)
    query = {**now.settings_of(here.lesson), **here.query}
    page = f"pages/{here.lesson.page}.py"
    st.page_link(page, label="To the task", icon=":material/arrow_forward:", query_params=query)


def _join(lesson: Lesson) -> None:
    base = links.for_others()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        address = links.to_lesson(base or links.here(), lesson=lesson.code)
        if base:
            drawn = links.qr(address)
            st.image(drawn.png, alt=drawn.alt, width=200)
        with st.container(width="stretch", gap="xsmall"):
            st.header(f"Join: {lesson.code}", anchor=False)
            st.code(address, language=None, wrap_lines=True)
            if base:
                st.markdown("Scan the code, or type the address. Nobody logs in, and nobody is named.")
            else:
                st.markdown(
                    "Only this computer finds that address. For a room, start the lab with "
                    "`streamlit run streamlit_app.py --server.address 0.0.0.0`."
                )
