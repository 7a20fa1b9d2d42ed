"""What this browser has guessed. Kept in this process by the key that the browser carries, so that a reload forgets
nothing; never written to disk."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import streamlit as st

from rbm.app import visitor
from rbm.app.lessons import now

MOST = 2000  # browsers; the one that has been away longest is forgotten

Guesses = dict[str, str]


class Notebook:
    """The guesses of many browsers, by their keys."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lock = most, Lock()
        self._pages: OrderedDict[str, Guesses] = OrderedDict()

    def of(self, owner: str) -> Guesses:
        """A copy of what `owner` has guessed, by the questions' keys."""
        with self._lock:
            if owner in self._pages:
                self._pages.move_to_end(owner)
            return dict(self._pages.get(owner, {}))

    def write(self, owner: str, key: str, guess: str) -> bool:
        """Whether this is the first guess, which counts: a later one to the same question is not written."""
        with self._lock:
            page = self._pages.setdefault(owner, {})
            first = key not in page
            page.setdefault(key, guess)
            self._pages.move_to_end(owner)
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)
            return first


@st.cache_resource(show_spinner=False)
def _notebook() -> Notebook:
    return Notebook()


def mine() -> Guesses:
    """Those of the open lesson, where there is one: it asks anew."""
    return _notebook().of(_page())


def write(key: str, guess: str, counted: str | None = None) -> None:
    """counted: what the guess counts as in a lesson, where that is not the guess itself."""
    if _notebook().write(_page(), key, guess):
        now.count(key, guess if counted is None else counted)


def _page() -> str:
    here = now.current()
    return visitor.key() if here is None else f"{visitor.key()} {here.query}"
