"""The lab as the pages use it: start, look, pause, resume, find again, by whom, and after a restart."""

from __future__ import annotations

import io
import json
import sqlite3
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rbm
from rbm.datasets.dataset import Dataset
from rbm.datasets.own import OwnSets
from rbm.errors import BadValue, Busy, NoSuchRun, NotYours, Refused, Unavailable
from rbm.runs.lab import Lab, default_home
from rbm.runs.limits import Limits
from rbm.runs.record import configuration
from rbm.runs.store import Store
from rbm.training.state import TrainState
from rbm.training.trainer import Trainer
from rbm.visitors import owner_hash
from tests.patience import SECONDS
from tests.runs.test_job import Gate, gate

__all__ = ["gate"]

CONFIG = rbm.TrainConfig(n_hidden=7, epochs=5, batch_size=11)
LONG = replace(CONFIG, epochs=100_000)
LIMITS = Limits(max_epochs=100_000, workers=2)
RNG = np.random.default_rng(0)
TINY = Dataset(
    "tiny",
    RNG.integers(0, 256, (53, 13), dtype=np.uint8),
    np.arange(53) % 3,
    RNG.integers(0, 256, (17, 13), dtype=np.uint8),
    np.arange(17) % 3,
    (1, 13),
)


def load(name: str) -> Dataset:
    if name != "tiny":
        raise ValueError(f"unknown data set {name!r}")
    return TINY


def open_lab(home: Path, limits: Limits = LIMITS, **options: object) -> Lab:
    return Lab(home, limits, load=load, **options)  # type: ignore[arg-type]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = open_lab(tmp_path)
    yield lab
    lab.close()


def wait(lab: Lab, run_id: str) -> None:
    job = lab.job(run_id)
    if job is not None:
        assert job.join(SECONDS)


def until(lab: Lab, run_id: str, status: str) -> None:
    for _ in range(SECONDS * 200):
        job = lab.job(run_id)
        if lab.run(run_id).status == status and (job is None or not job.moving):
            return
        time.sleep(0.005)
    raise AssertionError(lab.run(run_id))


def finish(lab: Lab, owner: str = "ann", config: rbm.TrainConfig = CONFIG, name: str = "First") -> str:
    run_id = lab.start(owner, "tiny", config, name)
    wait(lab, run_id)
    return run_id


def expected(config: rbm.TrainConfig = CONFIG, **options: object) -> rbm.Report:
    *_, report = rbm.train(TINY.train_images, config, validation=TINY.test_images, **options)  # type: ignore[arg-type]
    return report


# ---- a run from start to end


def test_a_run_is_trained_kept_and_found_again(tmp_path: Path) -> None:
    lab = open_lab(tmp_path)
    run_id = finish(lab)
    report = expected()
    for again in (lab, open_lab(tmp_path)):
        run, progress = again.run(run_id), again.progress(run_id)
        assert again.job(run_id) is None
        assert (run.status, run.epoch, run.name, run.data) == ("finished", 5, "First", "tiny")
        assert (run.validation_error, run.training_error) == (report.validation_error, report.reconstruction_error)
        np.testing.assert_array_equal(progress.model.weights, report.model.weights)
        assert (progress.status, progress.fraction, progress.seconds_left) == ("finished", 1.0, 0.0)
        assert [point.epoch for point in progress.history] == [0, 1, 2, 3, 4, 5]
        assert again.points(run_id) == list(progress.history)
        assert again.runs("ann") == [run]
        again.close()


def test_labels_and_measures(lab: Lab) -> None:
    with_labels = lab.start("ann", "tiny", CONFIG, "Labels", labels=True)
    measured = lab.start("ann", "tiny", CONFIG, "Measured", measures=("dead_units",))
    for run_id in (with_labels, measured):
        wait(lab, run_id)
    report = expected(labels=TINY.train_labels, validation_labels=TINY.test_labels)
    np.testing.assert_array_equal(lab.progress(with_labels).model.weights, report.model.weights)
    assert lab.progress(with_labels).model.n_classes == 3
    assert "dead_units" in lab.progress(measured).history[-1].measures


