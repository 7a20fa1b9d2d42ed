"""Errands: results one by one, in the line of the trainings, and one for all who ask for the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rbm.errors import BadValue, Busy
from rbm.runs import errand as errands
from rbm.runs.errand import Errand, Errands
from rbm.runs.fairness import Turns
from rbm.runs.queue import Queue
from tests.patience import SECONDS


def three() -> Iterator[int]:
    yield from (2, 3, 5)


def test_results_come_in_order_and_the_worker_is_free_again() -> None:
    queue = Queue(workers=1)
    errand = Errands(queue).start("key", "ann", three, 3, 1.0)
    assert errand.join(SECONDS)
    assert errand.results == (2, 3, 5)
    assert (errand.trouble, queue.running, queue.waiting) == ("", 0, 0)


def test_who_asks_for_the_same_gets_the_same() -> None:
    known = Errands(Queue(workers=1))
    first = known.start("key", "ann", three, 3, 1.0)
    assert known.start("key", "bob", three, 3, 1.0) is first
    assert known.find("key") is first
    assert known.find("other") is None
    assert first.join(SECONDS)


def test_what_goes_wrong_is_a_sentence_and_can_be_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    def wrong() -> Iterator[int]:
        yield 1
        raise BadValue("no labels here")

    known = Errands(Queue(workers=1))
    first = known.start("key", "ann", wrong, 2, 1.0)
    assert first.join(SECONDS)
    assert (first.results, first.trouble) == ((1,), "no labels here")
    assert "an errand failed" in caplog.text
    again = known.start("key", "ann", three, 3, 1.0)
    assert again is not first
    assert again.join(SECONDS)


def test_it_waits_for_its_turn_gives_way_between_results_and_can_be_stopped() -> None:
    queue = Queue(workers=1, turns=Turns(lambda: next(ticks)))
    ticks = iter(range(10**6))  # every look at the clock is a second later: each turn ends with its first result
    made: list[str] = []
    gate = threading.Semaphore(0)

    def results(name: str) -> Iterator[str]:
        while True:
            assert gate.acquire(timeout=SECONDS)
            made.append(name)
            yield name

    one, two = (Errand(name, queue, lambda name=name: results(name), 99, 99.0) for name in ("ann", "bob"))  # type: ignore[misc]
    one.begin()
    two.begin()
    assert two.place == 1
    assert one.place is None
    for _ in range(6):
        gate.release()
    while len(made) < 6:
        pass
    assert set(made) == {"ann", "bob"}, "both have had turns on the one worker"
    one.stop()
    two.stop()
    gate.release(2)
    assert one.join(SECONDS)
    assert two.join(SECONDS)
    assert (queue.running, queue.waiting) == (0, 0)


def test_one_owner_has_so_many_at_a_time_and_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def slow() -> Iterator[int]:
        assert go.wait(SECONDS)
        yield 1

    known = Errands(Queue(workers=1))
    mine = [known.start(number, "ann", slow, 1, 1.0) for number in range(errands.MOST_UNDER_WAY)]
    with pytest.raises(Busy, match="4 of your measurements are under way"):
        known.start("more", "ann", slow, 1, 1.0)
    go.set()
    assert all(errand.join(SECONDS) for errand in mine)
    monkeypatch.setattr(errands, "MOST_KNOWN", 2)
    assert known.start("new", "ann", three, 3, 1.0).join(SECONDS)
    assert known.find(0) is None
    assert known.find("new") is not None
