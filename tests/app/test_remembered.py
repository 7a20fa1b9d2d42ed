"""One room for what pages make for each other: told apart by arguments, and bounded in bytes over all functions."""

from __future__ import annotations

import numpy as np
import pytest

from rbm.app import remembered as module
from rbm.app.remembered import remembered
from rbm.runs.recent import Recent

made: list[str] = []


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> Recent:
    room = Recent(10_000)
    monkeypatch.setattr(module, "_room", lambda: room)
    made.clear()
    return room


@remembered()
def table(name: str, _rows: int) -> np.ndarray:
    made.append(f"table {name}")
    return np.zeros(_rows, np.uint8)


@remembered("Drawing")
def picture(name: str) -> bytes:
    made.append(f"picture {name}")
    return bytes(6_000)


def test_what_has_an_underscore_tells_no_calls_apart() -> None:
    assert table("a", 5) is table("a", 7) is table(name="a", _rows=9)
    assert table("b", 5) is not table("a", 5)
    assert made == ["table a", "table b"]


def test_two_functions_share_the_room_and_not_their_keys(room: Recent) -> None:
    table("a", 5_000)
    assert picture("a") == bytes(6_000)
    assert room.bytes < 10_000, "the table made room for the picture"
    table("a", 5_000)
    assert made == ["table a", "picture a", "table a"]