def test_a_hybrid_is_trained_and_what_it_misreads_is_told(lab: Lab) -> None:
    config = replace(CONFIG, discriminative=0.5)
    run_id = lab.start("ann", "tiny", config, "Hybrid", labels=True, measures=("misread",))
    wait(lab, run_id)
    *_, report = rbm.train(
        TINY.train_images, config, labels=TINY.train_labels, validation=TINY.test_images,
        validation_labels=TINY.test_labels,
    )  # fmt: skip
    progress = lab.progress(run_id)
    np.testing.assert_array_equal(progress.model.weights, report.model.weights)
    wrong = (report.model.classify(TINY.test_images) != TINY.test_labels).mean()
    assert progress.history[-1].measures["misread"] == pytest.approx(wrong)


def test_runs_kept_before_there_were_hybrids_are_read_and_found_alike(lab: Lab) -> None:
    """Their settings were written without the share; new ones that have none are written so too."""
    old, new = (json.loads(configuration(replace(CONFIG, discriminative=share))) for share in (0.0, 0.5))
    assert "discriminative" not in old
    assert new == {**old, "discriminative": 0.5}
    assert rbm.TrainConfig(**old) == CONFIG
    run_id = lab.start("ann", "tiny", CONFIG, "First", labels=True)
    wait(lab, run_id)
    assert lab.finished("ann", "tiny", CONFIG, labels=True)
    assert lab.finished("ann", "tiny", replace(CONFIG, discriminative=0.5), labels=True) is None


def test_what_is_refused_at_the_start(lab: Lab) -> None:
    for config, name, options, why in (
        (replace(CONFIG, n_hidden=4001), "x", {}, "at most 4,000 hidden units"),
        (CONFIG, " ", {}, "visible character"),
        (CONFIG, "x", {"measures": ("beauty",)}, "unknown monitor 'beauty'"),
        (CONFIG, "x", {"measures": ("dead_units",), "labels": True}, "without labels"),
        (replace(CONFIG, visible="gaussian"), "x", {"measures": ("dead_units",)}, "binary pixels"),
        (CONFIG, "x", {"measures": ("misread",)}, "'misread' needs classes to read"),
        (replace(CONFIG, discriminative=0.5), "x", {}, "there are none to learn here; give labels, or use 0"),
        (replace(CONFIG, algorithm="autoencoder"), "x", {"labels": True}, "learns images without classes"),
    ):
        with pytest.raises(BadValue, match=why):
            lab.start("ann", "tiny", config, name, **options)
    with pytest.raises(ValueError, match="unknown data"):
        lab.start("ann", "huge", CONFIG, "x")
    with pytest.raises(ValueError, match="a key"):
        lab.start("", "tiny", CONFIG, "x")
    lab.limits = Limits(max_images=52)
    with pytest.raises(BadValue, match="at most 52 training images"):
        lab.start("ann", "tiny", CONFIG, "x")
    assert lab.runs("ann") == []


def test_one_owner_cannot_take_every_place(lab: Lab) -> None:
    started = [lab.start("ann", "tiny", LONG, f"{i}") for i in range(4)]
    with pytest.raises(Busy, match="you have 4 unfinished trainings, and RBM_MAX_ACTIVE"):
        lab.start("ann", "tiny", LONG, "one more")
    started_by_bob = lab.start("bob", "tiny", LONG, "mine")
    assert lab.progress(started_by_bob).place == 1, "who asks for less goes first"
    lab.stop("bob", started_by_bob)
    for run_id in started:
        lab.stop("ann", run_id)
        wait(lab, run_id)


def test_a_full_queue_leaves_no_run_behind(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, workers=1, max_waiting=1))
    lab.start("ann", "tiny", LONG, "a")
    lab.start("ann", "tiny", LONG, "b")
    with pytest.raises(Busy, match="1 trainings already wait"):
        lab.start("ann", "tiny", LONG, "c")
    assert len(lab.runs("ann")) == 2
    lab.close()


def test_divergence_is_kept(lab: Lab) -> None:
    run_id = finish(lab, config=replace(CONFIG, learning_rate=1e5, epochs=50))
    progress = lab.progress(run_id)
    assert progress.status == lab.run(run_id).status == "diverged"
    assert "Lower learning_rate" in progress.message
    assert np.isfinite(progress.model.weights).all()
    assert [point.epoch for point in progress.history] == [0, 1], "the error that it led to stays in the curve"
    with pytest.raises(Refused, match="nothing to resume"):
        lab.resume("ann", run_id)


