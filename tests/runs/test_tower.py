"""Layer upon layer in the lab: the very net of rbm.train_deep, through pauses, kills and restarts."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rbm
from rbm.datasets.dataset import Dataset
from rbm.errors import BadValue, Busy, NoSuchRun, NotYours, Refused
from rbm.measures import diagnostics
from rbm.runs import budget, opening
from rbm.runs.lab import Lab
from rbm.runs.limits import Limits
from rbm.runs.record import COLUMNS, Run, from_row, row
from rbm.runs.store import Store
from rbm.runs.tower import Below, lesson, memory
from rbm.training.trainer import Trainer
from tests.patience import SECONDS
from tests.runs.test_job import Gate, gate
from tests.runs.test_lab import CONFIG, LIMITS, LONG, TINY, finish, lab, open_lab, until, wait

__all__ = ["gate", "lab"]

NAMES = ("weights", "visible_bias", "hidden_bias")
UPPER = replace(CONFIG, n_hidden=13, algorithm="pcd", chains=5, seed=3)  # 7 units below and 13 pixels: tied
TOP = replace(CONFIG, n_hidden=5, seed=4)
CONFIGS = (CONFIG, UPPER, TOP)


def same(one: rbm.RBM, other: rbm.RBM) -> bool:
    return type(one) is type(other) and all(np.array_equal(getattr(one, n), getattr(other, n)) for n in NAMES)


def equal(net: rbm.DeepBeliefNet | None, other: tuple[rbm.RBM, ...]) -> bool:
    return net is not None and net.depth == len(other) and all(map(same, net.layers, other))


def trained(*configs: rbm.TrainConfig, data: Dataset = TINY, **options: object) -> tuple[rbm.RBM, ...]:
    """The layers of train_deep, as the command line and a notebook train them."""
    layers = {d: r.model for d, r in rbm.train_deep(data.train_images, configs, **options)}  # type: ignore[arg-type]
    return tuple(layers.values())


def over(lab: Lab, run_id: str) -> str:
    """Wait for a layer that may have to wait for others; its status."""
    for _ in range(SECONDS * 200):
        job = lab.job(run_id)
        if lab.run(run_id).over and (job is None or not job.moving):
            return lab.run(run_id).status
        time.sleep(0.005)
    raise AssertionError(lab.run(run_id))


# ---- the same net


@pytest.mark.parametrize("binarize", ["none", "threshold", "sample"])
def test_a_run_on_a_run_is_the_second_layer_of_train_deep(lab: Lab, binarize: str) -> None:
    bottom = replace(CONFIG, binarize=binarize)
    below = finish(lab, config=bottom)
    upper = lab.start("ann", "tiny", UPPER, "Upper", below=below)
    wait(lab, upper)
    assert lab.run(upper).below == below
    expected = trained(bottom, UPPER)
    assert equal(lab.net(upper), expected)
    assert equal(lab.net(below), expected[:1]), "one layer alone is its RBM"
    untied = trained(bottom, UPPER, tie=False)
    assert not equal(lab.net(upper), untied)
    half = 127 if binarize == "threshold" else None
    held_out = TINY.test_images if half is None else (TINY.test_images > half).astype(np.float32)
    means = lab.net(below).up(held_out)
    error = diagnostics.reconstruction_error(lab.progress(upper).model, means).mean()
    assert lab.progress(upper).history[-1].validation_error == pytest.approx(error, rel=1e-5)


def test_a_tower_is_the_net_of_train_deep_and_its_top_learns_the_classes(lab: Lab) -> None:
    runs = lab.start_tower("ann", "tiny", CONFIGS, "Tower", labels=True, measures=("dead_units",))
    assert [over(lab, run_id) for run_id in runs] == ["finished"] * 3
    net = lab.net(runs[-1])
    assert equal(net, trained(*CONFIGS, labels=TINY.train_labels))
    assert (net.depth, net.n_classes) == (3, 3)
    assert [lab.run(run_id).name for run_id in runs] == ["Tower", "Tower, layer 2", "Tower, layer 3"]
    assert [lab.run(run_id).below for run_id in runs] == ["", *runs[:2]]
    assert [lab.run(run_id).measures for run_id in runs] == [("dead_units",), (), ()]
    with Store(lab.store.home) as again:
        assert [again.get(run_id).below for run_id in runs] == ["", *runs[:2]]


def test_a_layer_waits_for_the_one_below(lab: Lab, gate: Gate) -> None:
    below, upper, top = lab.start_tower("ann", "tiny", CONFIGS, "Tower")
    gate.arrived()
    for run_id in (upper, top):
        assert (lab.run(run_id).status, lab.job(run_id)) == ("waiting", None)
    assert lab.standing(upper).message == "Waiting for the layer below, Tower"
    assert lab.net(top) is None
    with pytest.raises(Refused, match="a layer waits for 'Tower' already"):
        lab.start("ann", "tiny", UPPER, "another", below=below)
    lab.pause("ann", top)
    gate.open()
    assert over(lab, upper) == "finished"
    assert lab.run(top).status == "paused", "its owner wants it so"
    lab.resume("ann", top)
    assert over(lab, top) == "finished"
    assert equal(lab.net(top), trained(*CONFIGS))


# ---- pause, restart, kill


def test_pause_step_and_resume_a_layer(lab: Lab, gate: Gate) -> None:
    gate.permits.release(25)
    below = finish(lab)
    for _ in range(25):
        gate.arrived()
    upper = lab.start("ann", "tiny", UPPER, "Upper", below=below)
    gate.permits.release(6)
    for _ in range(7):
        gate.arrived()
    lab.pause("ann", upper)
    gate.permits.release()
    until(lab, upper, "paused")
    gate.open()
    lab.step("ann", upper)
    until(lab, upper, "paused")
    lab.resume("ann", upper)
    wait(lab, upper)
    assert equal(lab.net(upper), trained(CONFIG, UPPER))


def test_after_a_restart_the_bottom_is_resumed_and_the_others_wait_again(tmp_path: Path, gate: Gate) -> None:
    lab = open_lab(tmp_path)
    runs = lab.start_tower("ann", "tiny", CONFIGS, "Tower")
    gate.permits.release(8)
    for _ in range(8):
        gate.arrived()
    closing = threading.Thread(target=lab.close)
    closing.start()
    gate.open()
    closing.join(SECONDS)
    lab = open_lab(tmp_path)
    assert [lab.run(run_id).status for run_id in runs[1:]] == ["interrupted"] * 2
    if lab.run(runs[0]).status == "interrupted":
        lab.resume("ann", runs[0])
    else:
        lab.resume("ann", runs[1])
    assert [over(lab, run_id) for run_id in runs] == ["finished"] * 3
    assert equal(lab.net(runs[-1]), trained(*CONFIGS))
    lab.close()


def test_an_upper_layer_that_is_resumed_first_waits(tmp_path: Path) -> None:
    lab = open_lab(tmp_path)
    below, upper = lab.start_tower("ann", "tiny", (LONG, UPPER), "Tower")
    while lab.progress(below).epoch < 1:
        time.sleep(0.001)
    lab.close()
    lab = open_lab(tmp_path)
    lab.resume("ann", upper)
    assert lab.run(upper).status == "waiting"
    assert lab.standing(upper).message == "Waiting for the layer below, Tower, which is interrupted"
    lab.resume("ann", upper)
    assert lab.run(upper).status == "waiting", "it waits already"
    lab.close()


CHILD = """
import sys, time
from pathlib import Path
from rbm.training.trainer import Trainer
from tests.runs.test_tower import CONFIGS, LIMITS, open_lab, over
step = Trainer.step
def told(self):
    sys.stdout.write("batch\\n")  # at once, whatever the other thread writes
    sys.stdout.flush()
    time.sleep(0.01)  # so that what it made is on disk before it is killed
    return step(self)
