"""One training in the background: it is the same training, it does what its owner wants, and never fails silently."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rbm
from rbm.datasets.dataset import Dataset
from rbm.errors import BadValue
from rbm.measures import monitors
from rbm.runs import ledger
from rbm.runs.fairness import Turns
from rbm.runs.job import Job
from rbm.runs.progress import Point, Progress
from rbm.runs.queue import Queue
from rbm.runs.record import Run
from rbm.runs.store import Store
from rbm.training.state import TrainState
from rbm.training.trainer import Trainer
from tests.patience import SECONDS

CONFIG = rbm.TrainConfig(n_hidden=7, epochs=5, batch_size=11)
LONG = rbm.TrainConfig(n_hidden=7, epochs=100_000, batch_size=11)
STEP = Trainer.step  # as it is outside of any test


@pytest.fixture
def images() -> np.ndarray:
    return (np.random.default_rng(0).random((53, 13)) < 0.4).astype(np.uint8) * np.uint8(255)


@pytest.fixture
def open_queue(tmp_path: Path) -> Iterator[Callable[..., Queue]]:
    """Queues whose trainings are written to a store."""
    before = threading.active_count()

    def opened(**options: object) -> Queue:
        queue = Queue(**options)  # type: ignore[arg-type]
        STORES[queue] = Kept(tmp_path)
        return queue

    yield opened
    for thread in threading.enumerate():
        if thread.name == "rbm-training":
            thread.join(SECONDS)
    assert threading.active_count() == before, "an idle queue has no threads"
    while STORES:
        STORES.popitem()[1].close()


@pytest.fixture
def queue(open_queue: Callable[..., Queue]) -> Queue:
    return open_queue(workers=1, turns=Turns(lambda: 0.0))  # no turn ever ends


class Kept(Store):
    """Remembers what it was told."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.kept: list[tuple[Run, TrainState | None]] = []

    def keep(self, run: Run, points: Iterable[Point] = (), **what: object) -> bool:
        self.kept.append((run, what.get("state")))  # type: ignore[arg-type]
        return super().keep(run, points, **what)  # type: ignore[arg-type]


STORES: dict[Queue, Kept] = {}


def data(images: np.ndarray, labels: np.ndarray | None = None) -> Dataset:
    labels = np.zeros(len(images), np.int64) if labels is None else labels
    return Dataset("tiny", images, labels, images[:17], labels[:17], (1, images.shape[1]))


def submit(queue: Queue, images: np.ndarray, config: rbm.TrainConfig, **options: object) -> Job:
    """A job that trains when it is its turn, and writes to the queue's store."""
    job = make(queue, images, config, **options)  # type: ignore[arg-type]
    job.resume()
    return job


def make(
    queue: Queue,
    images: np.ndarray,
    config: rbm.TrainConfig,
    *,
    owner: str = "",
    labels: np.ndarray | None = None,
    measures: tuple[str, ...] = (),
    progress: Progress | None = None,
    every: float = 1e9,
) -> Job:
    n_classes = 0 if labels is None else int(labels.max()) + 1
    run = Run("x", owner, "tiny", "", config, 0.0, n_classes=n_classes, measures=measures)
    return Job(run, data(images, labels), STORES[queue], queue, progress=progress, every=every)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    step = Trainer.step

    def gated(self: Trainer) -> object:
        gate.passed.release()
        assert gate.is_open or gate.permits.acquire(timeout=SECONDS)
        return step(self)

    monkeypatch.setattr(Trainer, "step", gated)
    yield gate
    gate.open()


class Gate:
    """Every mini-batch waits for a permit, so that a test knows where a training stands."""

    def __init__(self) -> None:
        self.permits, self.passed = threading.Semaphore(0), threading.Semaphore(0)
        self.is_open = False

    def arrived(self) -> None:
        """Until a mini-batch is about to be made."""
        assert self.passed.acquire(timeout=SECONDS)

    def open(self) -> None:
        self.is_open = True
        self.permits.release(100)  # those that wait at it now


def reach(job: Job, status: str) -> None:
    for _ in range(SECONDS * 200):
        if job.progress().status == status and not job.moving:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"still {job.progress().status}, not {status}")


def weights_after(images: np.ndarray, config: rbm.TrainConfig, batches: int) -> np.ndarray:
    trainer = Trainer(images, config)
    for _ in range(batches):
        STEP(trainer)
    return trainer.model.weights


def test_a_job_trains_what_train_trains(images: np.ndarray, queue: Queue) -> None:
    job = submit(queue, images, CONFIG)
    assert job.join(SECONDS)
    progress = job.progress()
    *_, report = rbm.train(images, CONFIG, validation=images[:17])
    np.testing.assert_array_equal(progress.model.weights, report.model.weights)
    assert (progress.status, progress.fraction, progress.epoch, progress.seconds_left) == ("finished", 1, 5, 0)
    assert [point.epoch for point in progress.history] == [0, 1, 2, 3, 4, 5]
    assert progress.history[-1].validation_error == report.validation_error
    assert all(a.seconds < b.seconds for a, b in itertools.pairwise(progress.history))
    assert progress.history[-1].measures["update_ratio_weights"] > 0