# ---- pause, stop, resume


def test_pause_resume_stop_and_resume_again(lab: Lab, gate: Gate) -> None:
    run_id = lab.start("ann", "tiny", CONFIG, "x")
    gate.permits.release(6)
    for _ in range(7):
        gate.arrived()
    lab.pause("ann", run_id)
    gate.permits.release()
    until(lab, run_id, "paused")
    with Store(lab.store.home) as other:
        assert other.get(run_id).status == "paused"
        assert other.checkpoint(other.get(run_id)).batch == 2
    lab.step("ann", run_id)
    gate.permits.release()
    until(lab, run_id, "paused")
    assert lab.progress(run_id).fraction == pytest.approx(8 / 25)
    lab.stop("ann", run_id)
    wait(lab, run_id)
    assert lab.run(run_id).status == "stopped"
    assert lab.job(run_id) is None
    lab.resume("ann", run_id)
    gate.open()
    wait(lab, run_id)
    assert lab.run(run_id).status == "finished"
    gate.open()
    np.testing.assert_array_equal(lab.progress(run_id).model.weights, expected().model.weights)
    assert [point.epoch for point in lab.points(run_id)] == [0, 1, 2, 3, 4, 5]


def test_after_a_restart_runs_are_interrupted_and_go_on(tmp_path: Path, gate: Gate) -> None:
    lab = open_lab(tmp_path)
    run_id = lab.start("ann", "tiny", CONFIG, "x")
    waiting = lab.start("ann", "tiny", CONFIG, "never begun")
    gate.permits.release(8)
    for _ in range(8):
        gate.arrived()
    closing = threading.Thread(target=lab.close)
    closing.start()
    gate.open()
    closing.join(SECONDS)
    lab = open_lab(tmp_path)
    assert [run.status for run in lab.runs("ann")] in (["interrupted"] * 2, ["interrupted", "finished"])
    assert "Resume goes on from epoch" in lab.progress(run_id).message or lab.run(run_id).status == "finished"
    for each in (run_id, waiting):
        if lab.run(each).status == "interrupted":
            lab.resume("ann", each)
        wait(lab, each)
        np.testing.assert_array_equal(lab.progress(each).model.weights, expected().model.weights)
        assert [point.epoch for point in lab.points(each)] == [0, 1, 2, 3, 4, 5]
    lab.close()


def interrupted(tmp_path: Path) -> str:
    """A run that was killed in its third epoch."""
    lab = open_lab(tmp_path)
    run_id = lab.start("ann", "tiny", LONG, "x")
    while lab.progress(run_id).epoch < 3:
        time.sleep(0.001)
    lab.close()
    return run_id


def test_a_damaged_checkpoint_is_told_and_resume_begins_again(tmp_path: Path) -> None:
    run_id = interrupted(tmp_path)
    path = tmp_path / "checkpoints" / f"{run_id}.npz"
    path.write_bytes(path.read_bytes()[:-100])
    lab = open_lab(tmp_path)
    progress = lab.progress(run_id)
    assert progress.model is None
    assert "checkpoint of this run can't be used: it is damaged" in progress.message
    assert "from the beginning, which leads to the same weights" in progress.message
    lab.resume("ann", run_id)
    lab.stop("ann", run_id)
    wait(lab, run_id)
    assert lab.run(run_id).status == "stopped"
    lab.close()


def test_an_interrupted_run_can_be_stopped_for_good(tmp_path: Path) -> None:
    run_id = interrupted(tmp_path)
    lab = open_lab(tmp_path)
    lab.stop("ann", run_id)
    assert lab.run(run_id).status == "stopped"
    assert lab.progress(run_id).model is not None
    lab.close()


def test_data_that_have_changed(tmp_path: Path) -> None:
    run_id = interrupted(tmp_path)
    other = replace(TINY, train_images=TINY.train_images[::-1])
    lab = Lab(tmp_path, LIMITS, load=lambda name: other)
    with pytest.raises(Refused, match="not the ones that this run began with"):
        lab.resume("ann", run_id)
    lab.close()


