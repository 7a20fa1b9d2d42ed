"""How a class guessed, as bars: live for the teacher, for the class once the teacher uncovers them. Nobody is named."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import streamlit as st

from rbm.app import again, answers, server
from rbm.app.lessons import now
from rbm.app.text import plain
from rbm.errors import Refused

LOOK, GLANCE = 1.0, 3.0  # seconds between two looks: at the counters or for them; before one has guessed
MANY = 4  # choices: with more, empty ones at either end are left out
FEW = 100  # numbers up to this are counted in tens, larger ones by their size

_ROW = """<span style="align-self:center;overflow-wrap:anywhere">{}</span><span style="display:flex;align-items:center;
gap:8px"><span style="height:16px;min-width:2px;border-radius:4px;width:{:.1f}%;background:light-dark(#3451b2,#8ea6ff)">
</span>{}</span>"""
_ROWS = """<div role="img" aria-label="{}" style="display:grid;grid-template-columns:fit-content(50%) 1fr;gap:4px 12px;
font-size:0.92rem">{}</div>"""


def band(number: int, largest: int) -> str:
    """The range of numbers that a guess is counted in: thousands of different guesses make few bars."""
    if largest <= FEW:
        low = (number - 1) // 10 * 10 + 1
        return f"{low} to {low + 9}"
    low = 10 ** (len(str(number)) - 1)
    return f"{low:,} to {10 * low - 1:,}"


def bands(largest: int) -> list[str]:
    """All of them, from small to large."""
    firsts = range(1, largest + 1, 10) if largest <= FEW else [10**n for n in range(len(str(largest)))]
    return [band(first, largest) for first in firsts]


def below(question: str, choices: Sequence[str]) -> None:
    """Under a question, while a lesson is open: the bars, or that they are covered. `choices`: all that count."""
    here = now.current()
    if here is None:
        return
    shown = here.teaches or _uncovered(here, question)
    again.every(_pace(here, question, shown), _look)(question, tuple(choices), shown)


def _pace(here: now.Open, question: str, shown: bool) -> float | None:
    """Seconds until the next look. Thirty that look take from the server what thirty guesses need."""
    if here.teaches:
        return LOOK
    return None if shown else LOOK if question in answers.mine() else GLANCE


def _uncovered(here: now.Open, question: str) -> bool:
    return question in server.lessons().uncovered(here.lesson.code)


def _look(question: str, choices: tuple[str, ...], shown: bool) -> None:
    here = now.current()
    if here is None:
        return
    uncovered = _uncovered(here, question)
    if uncovered and not shown:
        st.rerun()  # the answer below may come with them
    if not shown:
        if question in answers.mine() and not now.hides(now.ANSWERS):  # else it has been said, or says too much
            st.caption(":material/visibility_off: How the class guessed: covered until your teacher uncovers it.")
        return
    counts = server.lessons().guesses(here.lesson.code).get(question, {})
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/groups: **The class** · {_guesses(sum(counts.values()))}", width="content")
        if here.teaches and not uncovered:
            st.button(
                "Uncover", icon=":material/visibility:", key=f"uncover_{question}", on_click=_uncover,
                args=(here, question), help="Show these bars to the class, on its own screens.",
            )  # fmt: skip
        elif here.teaches:
            st.markdown(":green[:material/visibility: the class sees this]", width="content")
    st.html(table(counts, choices))


def _uncover(here: now.Open, question: str) -> None:
    try:
        server.lessons().uncover(here.lesson.code, here.secret, question)
    except Refused as error:
        st.toast(f"Not uncovered: {plain(error)}.")


def _guesses(number: int) -> str:
    return "no guess yet" if number == 0 else "1 guess" if number == 1 else f"{number:,} guesses"


def table(counts: Mapping[str, int], choices: Sequence[str]) -> str:
    """A row for every choice, as HTML: words, a bar and its number. Ranges of numbers without a guess at either end
    are left out."""
    rows = [(choice, counts.get(choice, 0)) for choice in choices]
    most = max([number for _, number in rows], default=0)
    if len(rows) > MANY:
        taken = [place for place, (_, number) in enumerate(rows) if number] or [0]
        rows = rows[taken[0] : taken[-1] + 1]
    lines = [_ROW.format(html.escape(choice), 85 * number / max(most, 1), number) for choice, number in rows]
    told = ", ".join(f"{choice}: {number}" for choice, number in rows)
    return _ROWS.format(html.escape(told), "".join(lines))
