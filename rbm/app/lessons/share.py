"""*Share as a lesson*: a title, a task and what to hide become a link of six letters, and one for the teacher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from rbm.app import server, visitor
from rbm.app.lessons import controls, links, now
from rbm.app.text import plain
from rbm.errors import Refused
from rbm.runs.lessons import TASK, TITLE, Lesson, secret_of

_ASKED, _MADE = "lesson_asked", "lesson_made"
_NOT_SETTINGS = (now.CODE, now.TEACHER, "run", "embed", "embed_options")
Settings = Mapping[str, Sequence[str]]


def offer(page: str, settings: Settings | None = None) -> None:
    """The button below a page that can be shared. settings: those of its address, unless given. A class has none."""
    if now.current() is not None:
        return
    st.button("Share as a lesson", icon=":material/co_present:", key=f"share_{page}", type="tertiary",
        on_click=_ask, args=(page,))  # fmt: skip
    if st.session_state.get(_ASKED) == page:  # a training that ends meanwhile draws the page anew
        _dialog(page, _address() if settings is None else settings)
    else:
        _close()


def _ask(page: str) -> None:
    _close()
    st.session_state[_ASKED] = page


def _close() -> None:
    for name in (_ASKED, _MADE):
        st.session_state.pop(name, None)


def _address() -> Settings:
    return {name: st.query_params.get_all(name) for name in st.query_params if name not in _NOT_SETTINGS}


@st.dialog("Share as a lesson", width="medium", on_dismiss=_close)
def _dialog(page: str, settings: Settings) -> None:
    made: Lesson | None = st.session_state.get(_MADE)
    if made is None:
        made = _asked(page, settings)
    if made is not None:
        given_out(made, secret_of(visitor.key(), made.code))


def _asked(page: str, settings: Settings) -> Lesson | None:
    """The form; the lesson once it is made."""
    place = st.empty()
    with place.form("lesson", border=False):
        st.caption("Your class opens this page as it is now, with your task above it.")
        title = st.text_input("Title", max_chars=TITLE, placeholder="What does the temperature do?")
        text = st.text_area("Task", max_chars=TASK, placeholder="Guess first. Then …", height=120)
        words = controls.WORDS[page]
        first = [now.ANSWERS] if now.ANSWERS in words else []
        hidden = st.pills("Hide from the class", list(words), selection_mode="multi", default=first,
            format_func=words.__getitem__, help="The class keeps all the others. You see everything.")  # fmt: skip
        if not st.form_submit_button("Make the lesson", type="primary", icon=":material/check:"):
            return None
    try:
        made = server.lessons().create(visitor.key(), title, text, page, settings, list(hidden))
    except Refused as error:
        st.error(f"No lesson was made: {plain(error)}.", icon=":material/error:")
        return None
    st.session_state[_MADE] = made
    place.empty()
    return made


def given_out(lesson: Lesson, secret: str) -> None:
    """Both links: for the class with its code to scan, and the teacher's."""
    base = links.for_others() or links.here()
    address = links.to_lesson(base, lesson=lesson.code)
    with st.container(horizontal=True, gap="medium"):
        drawn = links.qr(address)
        st.image(drawn.png, alt=drawn.alt, width=160)
        with st.container(width="stretch", gap="xsmall"):
            st.markdown(f"**For the class** · code **{lesson.code}**")
            st.code(address, language=None, wrap_lines=True)
            st.markdown("**For you alone**: the same, with the class's guesses as bars that you uncover")
            st.code(links.to_lesson(base, lesson=lesson.code, teacher=secret), language=None, wrap_lines=True)
    st.page_link("pages/lesson.py", label="Open it as the teacher", icon=":material/co_present:",
        query_params={now.CODE: lesson.code, now.TEACHER: secret})  # fmt: skip
    st.caption("A lesson ends when nobody has opened it for 30 days. The page Lesson lists those that are yours.")
