"""Whose turn it is: a hundred keys against a class, on a clock that the test sets."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import rbm
from rbm.errors import Busy
from rbm.runs.fairness import FIRST, FRESH, OLDEST_EVERY, SEEN, TURN, Turns
from rbm.runs.job import Job
from rbm.runs.lab import Lab
from rbm.runs.limits import Limits
from rbm.runs.queue import Queue
from rbm.runs.stretch import Maker, Stretch
from tests.patience import SECONDS
from tests.runs.test_job import CONFIG, LONG, images, open_queue, submit
from tests.runs.test_lab import TINY, wait
from tests.runs.test_lab import load as tiny

__all__ = ["images", "open_queue"]

ARRIVALS = itertools.count()


@dataclass(eq=False)
class Training:
    """Of so many seconds, at a pace of 1."""

    owner: str
    work_left: float
    arrival: int = field(default_factory=lambda: next(ARRIVALS))
    turns: int = 0
    started: float = 0.0
    begun: float | None = None
    ended: float | None = None

    def __post_init__(self) -> None:
        self.size = self.work_left

    @property
    def fraction(self) -> float:
        return 1 - self.work_left / self.size


class Server:
    """Workers on a clock of their own, as the queue has them, without the training."""

    def __init__(self, workers: int = 2) -> None:
        self.now, self.workers = 0.0, workers
        self.turns = Turns(lambda: self.now)
        self.waiting: list[Training] = []
        self.active: dict[Training, tuple[float, float]] = {}  # since, until

    def start(self, owner: str, seconds: float) -> Training:
        training = Training(owner, seconds, started=self.now)
        self.waiting.append(training)
        return training

    def stop(self, training: Training) -> None:
        if training in self.active:
            self._end(training)
        if training in self.waiting:
            self.waiting.remove(training)

    def run(self, until: float) -> None:
        while True:
            while self.waiting and len(self.active) < self.workers:
                self._begin()
            training = min(self.active, key=lambda one: self.active[one][1], default=None)
            if training is None or self.active[training][1] > until:
                break
            self.now = self.active[training][1]
            self._end(training)
            if training.work_left > 1e-9:
                training.arrival = next(ARRIVALS)
                self.waiting.append(training)
            else:
                training.ended = self.now
        self.now = until

    def _begin(self) -> None:
        training = self.turns.pick(self.waiting, list(self.active), pace=1)
        self.waiting.remove(training)
        training.turns += 1
        new = training.owner not in self.turns._had
        enough = TURN if training.turns > 1 else max(FIRST, min(TURN, SEEN * training.size)) if new else FIRST
        if training.begun is None and training.fraction + enough / training.size >= SEEN:
            training.begun = self.now + SEEN * training.size
        self.active[training] = (self.now, self.now + min(enough, training.work_left))

    def _end(self, training: Training) -> None:
        since, _ = self.active.pop(training)
        training.work_left -= self.now - since
        self.turns.charge(training.owner, self.now - since)


@pytest.mark.parametrize(("size", "again"), [(15.0, False), (10_000.0, True)])
def test_a_hundred_keys_do_not_keep_a_class_from_its_work(size: float, again: bool) -> None:
    """Each key starts four trainings as soon as it may, for three minutes, or stops and starts over and over."""
    server = Server()
    attack: dict[str, list[Training]] = {f"attacker {i}": [] for i in range(100)}
    honest = []
    for second in range(1800):
        if second < 180:
            for owner, theirs in attack.items():
                if again and second % 5 == 0:
                    for one in theirs:
                        server.stop(one)
                    theirs.clear()
                theirs[:] = [one for one in theirs if one.ended is None]
                theirs += [server.start(owner, size) for _ in range(4 - len(theirs))]
        if second % 5 == 2 and len(honest) < 30:
            honest.append(server.start(f"pupil {len(honest)}", 15.0))
        server.run(second + 1.0)
        if len(honest) == 30 and all(one.ended for one in honest):
            break
    assert all(one.begun is not None and one.begun - one.started <= 60 for one in honest)
    waits = [(one.ended or np.inf) - one.started for one in honest]
    assert statistics.median(waits) <= 600


def test_the_owner_who_asks_for_least_goes_first() -> None:
    turns = Turns(lambda: 0.0)
    hour, *four = [Training(owner, s, turns=1) for owner, s in [("a", 3600), *[("b", 15)] * 4]]
    one = Training("c", 20, turns=1)
    assert turns.order([hour, *four, one], [], pace=1) == [one, *four, hour]
    turns.charge("c", 50)
    assert turns.order([hour, *four, one], [], pace=1) == [*four, one, hour]


def test_what_an_owner_had_is_forgotten_and_a_new_one_begins_before_all() -> None:
    server = Server()
    server.turns.charge("a", 40)
    old, new = Training("a", 1), Training("b", 1000)
    assert server.turns.order([old, new], [], pace=1) == [new, old]
    server.now = 600.0
    assert server.turns.had("a") == pytest.approx(20)
    server.now = FRESH
    assert server.turns.order([old, new], [], pace=1) == [old, new], (
        "a minute later it is as good as new, and asks for less"
    )


def test_a_first_turn_is_short_once_it_is_seen_to_move() -> None:
    turns, training = Turns(lambda: 0.0), Training("a", 100.0, turns=1)
    training.work_left = 99.7
    assert not turns.enough(training, 0.9 * FIRST)
    assert not turns.enough(training, FIRST), "whoever watches has seen nothing yet"
    training.work_left = 99.0
    assert turns.enough(training, FIRST)
    training.work_left = 99.99
    assert turns.enough(training, TURN), "nor for longer than a turn"
    turns.charge("a", 1.0)
    assert turns.enough(training, FIRST), "this owner has seen one move"
    training.turns, training.work_left = 2, 90.0
    assert not turns.enough(training, 0.9 * TURN)
    assert turns.enough(training, TURN)


def test_the_largest_training_has_its_turns_while_small_ones_keep_coming() -> None:
    turns = Turns(lambda: 0.0)
    large = Training("a", 1e6, turns=1)
    small = [Training(f"b{i}", 1, turns=1) for i in range(20)]
    picked = [turns.pick([large, *small], [], pace=1) for _ in range(OLDEST_EVERY)]
    assert picked.count(large) == 1


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every turn is over after one mini-batch."""
    monkeypatch.setattr("rbm.runs.fairness.FIRST", 0.0)
    monkeypatch.setattr("rbm.runs.fairness.TURN", 0.0)


