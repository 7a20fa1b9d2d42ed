"""Background training: it is the same training, it stops, and it never fails silently."""

import threading

import numpy as np
import pytest

import rbm
from rbm.jobs import Job
from rbm.training import Trainer

CONFIG = rbm.TrainConfig(n_hidden=7, epochs=5, batch_size=11)


@pytest.fixture
def images() -> np.ndarray:
    return (np.random.default_rng(0).random((53, 13)) < 0.4).astype(np.float32)


def test_a_job_trains_what_train_trains(images: np.ndarray) -> None:
    job = Job(images, CONFIG, validation=images[:17]).start()
    job.join(30)
    progress = job.progress()
    *_, report = rbm.train(images, CONFIG, validation=images[:17])
    np.testing.assert_array_equal(progress.model.weights, report.model.weights)
    assert progress.status == "finished"
    assert progress.fraction == 1
    assert progress.epoch == 5
    assert progress.seconds_left == 0
    assert [point.epoch for point in progress.history] == [0, 1, 2, 3, 4, 5]
    assert progress.history[-1].validation_error == report.validation_error


def test_stop_keeps_the_weights_of_that_moment(images: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    third = threading.Event()
    step, calls = Trainer.step, []

    def counted(self: Trainer) -> object:
        calls.append(None)
        if len(calls) == 3:
            job.stop()
            third.set()
        return step(self)

    monkeypatch.setattr(Trainer, "step", counted)
    job = Job(images, CONFIG)
    job.start()  # not in one line: the thread may come to its third step before the name is bound
    assert third.wait(30)
    job.join(30)
    assert job.progress().status == "stopped"
    assert len(calls) == 3
    monkeypatch.undo()
    trainer = Trainer(images, CONFIG)
    for _ in range(3):
        trainer.step()
    np.testing.assert_array_equal(job.progress().model.weights, trainer.model.weights)


def test_a_blow_up_keeps_the_last_good_model(images: np.ndarray) -> None:
    job = Job(images, rbm.TrainConfig(n_hidden=7, epochs=50, batch_size=11, learning_rate=1e5)).start()
    job.join(30)
    progress = job.progress()
    assert progress.status == "diverged"
    assert "Lower learning_rate" in progress.message
    assert np.isfinite(progress.model.weights).all()


def test_an_exception_is_told_and_logged(
    images: np.ndarray, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Trainer) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Trainer, "step", broken)
    job = Job(images, CONFIG).start()
    job.join(30)
    assert job.progress().status == "failed"
    assert job.progress().message == "training failed: OSError: no space left"
    assert "Traceback" in caplog.text
