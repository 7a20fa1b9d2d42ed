"""rbm sweep: all combinations as runs of the store, each the run of its settings; and a second command goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import rbm
from benchmarks.dask_processes import cluster
from rbm.cli import data, main
from rbm.cli.sweep import OWNER
from rbm.runs.store import Store
from rbm.visitors import owner_hash
from tests.cli.common import refused, text
from tests.patience import SECONDS

SET = ["--set", "learning_rate=0.01,0.1", "--set", "n_hidden=3,5", "--set", "epochs=2", "--set", "batch-size=20"]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def kept(home):
    with Store(home) as store:
        return [(run, store.model(run)) for run in reversed(store.owned_by(owner_hash(OWNER)))]


def test_every_combination_is_a_run_of_the_store(folder, home, capsys):
    assert main(text("sweep", "--data", folder, "--home", home, *SET, "--measure", "dead_units")) == 0
    out = capsys.readouterr().out
    runs = kept(home)
    assert [(run.config.learning_rate, run.config.n_hidden) for run, _ in runs] == [
        (0.01, 3), (0.01, 5), (0.1, 3), (0.1, 5),
    ]  # fmt: skip
    assert {(run.status, run.config.epochs, run.config.batch_size) for run, _ in runs} == {("finished", 2, 20)}
    (sweep,) = {run.sweep for run, _ in runs}
    assert f"/runs?sweep={sweep}" in out
    images = data.read_data(str(folder))
    best = min(runs, key=lambda pair: pair[0].validation_error)[0]
    for run, model in runs:
        *_, report = rbm.train(images.train_images, run.config, validation=images.test_images)
        np.testing.assert_array_equal(model.weights, report.model.weights)
        (line,) = [line for line in out.splitlines() if run.id in line]
        assert f"{run.validation_error:.4g}" in line.split()
        assert line.endswith("best") == (run == best)
    assert re.search("^n_hidden +learning_rate +held_out_error +dead_units +run$", out, re.MULTILINE)


def test_the_same_command_again_finds_what_is_done_and_another_is_another_sweep(folder, home, capsys):
    command = text("sweep", "--data", folder, "--home", home, *SET)
    assert main(command) == 0
    first = capsys.readouterr().out
    assert main(command) == 0
    assert first.splitlines()[-5:] == capsys.readouterr().out.splitlines()[-5:]
    assert len(kept(home)) == 4
    assert main([*command, "--set", "seed=1"]) == 0
    assert len({run.sweep for run, _ in kept(home)}) == 2


def test_ctrl_c_and_the_same_command_goes_on(folder, home):
    command = [sys.executable, "-m", "rbm", "sweep", "--data", str(folder), "--home", str(home)]
    command += ["--set", f"n_hidden={','.join(map(str, range(30, 39)))}", "--set", "epochs=2000"]
    environment = {**os.environ, "RBM_WORKERS": "1"}
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell's & ignores it
    )  # fmt: skip
    for _ in range(SECONDS * 20):
        if process.poll() is not None or any(run.over for run, _ in kept(home)):
            break  # one of nine is done, the next one is under way
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert said == "python -m rbm: interrupted; the same command goes on where this one stopped\n"
    assert "interrupted" in {run.status for run, _ in kept(home)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * SECONDS)
    assert done.returncode == 0, done.stderr
    runs = kept(home)
    assert [run.status for run, _ in runs] == ["finished"] * 9
    images = data.read_data(str(folder))
    run, model = runs[0]
    *_, report = rbm.train(images.train_images, run.config, validation=images.test_images)
    np.testing.assert_array_equal(model.weights, report.model.weights)


def test_one_that_diverges_is_told(folder, home, capsys):
    command = text("sweep", "--data", folder, "--home", home, "--set", "learning_rate=0.1,1000000")
    assert main([*command, "--set", "epochs=2"]) == 1
    out, err = capsys.readouterr()
    assert err == "python -m rbm: 1 of 2 are not finished: diverged\n"
    assert "Lower learning_rate" in out
    assert [run.status for run, _ in kept(home)] == ["finished", "diverged"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--set", "n_hidden"], "write NAME=VALUE,VALUE"),
        (["--set", "n_hidden=3,x"], "n_hidden must be a whole number, got 'x'"),
        (["--set", "hidden=3"], "there is no setting 'hidden'"),
        (["--set", "n_hidden=3", "--set", "n_hidden=5"], "--set n_hidden is there twice"),
        (["--set", "n_hidden=3,3"], "twice"),
        (["--set", "visible=gaussian", "--set", "binarize=sample"], "binarize is for binary pixels"),
        (["--set", "n_hidden=3,30", "--labels"], "of one class only"),
        (["--data", "nowhere"], "unknown data set 'nowhere'"),
    ],
)
def test_what_can_not_be_is_one_line(folder, home, capsys, arguments, why):
    assert why in refused(capsys, "sweep", "--data", folder, "--home", home, *arguments)
    assert kept(home) == []


def test_a_folder_that_takes_nothing_is_one_line(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    assert "Nothing is being saved" in refused(capsys, "sweep", "--data", folder, "--home", tmp_path / "file", *SET)


@pytest.mark.parametrize("how", ["--dask", "RBM_DASK"])
def test_a_scheduler_that_can_not_be_reached_is_one_line(folder, home, capsys, monkeypatch, how):
    pytest.importorskip("distributed", reason="needs Dask (requirements-dev.txt)")
    monkeypatch.setattr("rbm.runs.cluster.CONNECT", 0.5)
    address = "tcp://127.0.0.1:9"
    if how == "RBM_DASK":
        monkeypatch.setenv("RBM_DASK", address)
    more = [how, address] if how == "--dask" else []
    said = refused(capsys, "sweep", "--data", folder, "--home", home, *SET, *more)
    assert said.startswith(f"python -m rbm: The scheduler at {address} can't be reached (")
    assert kept(home) == []


def test_by_dask_it_is_the_same_to_the_last_bit(folder, home, tmp_path, capsys):
    pytest.importorskip("distributed", reason="needs Dask (requirements-dev.txt)")
    command = text("sweep", "--data", folder, *SET, "--measure", "dead_units")
    assert main([*command, "--home", str(home)]) == 0
    capsys.readouterr()
    with cluster(tmp_path / "dask", workers=2) as processes:
        assert main([*command, "--home", str(tmp_path / "other"), "--dask", processes.address]) == 0
    alone, there = kept(home), kept(tmp_path / "other")
    assert len(alone) == len(there) == 4
    for (one, model), (other, same) in zip(alone, there, strict=True):
        assert (one.config, one.validation_error, one.sweep) == (other.config, other.validation_error, other.sweep)
        np.testing.assert_array_equal(model.weights, same.weights)