@pytest.mark.usefixtures("short_turns")
def test_trainings_that_take_turns_become_what_they_would_alone(tmp_path: Path) -> None:
    lab = Lab(tmp_path, Limits(workers=2), load=tiny)
    runs = [lab.start(f"{owner}", "tiny", CONFIG, "x") for owner in range(7)]
    for run_id in runs:
        wait(lab, run_id)
    *_, report = rbm.train(TINY.train_images, CONFIG, validation=TINY.test_images)
    for run_id in runs:
        progress = lab.progress(run_id)
        np.testing.assert_array_equal(progress.model.weights, report.model.weights)
        assert [point.epoch for point in progress.history] == [0, 1, 2, 3, 4, 5]
    lab.close()


@pytest.mark.usefixtures("short_turns")
def test_where_the_disk_takes_nothing_nobody_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab, begun, begin = Lab(tmp_path, Limits(workers=1), load=tiny), [], Job._begin
    monkeypatch.setattr(lab.store, "keep", lambda *args, **options: False)
    monkeypatch.setattr(Job, "_begin", lambda self, make: (begun.append(self), begin(self, make))[1])
    runs = [lab.start(owner, "tiny", CONFIG, "x") for owner in ("ann", "bob", "cy")]
    for run_id in runs:
        wait(lab, run_id)
    assert len(begun) == 3, "each trained from start to end"
    *_, report = rbm.train(TINY.train_images, CONFIG, validation=TINY.test_images)
    np.testing.assert_array_equal(lab.progress(runs[2]).model.weights, report.model.weights)
    lab.close()


def test_a_full_line_is_full_for_those_who_stand_in_it(images: np.ndarray, open_queue: Callable[..., Queue]) -> None:
    queue = open_queue(workers=1, backlog=2, turns=Turns(lambda: 0.0))
    several = [submit(queue, images, LONG, owner="attacker") for _ in range(3)]
    with pytest.raises(Busy):
        submit(queue, images, LONG, owner="attacker")
    several.append(submit(queue, images, LONG, owner="pupil"))
    for job in several:
        job.stop()
    assert all(job.join(SECONDS) for job in several)


@pytest.mark.parametrize("most", [0, 10**6])
def test_models_of_those_that_wait_are_kept_as_far_as_the_memory_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("rbm.runs.queue.MODELS", most)
    clock = [0.0]
    lab = Lab(tmp_path, Limits(workers=1, max_epochs=100_000), load=tiny)
    lab.queue._turns = Turns(lambda: clock[0])
    first = lab.start("ann", "tiny", LONG, "x")
    second = lab.start("bob", "tiny", LONG, "x")
    while not lab.progress(first).fraction:
        time.sleep(0.001)
    clock[0] = TURN
    while lab.progress(first).status != "waiting":
        time.sleep(0.001)
    shown = lab.progress(first)
    assert (shown.model is None) == (most == 0)
    assert shown.place == 1
    assert len(shown.history) >= 1
    assert len(lab.export(first)) > 1000, "the disk has it"
    for owner, run_id in (("ann", first), ("bob", second)):
        lab.stop(owner, run_id)
        wait(lab, run_id)
    assert lab.progress(first).model is not None
    lab.close()


def test_a_turn_counts_from_when_it_was_read(
    images: np.ndarray, open_queue: Callable[..., Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server so busy that reading takes longer than a turn."""
    clock, begin = [0.0], Job._begin
    queue = open_queue(workers=1, turns=Turns(lambda: clock[0]))

    def slowly(self: Job, make: Maker) -> Stretch:
        clock[0] += 2 * TURN
        return begin(self, make)

    monkeypatch.setattr(Job, "_begin", slowly)
    jobs = [submit(queue, images, LONG, owner=owner) for owner in ("ann", "bob")]
    while jobs[0].progress().epoch < 20 and jobs[0].progress().running:
        time.sleep(0.001)
    went_on = jobs[0].progress().running
    for job in jobs:
        job.stop()
    assert all(job.join(SECONDS) for job in jobs)
    assert went_on, "its turn was over after the first mini-batch"


def test_one_that_has_given_way_can_be_stopped(images: np.ndarray, open_queue: Callable[..., Queue]) -> None:
    clock = [0.0]
    queue = open_queue(workers=1, turns=Turns(lambda: clock[0]))
    first = submit(queue, images, LONG, owner="ann")
    second = submit(queue, images, LONG, owner="bob")
    while not first.progress().fraction:  # its turn counts from when it moves
        time.sleep(0.001)
    clock[0] = TURN
    while first.progress().status != "waiting":
        time.sleep(0.001)
    first.stop()
    assert first.join(SECONDS)
    assert first.progress().status == "stopped"
    assert first.progress().model is not None
    second.stop()
    assert second.join(SECONDS)
