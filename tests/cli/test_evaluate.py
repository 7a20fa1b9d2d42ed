"""rbm evaluate: its numbers, against enumeration."""

import itertools
import re

import numpy as np
import pytest

import rbm
from rbm import pretrained
from rbm.cli import evaluate, main
from rbm.cli.data import read_data
from rbm.models.arrays import as_unit_interval
from tests.cli.common import FAST, WHICH, text, write_idx


def rows(printed):
    """{what: [numbers]} of the lines that evaluate prints."""
    found = re.findall(r"^(.{40}) *(-?[\d.]+)(?: ± ([\d.]+))?(?:, .*)?$", printed, re.MULTILINE)
    return {what.strip(): [float(x) for x in numbers if x] for what, *numbers in found}


def test_evaluate_against_enumeration(folder, tmp_path, capsys):
    out = tmp_path / "model.npz"
    learn = ["--n-hidden", "4", "--epochs", "40", "--batch-size", "11", "--learning-rate", "0.2"]
    assert main(["train", "--data", str(folder), "--out", str(out), *learn]) == 0
    model, held_out = rbm.load(out), read_data(str(folder)).test_images > 127
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", str(folder)]) == 0
    printed = capsys.readouterr().out
    table = rows(printed)

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
    for name in ("log-likelihood, Bennett", "by AIS (flatters)", "by reverse AIS (is modest)"):
        value, error = table[name]
        assert value == pytest.approx(exact, abs=5 * error + 1e-3)
        assert error < 0.1
    assert table["lower bound"][0] - 1e-3 < exact < table["upper bound"][0] + 1e-3
    counting = [float(n) for n in re.findall(r", ([\d.]+) of 100 chains count$", printed, re.MULTILINE)]
    assert len(counting) == 2
    assert all(90 < n <= 100 for n in counting)


def test_where_few_chains_count_the_bounds_stand_alone(capsys):
    """Weights so large that one step of annealing can't follow."""
    rng = np.random.default_rng(2)
    model = rbm.RBM(3 * rng.normal(size=(7, 11)), rng.normal(size=7), rng.normal(size=11))
    v = rng.integers(0, 2, (13, 7)).astype(np.float32)
    few = rbm.likelihood.bracket(model, rng, betas=[0.0, 1.0], sweeps=20)
    assert not few.trusted
    printed = "\n".join(evaluate.bracket_lines(model, v, few))
    assert "too few chains count" in printed
    assert "Bennett" not in printed
    table = rows(printed)
    assert table["lower bound"][0] < rbm.exact.log_likelihood(model, v).mean() < table["upper bound"][0]


def test_grey_levels_are_cut_where_training_cut_them(tmp_path, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(evaluate, "_measure_errors", lambda model, held_out, *_: seen.append(held_out))
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


@pytest.mark.parametrize("visible", ["gaussian", "gaussian-variance"])
def test_gaussian_models_have_an_error_samples_and_a_likelihood(visible, tmp_path, capsys):
    out = tmp_path / "model.npz"
    assert main(["train", *FAST, "--out", str(out), "--visible", visible, "--learning-rate", "0.001"]) == 0
    _, note = rbm.io.read(out)
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", "digits-8x8"]) == 0
    printed = capsys.readouterr().out
    assert rows(printed)["reconstruction error"] == [pytest.approx(note["validation_error"], abs=6e-4)]
    assert "likelihoods are log-densities" in printed
    data = read_data("digits-8x8")
    v = rbm.Standard.of(data.train_images).apply(data.test_images)
    if visible == "gaussian-variance":  # it learned the scale too
        v = as_unit_interval(data.test_images)
    exact = rbm.exact.log_likelihood(rbm.load(out), v).mean()
    assert rows(printed)["log-likelihood, exact"] == [pytest.approx(exact, abs=6e-4)]
    value, error = rows(printed)["log-likelihood, Bennett"]
    assert value == pytest.approx(exact, abs=5 * error + 1e-3)
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
    assert table["reconstruction error"] == [pytest.approx(np.mean(errors), abs=6e-4)]
    assert table["images misread, %"] == [pytest.approx(100 * wrong / len(errors), abs=6e-4)]

    states = np.array(list(itertools.product((0.0, 1.0), repeat=15)))  # log p(x) up to log Z, by every class and h
    h = np.array(list(itertools.product((0.0, 1.0), repeat=4)))
    score = [
        np.exp(np.hstack([states, np.tile(k, (len(states), 1))]) @ (w @ h.T + b[:, None]) + h @ c) for k in np.eye(3)
    ]
    p = np.sum(score, axis=(0, 2)) / np.sum(score)
    place = (data.test_images > 127) @ 2 ** np.arange(14, -1, -1)
    assert set(np.unique(data.test_images)) <= {0, 255}
    assert table["log-likelihood, exact"] == [pytest.approx(np.log(p[place]).mean(), abs=6e-4)]
    value, error = table["log-likelihood, Bennett"]
    assert value == pytest.approx(np.log(p[place]).mean(), abs=5 * error + 1e-3)


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
    assert "images misread, %" not in rows(printed)
    assert f"{folder} has no labels" in printed
