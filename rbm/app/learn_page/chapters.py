"""The eight chapters: which one is open, and what comes next. Nothing is locked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from rbm.app import answers, places
from rbm.app.explained import CHAPTERS
from rbm.app.glossary import define
from rbm.app.learn_page import article as last
from rbm.app.learn_page import learning_chapters as learning
from rbm.app.learn_page import machine_chapters, questions

_WIDGET, _LAST = "learn_chapter", "learn_last"


class Chapter(NamedTuple):
    """`draw` puts it on the page; `page`, `words` and `icon` lead to where the same thing happens with digits; `terms`
    of the glossary are what it is about."""

    draw: Callable[[], None]
    page: str
    words: str
    icon: str
    terms: tuple[str, ...] = ()


ALL = {
    "energy": Chapter(
        machine_chapters.energy,
        "sample",
        "Free energy of digits",
        ":material/draw:",
        ("RBM", "visible unit", "hidden unit", "weights", "bias"),
    ),
    "probability": Chapter(
        machine_chapters.probability,
        "sample",
        "Temperature, with digits",
        ":material/draw:",
        ("partition function", "free energy", "temperature"),
    ),
    "layers": Chapter(
        machine_chapters.layers,
        "activations",
        "Hidden layers of digits",
        ":material/blur_on:",
        ("activation", "filter"),
    ),
    "gibbs": Chapter(
        machine_chapters.gibbs,
        "sample",
        "The same chain, dreaming digits",
        ":material/draw:",
        ("Gibbs chain", "sweep", "mixing", "temperature"),
    ),
    "update": Chapter(
        learning.update,
        "train",
        "A step after the other, on Train",
        ":material/model_training:",
        ("CD", "learning rate"),
    ),
    "training": Chapter(
        learning.training,
        "filters",
        "Filters, learned from digits",
        ":material/grid_view:",
        ("log-likelihood", "nat", "learning rate"),
    ),
    "error": Chapter(
        learning.error,
        "reconstructions",
        "Reconstructions of digits",
        ":material/compare:",
        ("reconstruction error", "log-likelihood", "CD"),
    ),
    "article": Chapter(
        last.article, "runs", "Compare your runs", ":material/table_rows:", ("batch", "epoch", "reconstruction error")
    ),
}


def heading() -> str:
    """The title, whose help says what the terms mean, and the choice of a chapter: the open one."""
    head = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    chapter = choice()
    head.title("Learn", anchor=False, width="content", help=define(*ALL[chapter].terms))
    head.markdown(places.asks("learn"), width="content")
    return chapter


def choice() -> str:
    """The chapter that the address asks for, else the one that was open last."""
    asked = st.query_params.get("chapter") or st.session_state.get(_LAST)
    chapter = asked if asked in CHAPTERS else next(iter(CHAPTERS))
    st.session_state[_WIDGET] = st.session_state[_LAST] = chapter
    st.segmented_control(
        "Chapter", list(CHAPTERS), key=_WIDGET, required=True, format_func=_label, on_change=_open,
        label_visibility="collapsed",
    )  # fmt: skip
    return chapter


def _open() -> None:
    st.query_params["chapter"] = st.session_state[_WIDGET]


def _label(chapter: str) -> str:
    """Its number and name, with a tick once all that it asks has been answered."""
    keys = [key for key in questions.ASKED if questions.question(key).chapter == chapter] or ["energy"]
    done = all(key in answers.mine() for key in keys)
    return f"{list(CHAPTERS).index(chapter) + 1} {CHAPTERS[chapter]}{' ✓' if done else ''}"


def ways_on(chapter: str) -> None:
    """To the next chapter, and to the page where the same thing happens with digits."""
    names, here = list(CHAPTERS), ALL[chapter]
    with st.container(horizontal=True, key="learn_ways"):
        if chapter != names[-1]:
            following = names[names.index(chapter) + 1]
            st.page_link(
                "pages/learn.py", label=f"Next: {CHAPTERS[following]}", icon=":material/arrow_forward:",
                query_params={"chapter": following},
            )  # fmt: skip
        st.page_link(f"pages/{here.page}.py", label=here.words, icon=here.icon)
        if chapter == names[-1]:
            places.lead_on("learn")
