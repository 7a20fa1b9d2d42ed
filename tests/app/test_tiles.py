"""Mosaics whose tiles are chosen: what a browser may send, and what is taken of it."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st

from rbm.app import pictures
from rbm.app.components import tiles

MOSAIC = pictures.mosaic(np.zeros((7, 5, 3, 3), dtype=np.uint8), 3, "seven tiles")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What was sent to the browser, after `tiles.tiles`; a session of its own."""
    data: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(tiles, "_component", lambda **given: data.update(given))
    return data


def choose(key: str = "unit") -> int:
    return tiles.tiles(MOSAIC, [11, 5, 7, 2, 3, 19, 13], list("abcdefg"), key=key, label="A unit")


def test_a_mosaic_knows_its_tiling() -> None:
    assert MOSAIC.tiling == (7, 3, 5, 3, 1)


def test_the_first_is_chosen_until_the_visitor_chooses(sent: dict[str, object]) -> None:
    assert choose() == 11
    st.session_state["unit_tiles"] = {"chosen": {"id": 13, "at": 1}}
    sent["on_chosen_change"]()  # type: ignore[operator]
    assert choose() == 13


@pytest.mark.parametrize("wrong", [None, 13, {}, {"id": 17}, {"id": "13"}, {"id": [13]}, {"id": 13.0}, {"id": True}])
def test_whatever_else_arrives_changes_nothing(sent: dict[str, object], wrong: object) -> None:
    assert choose() == 11
    st.session_state["unit_tiles"] = {"chosen": wrong}
    sent["on_chosen_change"]()  # type: ignore[operator]
    assert choose() == 11


def test_a_choice_outlives_another_order_and_not_another_model(sent: dict[str, object]) -> None:
    st.session_state["unit"] = 7
    assert choose() == 7
    st.session_state["unit"] = 1_000
    assert choose() == 11


def test_every_choice_is_told_and_nothing_else(sent: dict[str, object]) -> None:
    told: list[int] = []

    def choose(wanted: object) -> None:
        tiles.tiles(MOSAIC, range(7), list("abcdefg"), key="unit", label="A unit", on_choose=lambda: told.append(1))
        st.session_state["unit_tiles"] = {"chosen": {"id": wanted, "at": len(told)}}
        sent["on_chosen_change"]()  # type: ignore[operator]

    choose(5)
    choose(5)
    assert len(told) == 2, "the same tile once more too"
    choose(17)
    assert len(told) == 2