Trainer.step = told
lab = open_lab(Path(sys.argv[1]), LIMITS, every=0.0)
runs = sys.argv[2:]
if runs:
    lab.resume("ann", next(run for run in runs if lab.run(run).status == "interrupted"))
else:
    runs = lab.start_tower("ann", "tiny", CONFIGS, "Tower")
sys.stdout.write(" ".join(runs) + "\\n")
sys.stdout.flush()
over(lab, runs[-1])
"""


def test_kills_anywhere_in_a_tower(tmp_path: Path) -> None:
    rng, runs, kills = np.random.default_rng(1), [], 0
    for _ in range(50):
        command = [sys.executable, "-W", "error", "-c", CHILD, str(tmp_path), *runs]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            left = int(rng.integers(8, 25))  # batches to live, of 75
            for line in child.stdout:
                if line == "batch\n":
                    left -= 1
                else:
                    runs = line.split()
                if runs and left <= 0:
                    child.kill()
                    break
        if child.returncode != -9:
            break
        kills += 1
    assert (child.returncode, kills >= 3) == (0, True)
    lab = open_lab(tmp_path)
    assert equal(lab.net(runs[-1]), trained(*CONFIGS))
    for run_id in runs:
        assert [point.epoch for point in lab.points(run_id)] == [0, 1, 2, 3, 4, 5]
    lab.close()


# ---- when the one below comes to another end


@pytest.mark.parametrize("end", ["stopped", "deleted", "diverged"])
def test_what_waits_for_a_layer_that_never_finishes_says_so(lab: Lab, end: str) -> None:
    config = replace(CONFIG, learning_rate=1e5, epochs=50) if end == "diverged" else LONG
    below, upper, top = lab.start_tower("ann", "tiny", (config, UPPER, TOP), "Tower")
    if end != "diverged":
        while lab.progress(below).epoch < 1:
            time.sleep(0.001)
        (lab.stop if end == "stopped" else lab.delete)("ann", below)
    assert over(lab, upper) == over(lab, top) == "stopped"
    words = {"stopped": "was stopped", "deleted": "was deleted", "diverged": "has diverged"}[end]
    assert lab.standing(upper).message == f"This layer did not begin: the layer below, 'Tower', {words}."
    assert "the layer below, 'Tower, layer 2', was stopped" in lab.standing(top).message
    if end == "deleted":
        with pytest.raises(NoSuchRun, match="the layer that 'Tower, layer 2' stands on is gone"):
            lab.resume("ann", upper)
    else:
        lab.resume("ann", upper)  # its owner wants it on the model as it is
        assert over(lab, upper) == "finished"
        assert lab.net(upper).depth == 2


def test_stopping_a_layer_that_waits(lab: Lab, gate: Gate) -> None:
    below, upper, top = lab.start_tower("ann", "tiny", CONFIGS, "Tower")
    gate.arrived()
    lab.stop("ann", upper)
    assert [lab.run(run_id).status for run_id in (upper, top)] == ["stopped"] * 2
    gate.open()
    assert over(lab, below) == "finished"
    assert lab.run(upper).status == "stopped"


def test_one_that_was_deleted_while_it_waited_comes_back_at_rest(lab: Lab, gate: Gate) -> None:
    below, upper = lab.start_tower("ann", "tiny", (CONFIG, UPPER), "Tower")
    gate.arrived()
    lab.delete("ann", upper)
    gate.open()
    assert over(lab, below) == "finished"
    lab.undelete("ann", upper)
    assert lab.run(upper).status == "stopped"
    lab.resume("ann", upper)
    assert over(lab, upper) == "finished"
    assert equal(lab.net(upper), trained(CONFIG, UPPER))


# ---- what is refused


def test_a_layer_that_others_stand_on_stays_as_it_is(lab: Lab) -> None:
    below = lab.start("ann", "tiny", LONG, "Below")
    while lab.progress(below).epoch < 1:
        time.sleep(0.001)
    lab.stop("ann", below)
    wait(lab, below)
    upper = lab.start("ann", "tiny", UPPER, "Upper", below=below)
    wait(lab, upper)
    with pytest.raises(Refused, match="'Upper' stands on this run; delete that one first"):
        lab.delete("ann", below)
    with pytest.raises(Refused, match="'Upper' stands on this run; it has learned from this run as it is"):
        lab.resume("ann", below)
    lab.delete("ann", upper)
    lab.delete("ann", below)
    lab.undelete("ann", upper)
    assert lab.net(upper) is None
    assert lab.progress(upper).model is not None, "its own weights are there"
    assert len(lab.export(upper)) > 1000


def test_what_cannot_stand_on_what(lab: Lab, tmp_path: Path) -> None:
    below = finish(lab)
    classes = lab.start("ann", "tiny", CONFIG, "Classes", labels=True)
    wait(lab, classes)
    for owner, config, on, kind, why in (
        ("bob", UPPER, below, NotYours, "only the browser that started this run"),
        ("ann", UPPER, classes, BadValue, "only the top layer may learn the classes, and 'Classes' has"),
        ("ann", replace(UPPER, visible="gaussian"), below, BadValue, 'visible must be "binary"'),
        ("ann", UPPER, "nothing", NoSuchRun, "no such run"),
        ("ann", replace(UPPER, n_hidden=4001), below, BadValue, "at most 4,000 hidden units"),
    ):
        with pytest.raises(kind, match=why):
            lab.start(owner, "tiny", config, "x", below=on)
    with pytest.raises(BadValue, match="10 layers at most, got 11"):
        lab.start_tower("ann", "tiny", [CONFIG] * 11, "x")
    with pytest.raises(BadValue, match="at most 4,000 hidden units"):
        lab.start_tower("ann", "tiny", [CONFIG, replace(UPPER, n_hidden=4001)], "x")
    assert len(lab.runs("ann")) == 2, "nothing begins of a tower that can't be"


def test_other_images_than_those_of_the_layer_below(tmp_path: Path) -> None:
    lab = Lab(tmp_path, LIMITS, load=lambda name: TINY)
    below = lab.start("ann", "tiny", CONFIG, "x")
    wait(lab, below)
    with pytest.raises(BadValue, match="the layer below learned from tiny"):
        lab.start("ann", "other", UPPER, "x", below=below)
    lab.close()
    smaller = replace(TINY, train_images=TINY.train_images[:, 1:], test_images=TINY.test_images[:, 1:], shape=(1, 12))
    lab = Lab(tmp_path, LIMITS, load=lambda name: smaller)
    with pytest.raises(BadValue, match="for images of 13 pixels"):
        lab.start("ann", "tiny", UPPER, "x", below=below)
    lab.close()


def test_the_memory_of_hidden_means_counts() -> None:
    config = rbm.TrainConfig(n_hidden=500)
    means = 4 * 500 * 70_000
    Limits().check(config, 60_000, 500, means)
    with pytest.raises(BadValue, match=r"about 19\d MB .* allows 180; 2,\d\d\d hidden units would fit"):
        budget.check_training(replace(config, n_hidden=3000), 60_000, 500, 180, means)
    budget.check_training(replace(config, n_hidden=3000), 60_000, 500, 180)
    with pytest.raises(BadValue, match="fewer hidden units below, whose means take 1,068 MB"):
        budget.check_training(config, 60_000, 4000, 300, 4 * 4000 * 70_000)


def test_a_layer_takes_what_was_estimated() -> None:
    rng, config = np.random.default_rng(0), rbm.TrainConfig(n_hidden=211, epochs=2, batch_size=127)
    images, labels = rng.integers(0, 256, (8009, 307), dtype=np.uint8), np.zeros(8009, np.int64)
    data = Dataset("big", images, labels, images[:1009], labels[:1009], (1, 307))
    layers = (rbm.RBM(rng.normal(size=(307, 503)), np.zeros(307), np.zeros(503)),)
    run, below = Run("x", "", "big", "", config, 0.0), Below(config, 503, lambda: layers)
    tracemalloc.start()
    trainer = Trainer(config=config, **lesson(data, run, below))
    while not trainer.finished:
        trainer.step()
    shown = (trainer.snapshot(), trainer.model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert shown
    assert 0.9 * peak < budget.training_bytes(config, 8009, 503) + memory(data, 503) < 1.5 * peak


def test_a_tower_counts_as_one_training_and_a_full_server_refuses_it_whole(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, max_active=1))
    long = (LONG, UPPER, TOP)
    lab.start_tower("ann", "tiny", long, "Tower")
    with pytest.raises(Busy):
        lab.start_tower("ann", "tiny", long, "Another")
    assert len(lab.runs("ann")) == 3
    lab.close()


# ---- done before


def test_what_was_done_on_another_layer_is_not_the_same(lab: Lab) -> None:
    below, other = finish(lab), finish(lab, config=replace(CONFIG, seed=9))
    upper = lab.start("ann", "tiny", UPPER, "Upper", below=below)
    wait(lab, upper)
    assert lab.finished("ann", "tiny", UPPER, below=below).run_id == upper
    assert lab.finished("ann", "tiny", UPPER, below=other) is None
    assert lab.finished("ann", "tiny", UPPER) is None
    assert lab.adopt("ann", "tiny", UPPER, "x", below=below) == upper
    bobs = lab.adopt("bob", "tiny", CONFIG, "Bob's")
    copy = lab.adopt("bob", "tiny", UPPER, "Bob's upper", below=bobs)
    assert lab.run(copy).below == bobs
    assert equal(lab.net(copy), trained(CONFIG, UPPER))


# ---- there and back


def test_an_exported_layer_says_what_it_stood_on_and_comes_back_alone(lab: Lab) -> None:
    runs = lab.start_tower("ann", "tiny", (CONFIG, UPPER), "Tower")
    over(lab, runs[-1])
    file = lab.export(runs[-1])
    with zipfile.ZipFile(io.BytesIO(file)) as packed:
        about = json.loads(packed.read("config.json"))
        assert (about["data"], about["stands_on"]) == ("hidden units on tiny", ["Tower"])
        assert "It stands on, bottom first:\nTower." in packed.read("README.md").decode()
    again = lab.run(lab.import_run("ann", io.BytesIO(file)))
    assert (again.below, again.data) == ("", "hidden units on tiny")
    assert lab.net(again.id).n_pixels == 7
    with zipfile.ZipFile(io.BytesIO(lab.export(runs[0]))) as packed:
        assert "stands_on" not in json.loads(packed.read("config.json"))


# ---- the list of the version before

OLD = opening._TABLES.replace("IF NOT EXISTS ", "")  # schema 1, as it was


def as_schema_1(home: Path, runs: list[str]) -> None:
    """Make the list anew as the version before wrote it."""
    path = home / "runs.sqlite"
    with Store(home) as store:
        rows = [row(store.get(run_id)) for run_id in runs]
        points = [(run_id, point.epoch, point.training_error) for run_id in runs for point in store.points(run_id)]
    for file in home.glob("runs.sqlite*"):
        file.unlink()
    connection = sqlite3.connect(path)
    connection.executescript(f"{OLD} PRAGMA user_version = 1;")
    old = [column[1] for column in connection.execute("PRAGMA table_info(runs)")]
    assert set(old) == {*COLUMNS} - {"below", "sweep"}
    for values in rows:
        connection.execute(f"INSERT INTO runs VALUES ({', '.join(f':{name}' for name in old)})", values)
    connection.executemany("INSERT INTO points VALUES (?, ?, ?, NULL, 0.0, '{}')", points)
    connection.commit()
    connection.close()


def test_a_list_of_the_version_before_is_opened_with_every_run(tmp_path: Path) -> None:
    lab = open_lab(tmp_path)
    runs = [finish(lab, config=replace(CONFIG, seed=seed)) for seed in range(3)]
    before = [replace(lab.run(run_id), created=0.0) for run_id in runs]
    lab.close()
    as_schema_1(tmp_path, runs)
    lab = open_lab(tmp_path)
    assert lab.trouble is lab.notice is None
    assert [replace(lab.run(run_id), created=0.0) for run_id in runs] == before
    assert len(lab.points(runs[0])) == 6
    upper = lab.start("ann", "tiny", UPPER, "Upper", below=runs[0])
    wait(lab, upper)
    lab.close()
    with Store(tmp_path) as store:
        assert store.get(upper).below == runs[0]
    version = sqlite3.connect(tmp_path / "runs.sqlite").execute("PRAGMA user_version").fetchone()[0]
    assert version == opening.SCHEMA == 3, "which the version before refuses to open"


def test_an_old_list_that_cannot_be_written_is_read_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = open_lab(tmp_path)
    run_id = finish(lab)
    lab.close()
    as_schema_1(tmp_path, [run_id])

    def refused(_: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(opening, "_writable", refused)
    lab = open_lab(tmp_path)
    assert lab.trouble is not None
    assert [run.id for run in lab.runs("ann")] == [run_id]
    assert lab.net(run_id).depth == 1
    lab.close()


def test_a_model_of_the_version_before_is_taken_over(lab: Lab) -> None:
    run = lab.run(finish(lab))
    old = {name: value for name, value in row(run).items() if name != "below"}
    assert from_row(old) == run


# ---- room


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Lab]:
    lab = open_lab(tmp_path, replace(LIMITS, max_runs=3))
    yield lab
    lab.close()


def test_layers_that_others_stand_on_are_not_removed_to_make_room(small: Lab) -> None:
    below, upper = small.start_tower("ann", "tiny", (CONFIG, UPPER), "Tower")
    over(small, upper)
    finish(small, config=replace(CONFIG, seed=1))
    assert [run.id for run in small.would_go("ann")] == [upper], "the oldest on which nothing stands"
    finish(small, config=replace(CONFIG, seed=2))
    assert [run.id for run in small.would_go("ann")] == [below]


def test_the_room_for_a_layer_is_not_made_by_removing_the_one_below(small: Lab) -> None:
    below = finish(small)
    finish(small, config=replace(CONFIG, seed=1))
    finish(small, config=replace(CONFIG, seed=2))
    small.store.change(small.run(below), "created", time.time() - 400 * 24 * 3600)
    upper = small.start("ann", "tiny", UPPER, "Upper", below=below)
    wait(small, upper)
    assert small.net(upper).depth == 2
    assert len(small.runs("ann")) == 3


def test_old_layers_stay_below_younger_ones(small: Lab) -> None:
    runs = small.start_tower("ann", "tiny", CONFIGS, "Tower")
    over(small, runs[-1])
    long_ago = time.time() - 400 * 24 * 3600
    for run_id in runs[:2]:
        small.store.change(small.run(run_id), "created", long_ago)
    assert small.store.would_go(0) == []
    small.store.change(small.run(runs[-1]), "created", long_ago)
    assert {run.id for run in small.store.would_go(0)} == set(runs)


def test_a_pin_counts_with_what_it_holds(small: Lab) -> None:
    below, upper = small.start_tower("ann", "tiny", (CONFIG, UPPER), "Tower")
    over(small, upper)
    with pytest.raises(Refused, match="pinned runs fill half"):
        small.pin("ann", upper)
    small.pin("ann", below)
