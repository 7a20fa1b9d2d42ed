"""rbm train: what it learns, saves and says."""

import itertools
import re
import signal
import subprocess

import numpy as np

import rbm
from rbm.cli import main
from rbm.training.trainer import Trainer
from tests.cli.common import FAST, ROOT, program
from tests.patience import SECONDS


def test_train_saves_what_rbm_train_makes_and_says_how(tmp_path, capsys):
    out = tmp_path / "model.npz"
    assert main(["train", *FAST, "--out", str(out), "--algorithm", "pcd", "--momentum", "0.5", "--centering"]) == 0
    data = rbm.datasets.load("digits-8x8")
    config = rbm.TrainConfig(n_hidden=5, epochs=2, batch_size=400, algorithm="pcd", momentum=0.5, centering=True)
    *_, report = rbm.train(data.train_images, config, validation=data.test_images)
    model, note = rbm.io.read(out)
    np.testing.assert_array_equal(model.weights, report.model.weights)
    assert rbm.TrainConfig(**note.pop("config")) == config
    assert note == {
        "name": "model",
        "data": "digits-8x8",
        "shape": [8, 8],
        "epochs": 2,
        "validation_error": report.validation_error,
        "made_by": f"python -m rbm train {' '.join(FAST)} --out {out} --algorithm pcd --momentum 0.5 --centering",
    }
    printed, err = capsys.readouterr()
    assert [line.split(":")[0] for line in printed.splitlines()[:2]] == ["epoch 1", "epoch 2"]
    assert printed.splitlines()[2] == f"saved the model of epoch 2 of 2 in {out}"
    assert err == ""  # no bar where no terminal is


def interrupt(monkeypatch, before_step):
    """Ctrl-C arrives before this step of the trainer."""
    step, calls = Trainer.step, itertools.count()

    def interrupted(self):
        if next(calls) == before_step:
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(Trainer, "step", interrupted)


def test_ctrl_c_keeps_the_last_finished_epoch(tmp_path, monkeypatch, capsys):
    data, out = rbm.datasets.load("digits-8x8"), tmp_path / "model.npz"
    first = next(rbm.train(data.train_images, rbm.TrainConfig(n_hidden=5, epochs=2, batch_size=400)))
    interrupt(monkeypatch, before_step=6)  # of 2 · 4: in the midst of the second epoch
    assert main(["train", *FAST, "--out", str(out)]) == 130
    model, note = rbm.io.read(out)
    np.testing.assert_array_equal(model.weights, first.model.weights)
    assert note["epochs"] == 1
    err = capsys.readouterr().err
    assert err == f"python -m rbm: interrupted; saved the model of epoch 1 of 2 in {out}\n"


def test_ctrl_c_before_there_is_anything_to_keep(tmp_path, monkeypatch, capsys):
    interrupt(monkeypatch, before_step=2)
    assert main(["train", *FAST, "--out", str(tmp_path / "model.npz")]) == 130
    assert capsys.readouterr().err == "python -m rbm: interrupted; no epoch was finished, so nothing is saved\n"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_for_real(tmp_path):
    out = tmp_path / "model.npz"
    words = program("train", "--data", "digits-8x8", "--n-hidden", 5, "--epochs", 1_000_000, "--out", out)
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell's & ignores it
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("epoch 1:")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    found = re.fullmatch(r"python -m rbm: interrupted; saved the model of epoch (\d+) of 1000000 in .*\n", err)
    assert found, err
    assert rbm.io.read(out)[1]["epochs"] == int(found[1])


def test_a_blow_up_exits_1_and_keeps_the_last_good_epoch(tmp_path, monkeypatch, capsys):
    out = tmp_path / "model.npz"
    assert main(["train", *FAST, "--out", str(out), "--learning-rate", "1000"]) == 1
    err = capsys.readouterr().err
    assert re.fullmatch(r"python -m rbm: training diverged in epoch 1: .*; no epoch was finished.*\n", err)
    assert not out.exists()
    monkeypatch.setattr(rbm.TrainConfig, "rate_at", lambda self, epoch: 0.1 if epoch < 1 else 1000)
    assert main(["train", *FAST, "--out", str(out)]) == 1
    err = capsys.readouterr().err
    assert re.fullmatch(r"python -m rbm: training diverged in epoch 2: .*; saved the model of epoch 1 of 2 .*\n", err)
    assert rbm.io.read(out)[1]["epochs"] == 1
