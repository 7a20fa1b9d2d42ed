"""rbm evaluate: its numbers, against enumeration."""

import itertools
import re

import numpy as np
import pytest

import rbm
from rbm import pretrained
from rbm.cli import evaluate, main
from rbm.cli.data import read_data
from tests.cli.common import FAST, WHICH, text, write_idx


def rows(printed):
    """{what: [numbers]} of the lines that evaluate prints."""
    found = re.findall(r"^(.{40}) *(-?[\d.]+)(?: ± ([\d.]+))?$", printed, re.MULTILINE)
    return {what.strip(): [float(x) for x in numbers if x] for what, *numbers in found}


def test_evaluate_against_enumeration(folder, tmp_path, capsys):
    out = tmp_path / "model.npz"
    learn = ["--n-hidden", "4", "--epochs", "40", "--batch-size", "11", "--learning-rate", "0.2"]
    assert main(["train", "--data", str(folder), "--out", str(out), *learn]) == 0
    model, held_out = rbm.load(out), read_data(str(folder)).test_images > 127
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", str(folder)]) == 0
    table = rows(capsys.readouterr().out)

    w, b, c = (x.astype(float) for x in (model.weights, model.visible_bias, model.hidden_bias))

    def log_p(v):  # up to log Z
        return v @ b + np.log1p(np.exp(v @ w + c)).sum(axis=-1)

    v = held_out.astype(float)
    every = np.array(list(itertools.product((0.0, 1.0), repeat=15)))
    exact = log_p(v).mean() - np.log(np.exp(log_p(every)).sum())
    flipped = np.abs(v[:, None] - np.eye(15))
    pseudo = -np.log1p(np.exp(log_p(flipped) - log_p(v)[:, None])).sum(axis=1).mean()
    back = 1 / (1 + np.exp(-(1 / (1 + np.exp(-(v @ w + c))) @ w.T + b)))
    assert table["reconstruction error"] == [pytest.approx(np.square(v - back).sum(axis=1).mean(), abs=6e-4)]
    assert table["log pseudo-likelihood, nats"] == [pytest.approx(pseudo, abs=6e-4)]
    assert table["log-likelihood, exact"] == [pytest.approx(exact, abs=6e-4)]
    for name in ("log-likelihood, AIS (flatters)", "log-likelihood, reverse AIS (is modest)"):
        value, error = table[name]
        assert value == pytest.approx(exact, abs=5 * error + 1e-3)
        assert error < 0.1


def test_grey_levels_are_cut_where_training_cut_them(tmp_path, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(evaluate, "_measure", lambda model, *parts: seen.append(parts[1]))
    for binarize in ("threshold", "none"):
        out = tmp_path / f"{binarize}.npz"
        main(["train", *FAST, "--out", str(out), "--binarize", binarize])
        main(["evaluate", str(out), "--data", "digits-8x8"])
    held_out = rbm.datasets.load("digits-8x8").test_images
    np.testing.assert_array_equal(seen[0], 255 * (held_out > 127))
    np.testing.assert_array_equal(seen[1], held_out)


def test_the_full_schedule_is_the_literatures(monkeypatch, tmp_path):
    assert len(evaluate.SCHEDULES["full"][0]) == 14_501
    assert list(evaluate.SCHEDULES) == ["quick", "full"]


def test_gaussian_models_have_an_error_and_samples_but_no_likelihood(tmp_path, capsys):
    out = tmp_path / "model.npz"
    assert main(["train", *FAST, "--out", str(out), "--visible", "gaussian", "--learning-rate", "0.001"]) == 0
    _, note = rbm.io.read(out)
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", "digits-8x8"]) == 0
    printed = capsys.readouterr().out
    assert rows(printed)["reconstruction error"] == [pytest.approx(note["validation_error"], abs=6e-4)]
    assert "likelihoods are for binary units only" in printed
    assert main(text("sample", out, "--out", tmp_path / "s.png", "--number", 4, "--sweeps", 3)) == 0


def test_a_model_with_classes_against_enumeration(folder, tmp_path, capsys):
    """Its error is that of images shown without their classes, which are summed out."""
    rng, saved = np.random.default_rng(1), tmp_path / "model.npz"
    weights = rng.normal(size=(18, 4)).astype(np.float32)
    model = rbm.LabelRBM(weights, rng.normal(size=18), rng.normal(size=4), n_classes=3)
    rbm.save(saved, model)
    write_idx(folder / "train-labels-idx1-ubyte", WHICH)
    assert main(text("evaluate", saved, "--data", folder)) == 0
    table = rows(capsys.readouterr().out)

    data = read_data(str(folder))
    w, b, c = (x.astype(float) for x in (model.weights, model.visible_bias, model.hidden_bias))
    wrong, errors = 0, []
    for image, label in zip(data.test_images / 255, data.test_labels, strict=True):
        joint, hidden = [], []  # of each class with this image
        for kind in np.eye(3):
            v = np.concatenate([image, kind])
            joint.append(
                sum(np.exp(v @ b + h @ c + v @ w @ h) for h in map(np.array, itertools.product((0, 1), repeat=4)))
            )
            hidden.append(1 / (1 + np.exp(-(v @ w + c))))
        chance = np.array(joint) / sum(joint)
        wrong += chance.argmax() != label
        back = 1 / (1 + np.exp(-(chance @ np.array(hidden) @ w[:15].T + b[:15])))
        errors.append(np.square(image - back).sum())
    assert 0 < wrong < len(errors), "a model that is always right or wrong shows little"
    assert table == {
        "reconstruction error": [pytest.approx(np.mean(errors), abs=6e-4)],
        "images misread, %": [pytest.approx(100 * wrong / len(errors), abs=6e-4)],
    }


def test_the_classes_model_that_ships(capsys):
    assert main(text("evaluate", pretrained.path("classes"), "--data", "mnist-5k")) == 0
    table = rows(capsys.readouterr().out)
    assert table["images misread, %"][0] < 5, "README tells 4.0 % of 10,000 other digits"
    assert table["reconstruction error"][0] == pytest.approx(
        rbm.io.read(pretrained.path("classes"))[1]["measured"]["held_out_error"], rel=0.1
    )


def test_images_without_labels_can_not_be_misread(folder, tmp_path, capsys):
    saved = tmp_path / "model.npz"
    rbm.save(saved, rbm.LabelRBM(np.zeros((18, 2)), np.zeros(18), np.zeros(2), n_classes=3))
    assert main(text("evaluate", saved, "--data", folder)) == 0
    printed = capsys.readouterr().out
    assert list(rows(printed)) == ["reconstruction error"]
    assert f"{folder} has no labels" in printed
