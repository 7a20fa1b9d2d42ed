"""What this browser has guessed. Kept in this process by the key that the browser carries, so that a reload forgets
nothing; never written to disk."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import streamlit as st

from rbm.app import visitor

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

    def write(self, owner: str, key: str, guess: str) -> None:
        """The first guess counts: a later one to the same question is not written."""
        with self._lock:
            self._pages.setdefault(owner, {}).setdefault(key, guess)
            self._pages.move_to_end(owner)
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)


@st.cache_resource(show_spinner=False)
def _notebook() -> Notebook:
    return Notebook()


def mine() -> Guesses:
    return _notebook().of(visitor.key())


def write(key: str, guess: str) -> None:
    _notebook().write(visitor.key(), key, guess)
