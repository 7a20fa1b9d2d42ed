"""What was made last is kept in a bound of bytes, counted anew by hand here."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import pytest

from rbm.runs.recent import Recent, buffers

KB = 1000


def table(kilobytes: int) -> np.ndarray:
    return np.zeros(kilobytes * KB, np.uint8)


def test_what_was_used_last_stays_and_the_bound_holds() -> None:
    kept, made = Recent(10 * KB), []

    def ask(name: str, kilobytes: int) -> np.ndarray:
        return kept.get(name, lambda: made.append(name) or table(kilobytes))

    first = ask("a", 4)
    ask("b", 5)
    assert ask("a", 4) is first
    ask("c", 3)  # 12 of 10: b was used before a
    assert (len(kept), kept.bytes) == (2, 7 * KB)
    ask("a", 4)
    ask("b", 5)  # c goes
    assert made == ["a", "b", "c", "b"]
    assert (len(kept), kept.bytes) == (2, 9 * KB)


def test_what_is_larger_than_all_is_handed_on_and_not_kept() -> None:
    kept = Recent(10 * KB)
    assert kept.get("large", lambda: table(11)).nbytes == 11 * KB
    assert (len(kept), kept.bytes) == (0, 0)


def test_an_array_that_several_hold_counts_once_and_until_the_last_is_gone() -> None:
    kept, shared = Recent(20 * KB), table(7)
    kept.get("one", lambda: [shared, table(2)])
    kept.get("two", lambda: {"a view": shared[KB:], "own": table(3)})
    assert kept.bytes == 12 * KB
    kept.get("three", lambda: table(10))  # one goes: its own 2
    assert kept.bytes == 20 * KB
    kept.get("four", lambda: table(1))  # two goes: its own 3, and what they shared
    assert kept.bytes == 11 * KB


@dataclass(frozen=True)
class Nested:
    array: np.ndarray
    more: tuple[dict[str, bytes], ...]


def test_buffers_are_found_however_deep() -> None:
    value = Nested(table(3)[::2], ({"png": bytes(5 * KB)}, {}))
    sizes = sorted(size for _, size in buffers(value))
    assert sizes[1] == pytest.approx(5 * KB, abs=100)
    assert sizes[0] == 3 * KB, "a view holds all of its array"


def test_what_several_ask_for_at_once_is_made_once() -> None:
    kept, made, go = Recent(10 * KB), [], threading.Event()

    def make() -> np.ndarray:
        made.append(1)
        go.wait()
        return table(1)

    threads = [threading.Thread(target=kept.get, args=("a", make)) for _ in range(5)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_failure_is_told_and_may_be_tried_again() -> None:
    kept = Recent(10 * KB)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 / 0)
    assert kept.get("a", lambda: "fine") == "fine"