def test_a_queue_that_is_full_at_resume(tmp_path: Path) -> None:
    run_id = interrupted(tmp_path)
    lab = open_lab(tmp_path, replace(LIMITS, workers=1, max_waiting=1))
    others = [(owner, lab.start(owner, "tiny", LONG, "x")) for owner in ("bob", "bob", "ann")]
    with pytest.raises(Busy):
        lab.resume("ann", run_id)
    assert lab.run(run_id).status == "interrupted"
    for owner, other in others:
        lab.stop(owner, other)
        wait(lab, other)
    lab.resume("ann", run_id)
    assert lab.run(run_id).status in ("waiting", "running")
    lab.close()


def test_two_servers_on_one_store(tmp_path: Path) -> None:
    a, b = open_lab(tmp_path), open_lab(tmp_path)
    run_id = a.start("ann", "tiny", LONG, "x")
    while b.run(run_id).status != "running":
        time.sleep(0.001)
    assert b.runs("ann")[0].id == run_id
    for action in (b.pause, b.resume, b.step, b.stop):
        with pytest.raises(Refused, match="another process"):
            action("ann", run_id)
    a.close()
    assert b.run(run_id).status == "interrupted"
    b.resume("ann", run_id)
    assert b.run(run_id).status in ("waiting", "running")
    b.close()


# ---- whose


def test_only_the_owner_changes_anything(lab: Lab) -> None:
    running, over = lab.start("ann", "tiny", LONG, "x"), finish(lab)
    for run_id in (running, over):
        for action in (lab.pause, lab.resume, lab.step, lab.stop, lab.pin, lab.delete):
            with pytest.raises(NotYours, match="only the browser that started this run"):
                action("bob", run_id)
        with pytest.raises(NotYours):
            lab.rename("bob", run_id, "mine")
        with pytest.raises(NoSuchRun):
            lab.undelete("bob", run_id)
        assert lab.run(run_id).name in ("x", "First")
        assert lab.progress(run_id).history is not None
    assert lab.runs("bob") == []
    assert len(lab.export(over)) > 1000, "to read needs the id alone"


def test_rename_and_pin_while_it_trains(lab: Lab) -> None:
    run_id = lab.start("ann", "tiny", LONG, "x")
    lab.rename("ann", run_id, " Better \n name ")
    lab.pin("ann", run_id)
    assert lab.runs("ann")[0].name == "Better name"
    lab.stop("ann", run_id)
    wait(lab, run_id)
    run = lab.run(run_id)
    assert (run.name, run.pinned, run.status) == ("Better name", True, "stopped")


def test_pins_are_bounded(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, max_pinned=1))
    first, second = finish(lab), finish(lab, config=replace(CONFIG, seed=1))
    lab.pin("ann", first)
    lab.pin("ann", first)
    with pytest.raises(Refused, match="RBM_MAX_PINNED"):
        lab.pin("ann", second)
    lab.pin("ann", first, False)
    lab.pin("ann", second)
    lab.close()


def test_delete_stops_and_undo_brings_back(lab: Lab) -> None:
    run_id = lab.start("ann", "tiny", LONG, "x")
    while lab.progress(run_id).model is None:
        time.sleep(0.001)
    job = lab.job(run_id)
    lab.delete("ann", run_id)
    assert lab.runs("ann") == []
    with pytest.raises(NoSuchRun):
        lab.progress(run_id)
    assert job.join(SECONDS)
    assert lab.runs("ann") == []
    lab.undelete("ann", run_id)
    assert lab.run(run_id).status == "stopped"


def test_all_runs_in_one_zip_and_back(lab: Lab) -> None:
    runs = [finish(lab, config=replace(CONFIG, seed=seed), name=f"{seed}") for seed in range(3)]
    finish(lab, "bob", name="Bob's")
    with zipfile.ZipFile(io.BytesIO(lab.export_all("ann"))) as packed:
        assert [name[8:14] for name in packed.namelist()] == [run_id[:6] for run_id in reversed(runs)]
        for name, run_id in zip(packed.namelist(), reversed(runs), strict=True):
            again = lab.import_run("cy", io.BytesIO(packed.read(name)))
            assert lab.points(again) == lab.points(run_id)
    one = len(lab.export(runs[2])) + len(lab.export(runs[1]))
    with zipfile.ZipFile(io.BytesIO(lab.export_all("ann", one))) as packed:
        assert len(packed.namelist()) == 2, "the newest that fit"


