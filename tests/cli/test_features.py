"""rbm features and rbm probe: what they write, against the formula and against scikit-learn."""

from __future__ import annotations

import re

import numpy as np
import pytest

import rbm
from rbm.cli import main
from rbm.measures import probe
from tests.cli.common import FAST, refused, write_idx

DIGITS = ["--data", "digits-8x8"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.npz"
    assert main(["train", *FAST, "--out", str(path)]) == 0
    return path


def expected(model):
    learned, data = rbm.load(model), rbm.datasets.load("digits-8x8")
    pixels = np.concatenate([data.train_images, data.test_images]) / 255
    hidden = 1 / (1 + np.exp(-(pixels @ learned.weights.astype(float) + learned.hidden_bias)))
    return hidden, np.concatenate([data.train_labels, data.test_labels]), len(data.train_images)


@pytest.mark.parametrize("name", ["f.npz", "f.csv", "F.CSV"])
def test_features_are_the_formulas_with_labels_index_and_part(model, tmp_path, capsys, name):
    out = tmp_path / name
    assert main(["features", str(model), *DIGITS, "--out", str(out)]) == 0
    hidden, labels, seen = expected(model)
    if name == "f.npz":
        with np.load(out) as file:
            found = {key: file[key] for key in file.files}
    else:
        table = np.genfromtxt(out, delimiter=",", names=True)
        units = [column for column in table.dtype.names if re.fullmatch("h[0-9]+", column)]
        found = {"features": np.stack([table[unit] for unit in units], axis=1), "labels": table["label"]}
        found |= {"index": table["index"], "held_out": table["held_out"]}
    np.testing.assert_allclose(found["features"], hidden, atol=2e-6)
    np.testing.assert_array_equal(found["labels"], labels)
    np.testing.assert_array_equal(found["index"], np.arange(len(labels)))
    np.testing.assert_array_equal(found["held_out"], np.arange(len(labels)) >= seen)
    assert f"of {len(labels):,} images" in capsys.readouterr().out


def test_the_probe_prints_what_logistic_regression_misreads(model, capsys):
    assert main(["probe", str(model), *DIGITS, "--seed", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["20", "50", "100", "300", "1000"]
    hidden, _, seen = expected(model)
    data = rbm.datasets.load("digits-8x8")
    curve = probe.learning_curve(
        hidden[:seen].astype(np.float32), data.train_labels, hidden[seen:].astype(np.float32), data.test_labels, seed=3
    )
    for line, point in zip(lines[1:], curve, strict=True):
        said = float(re.findall(r"[\d.]+", line)[2 if point.draws == 1 else 3])
        assert said == pytest.approx(100 * point.error, abs=0.6), line


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["features", "MODEL", *DIGITS, "--out", "f.txt"], "f.txt is neither"),
        (["features", "MODEL", *DIGITS, "--out", "nowhere/f.npz"], "there is no folder nowhere"),
        (["features", "MODEL", "--data", "mnist-5k", "--out", "f.npz"], "of images of 64 pixels"),
        (["probe", "MODEL", "--data", "mnist-5k"], "of images of 64 pixels"),
        (["probe", "nothing.npz", *DIGITS], "nothing.npz"),
    ],
)
def test_what_can_not_be_is_one_line(model, tmp_path, monkeypatch, capsys, arguments, why):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main([str(model) if one == "MODEL" else one for one in arguments])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert why in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_images_without_labels_have_features_and_no_probe(tmp_path, capsys):
    folder = tmp_path / "plain"
    folder.mkdir()
    images = np.random.default_rng(0).integers(0, 256, (53, 3, 5)).astype(np.uint8)
    write_idx(folder / "train-images-idx3-ubyte", images)
    out = tmp_path / "m.npz"
    main(["train", "--data", str(folder), "--out", str(out), "--epochs", "1", "--n-hidden", "7"])
    assert main(["features", str(out), "--data", str(folder), "--out", str(tmp_path / "f.npz")]) == 0
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["probe", str(out), "--data", str(folder)])
    assert "choose images with labels" in capsys.readouterr().err


def labelled(tmp_path, labels):
    """A folder of images of 3 × 5 pixels with these labels, and a model of them."""
    folder = tmp_path / "rare"
    folder.mkdir()
    images = 255 * np.random.default_rng(0).integers(0, 2, (len(labels), 3, 5))
    write_idx(folder / "train-images-idx3-ubyte", images.astype(np.uint8))
    write_idx(folder / "train-labels-idx1-ubyte", np.array(labels, np.uint8))
    rbm.save(tmp_path / "m.npz", rbm.RBM(np.zeros((15, 2)), np.zeros(15), np.zeros(2)))
    return [str(tmp_path / "m.npz"), "--data", str(folder)]


def test_a_rare_class_is_read_too(tmp_path, capsys):
    assert main(["probe", *labelled(tmp_path, [0] * 139 + [1] * 2)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["20", "50", "100"]


def test_too_few_images_are_a_sentence(tmp_path, capsys):
    assert "the probe needs at least 20 images" in refused(capsys, "probe", *labelled(tmp_path, [0, 1] * 6))
