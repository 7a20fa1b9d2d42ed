"""rbm train --layers: a deep belief net from the command line."""

import numpy as np
import pytest

import rbm
from rbm.cli import main
from tests.cli.common import refused
from tests.cli.test_train import interrupt

FAST = ["--data", "digits-8x8", "--epochs", "2", "--batch-size", "400"]


def test_layers_make_the_net_that_train_deep_makes_and_say_how(tmp_path, capsys):
    out = tmp_path / "net.npz"
    assert main(["train", *FAST, "--layers", "12,64", "--labels", "--out", str(out), "--algorithm", "pcd"]) == 0
    data = rbm.datasets.load("digits-8x8")
    configs = [rbm.TrainConfig(n_hidden=n, epochs=2, batch_size=400, algorithm="pcd") for n in (12, 64)]
    made = {depth: report.model for depth, report in rbm.train_deep(data.train_images, configs,
                                                                    labels=data.train_labels)}  # fmt: skip
    net, note = rbm.io.read_net(out)
    for layer, expected in zip(net.layers, made.values(), strict=True):
        np.testing.assert_array_equal(layer.weights, expected.weights)
    assert [rbm.TrainConfig(**config) for config in note["configs"]] == configs
    assert (note["name"], note["data"], note["epochs"], note["shape"]) == ("net", "digits-8x8", [2, 2], [8, 8])
    assert len(note["validation_errors"]) == 2
    printed, err = capsys.readouterr()
    assert [line.split(":")[0] for line in printed.splitlines()[:4]] == [
        "layer 1, epoch 1", "layer 1, epoch 2", "layer 2, epoch 1", "layer 2, epoch 2",
    ]  # fmt: skip
    assert printed.splitlines()[4] == f"saved DeepBeliefNet(64-12-64, 10 classes) in {out}"
    assert err == ""


def test_the_top_alone_tells_classes_apart(tmp_path, capsys):
    out, apart = tmp_path / "net.npz", ["--discriminative", "0.5", "--epochs", "1"]
    assert main(["train", *FAST, "--layers", "9,5", "--labels", "--out", str(out), *apart]) == 0
    _, note = rbm.io.read_net(out)
    assert [config["discriminative"] for config in note["configs"]] == [0, 0.5]
    assert "there are none to learn here; give labels" in refused(
        capsys, "train", *FAST, "--layers", "9,5", "--out", str(out), *apart
    )


def test_gaussian_pixels_are_at_the_bottom_only(tmp_path):
    out = tmp_path / "net.npz"
    options = ["--visible", "gaussian", "--learning-rate", "0.001"]
    assert main(["train", *FAST, "--layers", "9,5", "--out", str(out), *options]) == 0
    assert [type(layer).__name__ for layer in rbm.load(out).layers] == ["GaussianRBM", "RBM"]


def test_ctrl_c_keeps_the_layers_that_are_there(tmp_path, monkeypatch, capsys):
    out = tmp_path / "net.npz"
    interrupt(monkeypatch, before_step=14)  # of 2 · 2 · 4: in the midst of the top's second epoch
    assert main(["train", *FAST, "--layers", "9,5", "--out", str(out)]) == 130
    assert repr(rbm.load(out)) == "DeepBeliefNet(64-9-5)"
    assert "interrupted; saved DeepBeliefNet(64-9-5)" in capsys.readouterr().err


def test_ctrl_c_before_the_first_epoch_saves_nothing(tmp_path, monkeypatch):
    interrupt(monkeypatch, before_step=2)
    assert main(["train", *FAST, "--layers", "9,5", "--out", str(tmp_path / "net.npz")]) == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--layers", "5,5", "--n-hidden", "5"], "--layers tells the hidden units of every layer"),
        (["--layers", "5,5", "--log", "x.csv"], "--log is for one machine, not for --layers"),
        (["--layers", "5,5", "--resume", "x"], "--resume is for one machine"),
        (["--layers", "5,5", "--measure-every", "2"], "--measure-every is for one machine"),
        (["--layers", "5,x"], "must be 1 to 10 whole numbers with commas between, got '5,x'"),
        (["--layers", "5,0"], "must be 1 to 10 whole numbers with commas between, got '5,0'"),
        (["--layers", "5,"], "must be 1 to 10 whole numbers"),
        (["--layers", ",".join("5" * 11)], "must be 1 to 10 whole numbers"),
        (["--layers", "5,200000"], "n_hidden must be"),
    ],
)
def test_layers_that_can_not_be_are_refused(more, message, tmp_path, capsys):
    assert message in refused(capsys, "train", *FAST, "--out", tmp_path / "net.npz", *more)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("task", ["evaluate", "sample"])
def test_what_works_on_one_machine_refuses_a_net(task, tmp_path, capsys):
    path = tmp_path / "net.npz"
    rbm.save(path, rbm.DeepBeliefNet((rbm.RBM(np.ones((64, 3)), np.ones(64), np.ones(3)),)))
    more = ["--data", "digits-8x8"] if task == "evaluate" else ["--out", str(tmp_path / "x.png")]
    text = refused(capsys, task, path, *more)
    assert "holds a deep belief net of 1 layers, and one machine is wanted here" in text