# ---- the same again


def test_the_same_training_is_offered_and_copied_without_a_trace(lab: Lab) -> None:
    assert lab.finished("ann", "tiny", CONFIG) is None
    with pytest.raises(Refused, match="not here any more"):
        lab.adopt("ann", "tiny", CONFIG, "x")
    run_id = finish(lab, name="Ann's secret name")
    mine, theirs = lab.finished("ann", "tiny", CONFIG), lab.finished("bob", "tiny", CONFIG)
    assert mine.run_id == run_id
    assert theirs == replace(mine, run_id=None)
    assert mine.epochs == 5
    assert lab.adopt("ann", "tiny", CONFIG, "x") == run_id
    copy = lab.adopt("bob", "tiny", CONFIG, "Bob's")
    assert copy != run_id
    run = lab.run(copy)
    assert (run.owner, run.name, run.status) == (owner_hash("bob"), "Bob's", "finished")
    np.testing.assert_array_equal(lab.progress(copy).model.weights, expected().model.weights)
    assert lab.points(copy) == lab.points(run_id)
    everything = (lab.store.home / "models" / f"{copy}.npz").read_bytes() + lab.export(copy)
    assert not any(secret.encode() in everything for secret in (run_id, "secret name", owner_hash("ann")))
    assert lab.finished("bob", "tiny", CONFIG).run_id == copy
    for other in ((replace(CONFIG, seed=9), False), (CONFIG, True)):
        assert lab.finished("ann", "tiny", other[0], labels=other[1]) is None


def test_an_import_is_nobodys_shortcut(lab: Lab) -> None:
    """Else anybody could pass a model of their own off as what others would have trained."""
    run_id = finish(lab)
    file = lab.export(run_id)
    lab.delete("ann", run_id)
    imported = lab.import_run("eve", io.BytesIO(file))
    run = lab.run(imported)
    assert (run.status, run.imported, run.owner) == ("finished", True, owner_hash("eve"))
    np.testing.assert_array_equal(lab.progress(imported).model.weights, expected().model.weights)
    assert [point.epoch for point in lab.points(imported)] == [0, 1, 2, 3, 4, 5]
    assert lab.finished("bob", "tiny", CONFIG) is None
    assert lab.finished("eve", "tiny", CONFIG) is None
    with pytest.raises(ValueError, match="archive is damaged"):
        lab.import_run("eve", io.BytesIO(b"noise"))


def test_an_imported_run_cannot_go_on(lab: Lab) -> None:
    run_id = lab.start("ann", "tiny", LONG, "x")
    while lab.progress(run_id).epoch < 1:
        time.sleep(0.001)
    file = lab.export(run_id)
    lab.stop("ann", run_id)
    with pytest.raises(Refused, match="brings no checkpoint"):
        lab.resume("ann", lab.import_run("ann", io.BytesIO(file)))


# ---- room


def test_what_goes_is_said_before(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, max_runs=2))
    first = finish(lab, "ann")
    assert lab.would_go("ann") == []
    second = finish(lab, "bob", replace(CONFIG, seed=1))
    assert [run.id for run in lab.would_go("ann")] == [first]
    assert lab.would_go("bob") == []
    third = finish(lab, "bob", replace(CONFIG, seed=2))
    assert lab.runs("ann") == []
    assert [run.id for run in lab.runs("bob")] == [third, second]
    lab.close()


def test_what_is_paused_fills_no_memory_and_outlives_a_restart(tmp_path: Path) -> None:
    lab = open_lab(tmp_path)
    paused = []
    for _ in range(6):
        paused.append(lab.start("ann", "tiny", LONG, "x"))
        while not lab.progress(paused[-1]).fraction:
            time.sleep(0.001)
        lab.pause("ann", paused[-1])
        until(lab, paused[-1], "paused")
    assert [lab.job(run_id) for run_id in paused] == [None] * 6
    lab.step("ann", paused[0])
    lab.close()
    lab = open_lab(tmp_path)
    assert {lab.run(run_id).status for run_id in paused[1:]} == {"paused"}
    lab.resume("ann", paused[1])
    assert lab.run(paused[1]).status in ("waiting", "running")
    lab.stop("ann", paused[2])
    assert lab.run(paused[2]).status == "stopped"
    assert lab.progress(paused[2]).model is not None
    lab.close()


