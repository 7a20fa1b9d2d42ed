"""The store: what was written comes back, whatever happens to the disk, the file or the other process."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rbm
from rbm import files
from rbm.errors import BadCheckpoint, NoSuchRun, NotSaved, Refused
from rbm.runs import opening
from rbm.runs.database import Database
from rbm.runs.limits import Limits
from rbm.runs.opening import READERS
from rbm.runs.progress import Point
from rbm.runs.record import Run, fingerprint, from_row, row
from rbm.runs.store import UNDO_SECONDS, Store
from rbm.visitors import clean_name, owner_hash
from tests import brute
from tests.patience import SECONDS

CONFIG = rbm.TrainConfig(n_hidden=7, epochs=3, batch_size=11)
ANN, BOB = owner_hash("ann"), owner_hash("bob")
MODEL = brute.tiny(13, 7, seed=1)
IMAGES = (np.random.default_rng(0).random((53, 13)) < 0.4).astype(np.float32)


def make(**changes: object) -> Run:
    return replace(Run("First", ANN, "tiny", "f" * 64, CONFIG, created=time.time()), **changes)  # type: ignore[arg-type]


def done(store: Store, **changes: object) -> Run:
    run = make(status="finished", epoch=3, **changes)
    assert store.keep(run, model=MODEL)
    return run


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path) as store:
        yield store


def reports() -> list[rbm.Report]:
    return list(rbm.train(IMAGES, CONFIG))


# ---- there and back


def test_a_run_comes_back_as_it_was(store: Store) -> None:
    run = make(
        config=replace(CONFIG, algorithm="pcd", final_gibbs_steps=3),
        measures=("dead_units",),
        n_classes=10,
        message="½",
        training_error=0.1 + 0.2,
        pinned=True,
        imported=True,
        holder=store.holder,
    )
    store.keep(run)
    assert store.get(run.id) == run
    assert from_row(row(run)) == run


def test_ids_cannot_be_guessed() -> None:
    ids = {make().id for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(run_id) >= 22 for run_id in ids)


def test_the_owners_key_is_not_in_the_store(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.keep(make(owner=owner_hash("a very secret key"), status="finished"), model=MODEL)
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"a very secret key" not in path.read_bytes()
    with pytest.raises(ValueError, match="a key"):
        owner_hash("")


def test_the_curve_comes_back_and_repeated_epochs_replace(store: Store) -> None:
    run = make()
    store.keep(run, [Point(e, 1.0 * e, None, 0.5, {"dead_units": 3.0}) for e in range(5)])
    store.keep(run, [Point(4, 40.0, 2.0, 0.6), Point(5, 50.0, 2.0, 0.7)])
    assert [point.epoch for point in store.all_points(run.id)] == [0, 1, 2, 3, 4, 5]
    assert store.all_points(run.id)[4] == Point(4, 40.0, 2.0, 0.6)
    assert store.all_points(run.id)[3].measures == {"dead_units": 3.0}
    assert [point.epoch for point in store.points(run.id, up_to=2)] == [0, 1, 2]


def test_a_checkpoint_goes_on_bit_for_bit(store: Store) -> None:
    run = make(holder=store.holder, status="running")
    first, *_, last = reports()
    store.keep(run, state=first.state)
    *_, resumed = rbm.train(IMAGES, CONFIG, state=store.checkpoint(run))
    np.testing.assert_array_equal(resumed.model.weights, last.model.weights)
    np.testing.assert_array_equal(store.model(run).weights, first.model.weights)
    store.keep(replace(run, status="finished"), model=last.model)
    assert store.checkpoint(run) is None, "a finished run needs none"
    np.testing.assert_array_equal(store.model(replace(run, status="finished")).weights, last.model.weights)


@pytest.mark.parametrize("kind", ["LabelRBM", "GaussianRBM"])
def test_the_model_of_a_checkpoint_is_of_its_kind(store: Store, kind: str) -> None:
    label = kind == "LabelRBM"
    config = CONFIG if label else replace(CONFIG, visible="gaussian", learning_rate=0.01)
    images = IMAGES if label else rbm.Standard.of(IMAGES).apply(IMAGES)
    labels = np.arange(53) % 3 if label else None
    *_, report = rbm.train(images, config, labels=labels)
    run = make(config=config, n_classes=3 if label else 0, status="paused", holder=store.holder)
    store.keep(run, state=report.state)
    model = store.model(run)
    assert type(model).__name__ == kind
    np.testing.assert_array_equal(model.weights, report.model.weights)


def test_keeping_progress_leaves_what_the_owner_changed(store: Store) -> None:
    run = make(holder=store.holder)
    store.keep(run)
    store.change(run, "name", "Better")
    store.change(run, "pinned", True)
    store.keep(replace(run, status="running", epoch=2))
    kept = store.get(run.id)
    assert (kept.name, kept.pinned, kept.epoch, kept.status) == ("Better", True, 2, "running")
    store.add(run)
    assert store.get(run.id).epoch == 2, "its training was quicker to write"


@pytest.mark.parametrize(("given", "kept"), [("  a\n\tb ", "a b"), ("x" * 99, "x" * 60), ("Ω\x00\u202e2", "Ω 2")])
def test_names_are_one_clean_line(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_a_name_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one visible"):
        clean_name(" \n\x00")


def test_fingerprints_tell_data_apart() -> None:
    data = rbm.datasets.load("digits-8x8")
    other = replace(data, train_images=data.train_images[::-1])
    relabelled = replace(data, train_labels=data.train_labels[::-1])
    assert fingerprint(data) == fingerprint(replace(data, name="same"))
    assert fingerprint(data) == fingerprint(relabelled)
    assert len({fingerprint(data), fingerprint(other), fingerprint(data, True), fingerprint(relabelled, True)}) == 4


# ---- whose it is


def test_an_owner_sees_their_own_runs_the_newest_first(store: Store) -> None:
    a, b, c = (done(store, owner=owner, created=at) for owner, at in ((ANN, 1.0), (BOB, 2.0), (ANN, 3.0)))
    assert store.owned_by(ANN) == [c, a]
    assert store.owned_by(BOB) == [b]
    assert store.owned_by("ann") == []
    assert store.get(b.id) == b, "whoever has the link"


@pytest.mark.parametrize("run_id", ["", "%", "x' OR 1=1 --", "../models/x"])
def test_no_such_run(store: Store, run_id: str) -> None:
    done(store)
    with pytest.raises(NoSuchRun, match="its address is incomplete"):
        store.get(run_id)


def test_delete_and_undo(store: Store) -> None:
    run = done(store)
    store.change(run, "deleted", time.time())
    assert store.owned_by(ANN) == []
    with pytest.raises(NoSuchRun):
        store.get(run.id)
    with pytest.raises(NoSuchRun):
        store.undelete(BOB, run.id)
    store.undelete(ANN, run.id)
    assert store.get(run.id) == run
    with pytest.raises(NoSuchRun):
        store.undelete(ANN, run.id)


def test_the_deleted_are_purged_after_a_while(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        old, young = done(store, pinned=True), done(store)
        store.change(old, "deleted", time.time() - UNDO_SECONDS - 1)
        store.change(young, "deleted", time.time())
    with Store(tmp_path) as store:
        with pytest.raises(NoSuchRun):
            store.undelete(ANN, old.id)
        store.undelete(ANN, young.id)
    assert [path.stem for path in (tmp_path / "models").iterdir()] == [young.id]


def test_only_the_record_can_be_changed(store: Store) -> None:
    with pytest.raises(ValueError, match="no 'id = 1; --'"):
        store.change(done(store), "id = 1; --", 1)


# ---- the same training again


def test_the_same_training_is_recognised(store: Store) -> None:
    run = done(store)
    assert store.alike("f" * 64, CONFIG, 0) == [run]
    for other in (
        ("e" * 64, CONFIG, 0),
        ("f" * 64, replace(CONFIG, seed=1), 0),
        ("f" * 64, replace(CONFIG, learning_rate=0.1 + 1e-9), 0),
        ("f" * 64, CONFIG, 10),
    ):
        assert store.alike(*other) == []


@pytest.mark.parametrize(
    "changes",
    [{"imported": True}, {"versions": {"numpy": "1"}}, {"deleted": 1.0}, {"status": "stopped"}],
    ids=lambda c: next(iter(c)),
)
def test_what_is_not_surely_the_same_is_not_offered(store: Store, changes: dict[str, object]) -> None:
    store.keep(make(**{"status": "finished", **changes}), model=MODEL)
    assert store.alike("f" * 64, CONFIG, 0) == []


def test_a_run_without_its_model_is_not_offered(store: Store) -> None:
    store.keep(make(status="finished"))
    assert store.alike("f" * 64, CONFIG, 0) == []


# ---- room


def test_the_oldest_go_first_and_the_pinned_stay(tmp_path: Path) -> None:
    with Store(tmp_path, Limits(max_runs=3)) as store:
        pinned = done(store, created=1.0, pinned=True)
        under_way = make(created=2.0, status="running", holder=store.holder)
        store.keep(under_way)
        old, new = done(store, created=3.0), done(store, created=4.0)
        assert store.would_go() == [old, new]
        assert store.would_go(0) == [old]
        assert len(store.owned_by(ANN)) == 4, "to ask changes nothing"
        store.change(new, "deleted", 5.0)
        assert [run.id for run in store.would_go(0)] == [new.id], "what was deleted goes before"
        store.make_room()
        assert {run.id for run in store.owned_by(ANN)} == {pinned.id, under_way.id}
    assert [path.stem for path in (tmp_path / "models").iterdir()] == [pinned.id]


def test_megabytes_are_counted(tmp_path: Path) -> None:
    model = brute.tiny(1000, 300, seed=2)
    with Store(tmp_path, Limits(max_megabytes=3)) as store:
        kept = [make(created=float(i), status="finished") for i in range(4)]
        for run in kept:
            store.keep(run, model=model)
        size = store.size(kept[0])
        assert 2**20 < size < 1.2 * 2**20
        assert store.would_go() == kept[:2]
        store.make_room()
        assert store.owned_by(ANN) == kept[:1:-1]


# ---- processes

CHILD = """
import sys, time
from pathlib import Path
from rbm.runs.store import Store
from tests.runs.test_store import make
store = Store(Path(sys.argv[1]))
run = make(status="running", holder=store.holder, epoch=5)
store.keep(run)
print(run.id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def child(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        process.kill()


def test_another_process_that_lives_keeps_its_runs_and_a_killed_one_does_not(
    tmp_path: Path, child: subprocess.Popen[str]
) -> None:
    run_id = child.stdout.readline().strip()
    with Store(tmp_path) as store:
        assert store.get(run_id).status == "running"
        child.kill()
        child.wait()
        assert store.get(run_id).status == "interrupted"
        assert store.owned_by(ANN)[0].status == "interrupted"
        read = store.get(run_id)
        with Store(tmp_path) as other:
            assert store.claim(read)
            assert not other.claim(read), "one of two is too late"
            assert other.get(run_id).status == "waiting"
        assert store.get(run_id).status == "waiting"


def test_a_closed_store_leaves_its_runs_interrupted(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        run, paused = (make(status=status, holder=store.holder) for status in ("running", "paused"))
        for each in (run, paused):
            store.keep(each)
            assert store.get(each.id).status == each.status
    with Store(tmp_path) as store:
        assert store.get(run.id).status == "interrupted"
        assert store.get(paused.id).status == "paused", "it rested, and rests on"
        assert len(list((tmp_path / "processes").glob("*.lock"))) == 1, "the dead leave nothing behind"


def test_two_processes_write_at_the_same_time(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom rbm.runs.progress import Point\nfrom rbm.runs.store import Store\n"
        "from tests.runs.test_store import make, MODEL\n"
        "with Store(Path(sys.argv[1])) as store:\n"
        "    for i in range(20):\n"
        "        run = make(status='finished', name=f'{sys.argv[2]} {i}')\n"
        "        assert store.keep(run, [Point(e, 1.0, None) for e in range(50)], model=MODEL), store.trouble\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "abc"]
    assert [process.wait(SECONDS) for process in children] == [0, 0, 0]
    with Store(tmp_path) as store:
        found = store.owned_by(ANN)
        assert len(found) == 60
        assert all(len(store.all_points(run.id)) == 50 for run in found)


# ---- damage


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    with Store(tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / "runs.sqlite")
    connection.execute("PRAGMA user_version = 4")
    connection.close()
    before = (tmp_path / "runs.sqlite").read_bytes()
    with pytest.raises(Refused, match=r"schema 4, this one knows 3.*RBM_HOME"):
        Store(tmp_path)
    assert (tmp_path / "runs.sqlite").read_bytes() == before


@pytest.mark.parametrize("damage", ["noise", "head", "cut", "page"])
def test_a_damaged_list_is_set_aside_and_models_are_taken_over(tmp_path: Path, damage: str) -> None:
    with Store(tmp_path) as store:
        finished = done(store, name="Kept")
        stopped = make(status="stopped", name="Also kept")
        store.keep(stopped, state=reports()[0].state)
        for i in range(200):
            store.keep(make(name=f"{i}"), [Point(e, 1.0, None) for e in range(20)])
    path = tmp_path / "runs.sqlite"
    data = path.read_bytes()
    rng = np.random.default_rng(3)
    path.write_bytes(
        {
            "noise": rng.bytes(5000),
            "head": b"\0" * 100 + data[100:],
            "cut": data[: len(data) // 2],
            "page": data[:8192] + rng.bytes(40_000) + data[48_192:],
        }[damage]
    )
    with Store(tmp_path) as store:
        assert "was damaged" in store.notice
        assert "set aside as runs.sqlite.damaged-" in store.notice
        assert store.trouble is None
        assert {run.name for run in store.owned_by(ANN)} == {"Kept", "Also kept"}
        assert store.get(finished.id) == finished
        np.testing.assert_array_equal(store.model(finished).weights, MODEL.weights)
        assert store.checkpoint(stopped).epoch == 1
        assert store.keep(make())
    assert len(list(tmp_path.glob("runs.sqlite.damaged-*"))) == 1
    with Store(tmp_path) as store:
        assert store.notice is None


def test_a_list_damaged_while_open_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    reader = type("Reader", (), {"execute": broken})()
    ledger = Database(store._database.writer, [reader])
    with pytest.raises(Refused, match=r"malformed.*restart the server"):
        ledger.find()


def test_one_reads_while_others_do(store: Store) -> None:
    """As many as there are connections, beside a writer."""
    run = done(store)
    with ExitStack() as stack:
        for _ in range(READERS - 1):
            stack.enter_context(store._database._reading()).execute("SELECT * FROM runs").fetchone()
        stack.enter_context(store._database._write())
        assert store.get(run.id) == run


@pytest.mark.parametrize("length", [0, 10, 0.5, -1])
def test_a_truncated_checkpoint_is_told_and_the_rest_is_usable(store: Store, tmp_path: Path, length: float) -> None:
    hurt, whole = (make(status="paused", holder=store.holder) for _ in range(2))
    state = reports()[0].state
    for run in (hurt, whole):
        store.keep(run, state=state)
    path = tmp_path / "checkpoints" / f"{hurt.id}.npz"
    data = path.read_bytes()
    path.write_bytes(data[: int(length * len(data)) if isinstance(length, float) else length])
    with pytest.raises(BadCheckpoint, match="it is damaged"):
        store.checkpoint(hurt)
    assert store.checkpoint(whole).epoch == 1
    assert len(store.owned_by(ANN)) == 2


def test_a_flipped_bit_is_noticed(store: Store, tmp_path: Path) -> None:
    run = make(status="paused", holder=store.holder)
    store.keep(run, state=reports()[0].state)
    path = tmp_path / "checkpoints" / f"{run.id}.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadCheckpoint):
        store.checkpoint(run)


def test_a_file_that_is_nobodys_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "models").mkdir()
    rbm.save(tmp_path / "models" / "mine.npz", MODEL)
    (tmp_path / "models" / "noise.npz").write_bytes(b"noise")
    with Store(tmp_path) as store:
        assert store.owned_by(ANN) == []
    assert "belongs to no run" in caplog.text
    assert len(list((tmp_path / "models").iterdir())) == 2


# ---- disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB. Needs the right to mount one."""
    where = tmp_path / "disk"
    where.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", where], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"needs the right to mount a small disk: {mount.stderr.strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", where], check=True)


def remount(where: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", where], check=True)


def fill(where: Path) -> Path:
    ballast = where / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return ballast
    raise AssertionError


def test_a_full_disk_is_told_and_its_end_too(small_disk: Path) -> None:
    with Store(small_disk) as store:
        before = done(store)
        ballast = fill(small_disk)
        run = make(status="running", holder=store.holder)
        points = [Point(e, 1.0, None) for e in range(5000)]
        assert not store.keep(run, points, state=reports()[0].state)
        assert "the disk is full. Training goes on in memory" in store.trouble
        with pytest.raises(NoSuchRun):
            store.get(run.id)
        assert store.get(before.id) == before
        np.testing.assert_array_equal(store.model(before).weights, MODEL.weights)
        ballast.unlink()
        assert store.keep(run, points, state=reports()[0].state)
        assert store.trouble is None
        assert len(store.all_points(run.id)) == 5000
    assert not list(small_disk.rglob("*.partial"))


def test_a_disk_that_is_full_from_the_start(small_disk: Path) -> None:
    fill(small_disk)
    with Store(small_disk / "home") as store:
        assert "the disk is full" in store.trouble
        run = make(status="running", holder=store.holder)
        assert not store.keep(run, state=reports()[0].state)


def test_a_read_only_disk(small_disk: Path) -> None:
    with Store(small_disk) as store:
        before = done(store)
    remount(small_disk, "ro")
    with Store(small_disk) as store:
        assert "Nothing is being saved" in store.trouble
        assert store.owned_by(ANN) == [before]
        np.testing.assert_array_equal(store.model(before).weights, MODEL.weights)
        assert not store.keep(make(), [Point(0, 1.0, None)])
        assert store.claim(before)
        with pytest.raises(NotSaved, match="Nothing is being saved"):
            store.change(before, "name", "Other")
        assert store.would_go() == []
        store.make_room()
    remount(small_disk, "rw")
    with Store(small_disk) as store:
        assert store.trouble is None


def test_a_folder_that_cannot_be_made(small_disk: Path) -> None:
    remount(small_disk, "ro")
    with Store(small_disk / "new") as store:
        assert "Nothing is being saved" in store.trouble
        run = make()
        assert not store.keep(run, [Point(0, 1.0, None)])
        assert "Nothing is being saved" in store.trouble, "records in memory are not saved"
        assert not store.keep(run, state=reports()[0].state)


def test_disk_errors_in_words(tmp_path: Path) -> None:
    assert "the folder can't be written to" in opening.explain(tmp_path, PermissionError(13, "Permission denied"))
    assert "the folder is read-only" in opening.explain(tmp_path, OSError(30, "Read-only file system"))
    assert "the disk is full" in opening.explain(tmp_path, OSError(28, "No space left on device"))
    assert "Input/output error" in opening.explain(tmp_path, OSError(5, "Input/output error"))


def test_a_disk_that_fails_between_two_lines(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever write fails, what was there before is whole."""
    run = make(holder=store.holder, status="running")
    first, second, _ = reports()
    store.keep(run, [Point(1, 1.0, None)], state=first.state)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", full)
        assert not store.keep(replace(run, epoch=2), [Point(2, 1.0, None)], state=second.state)
        assert not store.keep(replace(run, status="finished"), model=MODEL)
    assert store.checkpoint(run).epoch == 1
    assert store.get(run.id).status == "running", "no status without its model"
    assert [point.epoch for point in store.all_points(run.id)] == [1, 2], "never behind the checkpoint"


def test_files_that_others_took_away(store: Store, tmp_path: Path) -> None:
    run = done(store)
    os.unlink(tmp_path / "models" / f"{run.id}.npz")
    assert store.model(run) is None
    assert store.size(run) == 0


def test_sizes_follow_what_is_written_here_and_by_others(store: Store, tmp_path: Path) -> None:
    ours, theirs = make(status="paused", holder=store.holder), make(status="paused", holder="another process")
    for run in (ours, theirs):
        store.keep(run, state=reports()[0].state)
    before, other = store.size(ours), store.size(theirs)
    assert before == (tmp_path / "checkpoints" / f"{ours.id}.npz").stat().st_size
    with (tmp_path / "checkpoints" / f"{theirs.id}.npz").open("ab") as file:
        file.write(b"more")
    assert store.size(theirs) == other + 4
    store.keep(replace(ours, status="stopped"), model=MODEL)
    assert store.size(ours) > before
    store.remove([ours])
    assert store.size(ours) == 0


def test_closing_waits_for_what_is_being_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    closing = threading.Thread(target=store.close)
    with store._database._write() as db:
        closing.start()
        closing.join(0.2)
        assert closing.is_alive()
        db.execute("DELETE FROM runs")
    closing.join(SECONDS)
    assert not closing.is_alive()
    assert not store.keep(make())