def test_labels_are_trained_on(images: np.ndarray, queue: Queue) -> None:
    labels = np.arange(53) % 3
    job = submit(queue, images, CONFIG, labels=labels)
    assert job.join(SECONDS)
    *_, report = rbm.train(images, CONFIG, labels=labels)
    assert isinstance(job.progress().model, rbm.LabelRBM)
    np.testing.assert_array_equal(job.progress().model.weights, report.model.weights)


def test_measures_are_taken_and_change_nothing(images: np.ndarray, queue: Queue) -> None:
    job = submit(queue, images, CONFIG, measures=("free_energy_gap", "dead_units"))
    assert job.join(SECONDS)
    *_, report = rbm.train(images, CONFIG)
    np.testing.assert_array_equal(job.progress().model.weights, report.model.weights)
    for point in job.progress().history[1:]:
        assert {"update_ratio_weights", "free_energy_gap", "dead_units"} <= point.measures.keys()


def test_it_says_what_it_measures_while_it_does(
    images: np.ndarray, queue: Queue, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The monitor looks at the job that it works for, after every epoch."""
    seen, exact = [], monitors.MONITORS["exact"]

    def looked_at(model: rbm.RBM, context: monitors.Context) -> dict[str, float]:
        seen.append(job.progress().measuring)
        return exact(model, context)

    monkeypatch.setitem(monitors.MONITORS, "exact", looked_at)
    job = submit(queue, images, CONFIG, measures=("exact",))
    gate.open()
    assert job.join(SECONDS)
    assert len(seen) == CONFIG.epochs
    assert all("exact" in names for names in seen)
    assert job.progress().measuring == ()


def test_a_trainer_knows_before_a_step_what_it_will_measure(images: np.ndarray) -> None:
    options = {"validation": images, "monitors": ["dead_units"], "monitor_every": 2}
    trainer = Trainer(images, rbm.TrainConfig(n_hidden=7, epochs=3, batch_size=20), **options)
    told = []
    while not trainer.finished:
        told.append(trainer.about_to_measure)
        report = trainer.step()
        assert bool(report and report.metrics) is bool(told[-1])
    assert [bool(names) for names in told] == [False] * 5 + [True] + [False, False, True]
    assert trainer.about_to_measure == ()


def test_stop_keeps_the_weights_of_that_moment(images: np.ndarray, queue: Queue, gate: Gate) -> None:
    kept = STORES[queue].kept
    job = submit(queue, images, CONFIG)
    gate.permits.release(2)
    for _ in range(3):
        gate.arrived()
    job.stop()
    gate.open()
    assert job.join(SECONDS)
    assert job.progress().status == "stopped"
    np.testing.assert_array_equal(job.progress().model.weights, weights_after(images, CONFIG, 3))
    run, state = kept[-1]
    assert run.status == "stopped"
    assert (state.epoch, state.batch) == (0, 3)
    job.resume()
    assert job.progress().status == "stopped", "the end is the end"


def test_pause_and_resume_leave_no_trace(images: np.ndarray, queue: Queue, gate: Gate) -> None:
    kept = STORES[queue].kept
    job = submit(queue, images, CONFIG)
    gate.permits.release(6)
    for _ in range(7):
        gate.arrived()
    job.pause()
    gate.permits.release()
    reach(job, "paused")
    assert not queue.running, "it gives its worker back"
    np.testing.assert_array_equal(job.progress().model.weights, weights_after(images, CONFIG, 7))
    assert [run.status for run, _ in kept][-1] == "paused"
    assert kept[-1][1].batch == 2
    job.resume()
    gate.open()
    assert job.join(SECONDS)
    assert job.progress().status == "finished"
    np.testing.assert_array_equal(job.progress().model.weights, weights_after(images, CONFIG, 25))
    assert [point.epoch for point in STORES[queue].all_points(job.run.id)] == [0, 1, 2, 3, 4, 5]


def test_steps_are_single_mini_batches_and_need_no_worker(images: np.ndarray, queue: Queue) -> None:
    other = submit(queue, images, LONG)
    job = submit(queue, images, CONFIG)
    assert job.progress().status == "waiting"
    for batches in (1, 2, 3):
        job.step()
        reach(job, "paused")
        np.testing.assert_array_equal(job.progress().model.weights, weights_after(images, CONFIG, batches))
    for _ in range(30):  # quick clicks are all counted, and the last of them ends the training
        job.step()
    assert job.join(SECONDS)
    assert job.progress().status == "finished"
    assert other.progress().status == "running"
    other.stop()
    assert other.join(SECONDS)


def test_a_job_that_is_called_from_its_rest_never_seems_to_rest_still(images: np.ndarray, queue: Queue) -> None:
    job = submit(queue, images, LONG)
    job.pause()
    assert job.rest(SECONDS)
    for _ in range(20):
        before = job.progress().fraction
        job.step()
        seen = job.progress()
        assert seen.running or seen.fraction > before
        assert job.rest(SECONDS)
    job.stop()
    assert job.progress().running or job.over
    assert job.join(SECONDS)


def test_a_step_of_a_running_job_pauses_it(images: np.ndarray, queue: Queue, gate: Gate) -> None:
    job = submit(queue, images, CONFIG)
    gate.arrived()
    job.step()
    gate.open()
    reach(job, "paused")
    np.testing.assert_array_equal(job.progress().model.weights, weights_after(images, CONFIG, 1))


def test_a_changed_mind_before_the_batch_ends(images: np.ndarray, queue: Queue, gate: Gate) -> None:
    job = submit(queue, images, CONFIG)
    gate.arrived()
    job.pause()
    job.resume()
    gate.open()
    assert job.join(SECONDS)
    assert job.progress().status == "finished"


def test_a_paused_job_can_be_stopped(images: np.ndarray, queue: Queue) -> None:
    kept = STORES[queue].kept
    job = submit(queue, images, LONG)
    while not job.progress().fraction:
        time.sleep(0.001)
    job.pause()
    reach(job, "paused")
    job.stop()
    assert job.join(SECONDS)
    assert job.progress().model is not None
    assert kept[-1][0].status == "stopped"


def test_it_goes_on_from_a_state(images: np.ndarray, queue: Queue) -> None:
    first = next(report for report in rbm.train(images, CONFIG) if report.epoch == 2)
    history = tuple(Point(epoch, 1.0, None) for epoch in range(3))
    before = Progress("paused", 5, epoch=2, fraction=0.4, seconds=100.0, history=history)
    job = make(queue, images, CONFIG, progress=before)
    assert STORES[queue].keep(job.run, history, state=first.state)
    job.resume()
    assert job.join(SECONDS)
    progress = job.progress()
    np.testing.assert_array_equal(progress.model.weights, weights_after(images, CONFIG, 25))
    assert [point.epoch for point in progress.history] == [0, 1, 2, 3, 4, 5]
    assert 100 < progress.history[3].seconds < progress.seconds < 100 + SECONDS


def test_a_state_at_the_end_is_finished(images: np.ndarray, queue: Queue) -> None:
    *_, report = rbm.train(images, CONFIG)
    job = make(queue, images, CONFIG)
    assert STORES[queue].keep(job.run, state=report.state)
    job.resume()
    assert job.join(SECONDS)
    assert job.progress().status == "finished"
    np.testing.assert_array_equal(job.progress().model.weights, report.model.weights)


def test_checkpoints_are_written_when_due(images: np.ndarray, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "SHARE", 0)
    job, kept = submit(queue, images, CONFIG, every=0.0), STORES[queue].kept
    assert job.join(SECONDS)
    states = [state for _, state in kept if state is not None]
    assert [(state.epoch, state.batch) for state in states[:6]] == [(0, 1), (0, 2), (0, 3), (0, 4), (1, 0), (1, 1)]
    assert kept[0][0].status == "running"
    assert kept[-1][0].status == "finished"


def test_a_blow_up_keeps_the_last_good_model(images: np.ndarray, queue: Queue) -> None:
    job = submit(queue, images, rbm.TrainConfig(n_hidden=7, epochs=50, batch_size=11, learning_rate=1e5))
    assert job.join(SECONDS)
    progress = job.progress()
    assert progress.status == "diverged"
    assert "Lower learning_rate" in progress.message
    assert np.isfinite(progress.model.weights).all()


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError("no light"), "training failed: OSError: no light. Start it again"),
        (MemoryError(), "training failed: MemoryError. There is too little memory: choose fewer hidden units"),
        (BadValue("bad rate"), "training failed: bad rate. Change the setting"),
        (
            ValueError("a mistake"),
            "training failed: ValueError: a mistake. Start it again; if it fails again, the server's",
        ),
    ],
)
def test_an_exception_is_told_and_logged_and_the_queue_goes_on(
    images: np.ndarray,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    advice: str,
) -> None:
    def broken(self: Trainer) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", broken)
        job = submit(queue, images, CONFIG)
        assert job.join(SECONDS)
    assert job.progress().status == "failed"
    assert job.progress().message.startswith(advice)
    assert "Traceback" in caplog.text
    after = submit(queue, images, CONFIG)
    assert after.join(SECONDS)
    assert after.progress().status == "finished"


def test_data_that_cannot_be_trained_on(images: np.ndarray, queue: Queue) -> None:
    config = replace(CONFIG, algorithm="autoencoder")
    job = submit(queue, images, config, labels=np.arange(53) % 3)
    assert job.join(SECONDS)
    assert job.progress().status == "failed"
    assert job.progress().message.startswith('training failed: algorithm "autoencoder" learns images without classes')