# ---- a disk that takes nothing


def test_without_a_disk_all_goes_on_in_memory(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with monkeypatch.context() as patch:
        for name in ("put", "add", "change", "remove"):
            patch.setattr(f"rbm.runs.database.Database.{name}", full)
        run_id = finish(lab)
        assert lab.trouble is not None
        assert "the disk is full. Training goes on in memory" in lab.trouble
        progress = lab.progress(run_id)
        assert progress.status == "finished"
        np.testing.assert_array_equal(progress.model.weights, expected().model.weights)
        assert [run.id for run in lab.runs("ann")] == [run_id]
        assert len(lab.points(run_id)) == 6
        assert len(lab.export(run_id)) > 1000
    after = finish(lab)
    assert lab.trouble is None
    assert {run.id for run in lab.runs("ann")} == {run_id, after}
    assert {run.id for run in lab.store.owned_by(owner_hash("ann"))} == {run_id, after}, "what was not saved is now"
    np.testing.assert_array_equal(lab.store.model(lab.run(run_id)).weights, expected().model.weights)


def test_a_slow_disk_gets_less_to_do(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeping takes two seconds and a mini-batch one: a checkpoint comes after 40, not after three."""
    now, kept = [0.0], []
    monkeypatch.setattr("rbm.runs.job.time.monotonic", lambda: now[0])
    keep, step = lab.store.keep, Trainer.step

    def slow(*args: object, state: TrainState | None = None, **options: object) -> bool:
        if state is not None:
            now[0] += 2.0
            kept.append(now[0])
        return keep(*args, state=state, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(lab.store, "keep", slow)
    monkeypatch.setattr(Trainer, "step", lambda self: (now.append(now.pop() + 1.0), step(self))[1])
    finish(lab, config=replace(CONFIG, epochs=30))
    assert kept == [5.0, 47.0, 89.0, 131.0]


# ---- where


def test_a_page_looks_while_a_start_holds_the_lab(lab: Lab) -> None:
    run_id = lab.start("ann", "tiny", LONG, "x")
    seen: list[str] = []

    def look() -> None:
        seen.append(lab.progress(run_id).status)
        seen.append(lab.runs("ann")[0].id)

    with lab._lock:
        page = threading.Thread(target=look)
        page.start()
        page.join(SECONDS)
        assert seen[1:] == [run_id]
    lab.stop("ann", run_id)
    wait(lab, run_id)


def test_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RBM_HOME", str(tmp_path / "x"))
    assert default_home() == tmp_path / "x"
    monkeypatch.setenv("RBM_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_home().name == "rbm-lab"


# ---- images that somebody brought


def test_a_run_on_images_that_were_brought_outlives_a_restart_and_their_deletion(tmp_path: Path) -> None:
    data = OwnSets(tmp_path).keep("ann", TINY, "mine.npz")[0].name
    lab = Lab(tmp_path, LIMITS, load=OwnSets(tmp_path).load)
    run_id = lab.start("ann", data, LONG, "Mine")
    while lab.progress(run_id).epoch == 0:
        time.sleep(0.005)
    lab.close()
    lab = Lab(tmp_path, LIMITS, load=OwnSets(tmp_path).load)
    lab.resume("ann", run_id)
    lab.stop("ann", run_id)
    wait(lab, run_id)
    assert lab.run(run_id).status == "stopped"
    lab.close()
    OwnSets(tmp_path).delete("ann", data)
    lab = Lab(tmp_path, LIMITS, load=OwnSets(tmp_path).load)
    assert lab.progress(run_id).model is not None
    with pytest.raises(Unavailable, match="are not on this server"):
        lab.resume("ann", run_id)
    lab.close()


def test_brought_images_are_not_taken_for_lost_runs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    OwnSets(tmp_path).keep("ann", TINY, "mine.npz")
    Store(tmp_path).close()
    assert not caplog.records
