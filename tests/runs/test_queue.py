"""Who runs, who waits, for how long, and that nobody is forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

import rbm
from rbm.errors import Busy
from rbm.runs import queue as queues
from rbm.runs.fairness import Turns
from rbm.runs.queue import Queue, work
from rbm.training.trainer import Trainer
from tests.patience import SECONDS
from tests.runs.test_job import CONFIG, LONG, Gate, gate, images, open_queue, queue, reach, submit

__all__ = ["gate", "images", "open_queue", "queue"]


def stop(*jobs) -> None:
    for job in jobs:
        job.stop()
    assert all(job.join(SECONDS) for job in jobs)


def places(*jobs) -> list[int | None]:
    return [job.progress().place for job in jobs]


def test_jobs_run_in_the_order_they_came(images: np.ndarray, queue: Queue) -> None:
    first, *others = [submit(queue, images, LONG) for _ in range(4)]
    assert places(first, *others) == [None, 1, 2, 3]
    assert (queue.running, queue.waiting) == (1, 3)
    stop(first)
    assert places(*others) == [None, 1, 2]
    stop(others[1])
    assert places(others[0], others[2]) == [None, 1]
    stop(others[0], others[2])
    assert (queue.running, queue.waiting) == (0, 0)


def test_as_many_run_as_there_are_workers(images: np.ndarray, open_queue: Callable[..., Queue]) -> None:
    queue = open_queue(workers=3, turns=Turns(lambda: 0.0))
    jobs = [submit(queue, images, LONG) for _ in range(5)]
    assert queue.running == 3
    stop(*jobs)


def test_by_default_there_is_a_worker_for_each_core() -> None:
    assert Queue().workers == queues.cores() >= 1


def test_a_full_backlog_is_refused_in_words(images: np.ndarray, open_queue: Callable[..., Queue]) -> None:
    queue = open_queue(workers=1, backlog=2, turns=Turns(lambda: 0.0))
    jobs = [submit(queue, images, LONG) for _ in range(3)]
    with pytest.raises(Busy, match="2 trainings already wait for one of 1 workers"):
        submit(queue, images, LONG)
    stop(jobs[1])
    stop(submit(queue, images, LONG), *jobs)


def test_a_paused_job_lets_others_work_and_comes_back_before_those_who_have_not_begun(
    images: np.ndarray, queue: Queue
) -> None:
    first, second, third = [submit(queue, images, LONG) for _ in range(3)]
    first.pause()
    reach(first, "paused")
    assert places(second, third) == [None, 1]
    assert first.progress().place is None
    first.resume()
    assert places(first, third) == [1, 2]
    stop(second)
    assert places(first, third) == [None, 1]
    stop(first, third)


def test_to_pause_or_step_while_waiting_gains_no_place(images: np.ndarray, queue: Queue) -> None:
    first, second, third = [submit(queue, images, LONG) for _ in range(3)]
    second.pause()
    assert second.progress().status == "paused"
    assert places(third) == [1]
    second.step()
    reach(second, "paused")
    second.resume()
    assert places(third, second) == [1, 2]
    stop(first, second, third)


def test_a_job_stopped_before_it_began_has_no_model(images: np.ndarray, queue: Queue) -> None:
    first, second = [submit(queue, images, LONG) for _ in range(2)]
    stop(second)
    assert (second.progress().status, second.progress().model) == ("stopped", None)
    stop(first)


def test_nobody_knows_the_wait_before_anything_was_measured(images: np.ndarray, queue: Queue, gate: Gate) -> None:
    first, second = [submit(queue, images, CONFIG) for _ in range(2)]
    assert (second.progress().place, second.progress().wait) == (1, None)
    gate.open()
    stop(first, second)


def test_the_wait_follows_from_the_pace_of_the_others(
    images: np.ndarray, open_queue: Callable[..., Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rbm.runs.job.MEASURABLE", 0.0)
    queue = open_queue(workers=2, turns=Turns(lambda: 0.0))
    a, b, c, d = [submit(queue, images, config) for config in (LONG, LONG, CONFIG, CONFIG)]
    for job in (a, b):  # a pause stops the clock, so that the sum can be done by hand
        while not job.progress().speed:
            time.sleep(0.001)
    blocked, arrived = threading.Event(), threading.Semaphore(0)
    step = Trainer.step
    monkeypatch.setattr(Trainer, "step", lambda self: (arrived.release(), blocked.wait(SECONDS), step(self))[-1])
    for _ in (a, b):
        assert arrived.acquire(timeout=SECONDS)
    left = sorted(job.progress().seconds_left for job in (a, b))
    pace = (a.pace + b.pace) / 2
    assert c.progress().wait == pytest.approx(left[0])
    assert d.progress().wait == pytest.approx(min(left[1], left[0] + work(CONFIG, images.shape) / pace))
    blocked.set()
    stop(a, b, c, d)


def test_the_last_pace_serves_while_the_next_is_being_measured(
    images: np.ndarray, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rbm.runs.job.MEASURABLE", 0.0)
    first = submit(queue, images, CONFIG)
    assert first.join(SECONDS)
    monkeypatch.setattr("rbm.runs.job.MEASURABLE", 1e9)
    second, third = [submit(queue, images, LONG) for _ in range(2)]
    assert third.progress().wait == pytest.approx(second.work_left / first.pace, rel=0.1)
    stop(second, third)


def test_work_counts_what_takes_time() -> None:
    def of(rows: int = 10, **changes: object) -> float:
        return work(rbm.TrainConfig(n_hidden=5, epochs=3, **changes), (rows, 7))  # type: ignore[arg-type]

    assert of() == 10 * 7 * 5 * 3 * 6
    assert of(rows=20) == 2 * of()
    assert of(gibbs_steps=1, final_gibbs_steps=5) == of(gibbs_steps=3)
    assert of(algorithm="pt", temperatures=4) == of(gibbs_steps=4)


def test_a_system_without_threads_fails_the_job_and_not_the_queue(
    images: np.ndarray, queue: Queue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        job = submit(queue, images, CONFIG)
    assert job.join(SECONDS)
    assert "can't start new thread" in job.progress().message
    after = submit(queue, images, CONFIG)
    assert after.join(SECONDS)
    assert after.progress().status == "finished"


def test_many_hands_at_once_lose_no_job(images: np.ndarray, open_queue: Callable[..., Queue]) -> None:
    """30 jobs on 2 workers, each poked at random by a thread of its own: all end, and as they should."""
    queue = open_queue(workers=2)
    jobs = [submit(queue, images, CONFIG) for _ in range(30)]

    def poke(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(20):
            getattr(jobs[seed], rng.choice(["pause", "resume", "step"]))()
            time.sleep(0.001)
        jobs[seed].resume()

    hands = [threading.Thread(target=poke, args=(seed,)) for seed in range(30)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert all(job.join(SECONDS) for job in jobs)
    assert (queue.running, queue.waiting) == (0, 0)
    *_, report = rbm.train(images, CONFIG)
    for job in jobs:
        assert job.progress().status == "finished"
        np.testing.assert_array_equal(job.progress().model.weights, report.model.weights)
