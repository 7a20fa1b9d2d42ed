"""Which lesson this session has open. Its code stands in the address of every page, so that a reload keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from rbm.app import current_model, server
from rbm.app.text import plain
from rbm.errors import Refused
from rbm.runs.lessons import Lesson

CODE, TEACHER = "lesson", "teacher"  # in the address
ANSWERS = "answers"  # among what a lesson hides: right answers, until the teacher uncovers them
_LETTERS = 10  # of a fingerprint, at least
_OPEN, _TOLD = "lesson_open", "lesson_told"


@dataclass(frozen=True)
class Open:
    """secret: of the teacher's copy of the link; "" in the class."""

    lesson: Lesson
    secret: str = ""

    @property
    def teaches(self) -> bool:
        return bool(self.secret)

    @property
    def query(self) -> dict[str, str]:
        """What an address needs to lead into the lesson."""
        return {CODE: self.lesson.code, **({TEACHER: self.secret} if self.secret else {})}


def current() -> Open | None:
    found: Open | None = st.session_state.get(_OPEN)
    return found


def query(**more: str) -> dict[str, str]:
    """For links from page to page: the lesson, if one is open, and `more`."""
    here = current()
    return {**(here.query if here else {}), **more}


def arrive(at_home: bool) -> None:
    """Before a page is drawn: open the lesson that the address asks for, or go on in the one that is open."""
    asked, secret, here = st.query_params.get(CODE), st.query_params.get(TEACHER, ""), current()
    if asked is None:
        if here is not None:
            st.query_params.update(here.query)
    elif here is None or asked != here.lesson.code or secret not in ("", here.secret):
        _open(asked, secret, at_home)


def _open(asked: str, secret: str, at_home: bool) -> None:
    leave()
    try:
        lesson = server.lessons().find(asked)
        teaches = bool(secret) and server.lessons().teaches(lesson.code, secret)
    except Refused as error:
        st.session_state[_TOLD] = f"This link opens no lesson: {error}."
        return
    if secret and not teaches:
        st.session_state[_TOLD] = "This is no teacher's copy of the link; you are in the lesson as the class is."
    here = st.session_state[_OPEN] = Open(lesson, secret if teaches else "")
    if at_home:
        _use_its_model(lesson)
        st.switch_page(f"pages/{lesson.page}.py", query_params={**settings_of(lesson), **here.query})
    st.query_params.update(here.query)


def _use_its_model(lesson: Lesson) -> None:
    """Of those that ship: a dream is the same dream only of the same model."""
    wanted = "".join(lesson.settings.get("model", ()))
    for named in current_model.shipped().values():
        if len(wanted) >= _LETTERS and named.fingerprint.startswith(wanted):
            current_model.use(named)


def begin(lesson: Lesson, secret: str) -> None:
    """Open a lesson of one's own as its teacher, on the page that this is called from."""
    st.session_state[_OPEN] = Open(lesson, secret)


def settings_of(lesson: Lesson) -> Mapping[str, Sequence[str]]:
    """As an address has them."""
    return {name: values for name, values in lesson.settings.items() if name not in (CODE, TEACHER)}


def leave() -> None:
    """No lesson from now on."""
    st.session_state.pop(_OPEN, None)
    for name in (CODE, TEACHER):
        st.query_params.pop(name, None)


def told() -> str:
    """Why a link opened no lesson, once; "" where it did."""
    return str(st.session_state.pop(_TOLD, ""))


def hides(name: str) -> bool:
    """Whether the class of the open lesson does not see this control."""
    here = current()
    return here is not None and not here.teaches and name in here.lesson.hidden


def withheld(question: str) -> bool:
    """Whether the right answer stays covered for now, guess or no guess."""
    here = current()
    return here is not None and hides(ANSWERS) and question not in server.lessons().uncovered(here.lesson.code)


def count(question: str, choice: str) -> None:
    """A first guess of somebody in the class. What a teacher tries out is not counted."""
    here = current()
    if here is None or here.teaches:
        return
    try:
        server.lessons().count(here.lesson.code, question, choice)
    except Refused as error:
        st.toast(f"Your guess was not counted: {plain(error)}")


def note_run(run_id: str) -> None:
    """A run that begins under the open lesson, if there is one, is on its wall."""
    here = current()
    if here is None:
        return
    try:
        server.lessons().add_run(here.lesson.code, run_id)
    except Refused as error:
        st.toast(f"This run is not on the class wall: {plain(error)}")
