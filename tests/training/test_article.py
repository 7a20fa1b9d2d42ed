"""What chapter 8 of Learn says of the article's program, by running its loop (written here from its description)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest

import rbm
from rbm.app.learn_page import questions
from rbm.measures import diagnostics
from rbm.training import small
from rbm.training.config import Negative

RATE, BATCH = 0.1, 128


class Machine(NamedTuple):
    w: np.ndarray  # (hidden, visible)
    bv: np.ndarray
    bh: np.ndarray


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


class Steps(NamedTuple):
    dw: np.ndarray
    dbv: np.ndarray
    dbh: np.ndarray
    error: float
    h0: np.ndarray
    v1: np.ndarray
    h1: np.ndarray


def article_step(machine: Machine, v0_prob: np.ndarray, rng: np.random.Generator) -> Steps:
    n = len(v0_prob)
    h0_prob = sigmoid(v0_prob @ machine.w.T + machine.bh)
    h0 = (h0_prob > rng.random(h0_prob.shape)).astype(float)
    v1_prob = sigmoid(h0 @ machine.w + machine.bv)
    v1 = (v1_prob > rng.random(v1_prob.shape)).astype(float)
    h1_prob = sigmoid(v1 @ machine.w.T + machine.bh)
    h1 = (h1_prob > rng.random(h1_prob.shape)).astype(float)
    dw = (h0.T @ v0_prob - h1.T @ v1_prob) / n
    dbv, dbh = (v0_prob - v1_prob).sum(axis=0) / n, (h0_prob - h1_prob).sum(axis=0) / n
    error = ((v0_prob - v1_prob) ** 2).sum(axis=1).mean()
    return Steps(dw, dbv, dbh, error, h0, v1, h1)


def train(images: np.ndarray, hidden: int, epochs: int) -> tuple[Machine, list[float]]:
    """The article's loop, and what it prints after each epoch."""
    rng = np.random.default_rng(0)
    machine = Machine(rng.normal(0, 0.1, (hidden, images.shape[1])), np.zeros(images.shape[1]), np.zeros(hidden))
    printed = []
    for _ in range(epochs):
        err_sum, order = 0.0, rng.permutation(len(images))
        for begin in range(0, len(images), BATCH):
            steps = article_step(machine, images[order[begin : begin + BATCH]], rng)
            machine = Machine(machine.w + RATE * steps.dw, machine.bv + RATE * steps.dbv, machine.bh + RATE * steps.dbh)
            err_sum += steps.error
        printed.append(err_sum / len(images))
    return machine, printed


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return rbm.datasets.load("digits-8x8").train_images / 255


def error_of(model: rbm.RBM, images: np.ndarray) -> float:
    return float(diagnostics.reconstruction_error(model, images.astype(np.float32)).mean())


def ours(images: np.ndarray, negative: Negative) -> float:
    """The error of our CD-1 with the article's settings."""
    config = rbm.TrainConfig(
        n_hidden=31, batch_size=BATCH, weight_std=0.1, visible_bias="zero", epochs=30, negative=negative
    )
    for report in rbm.train(images.astype(np.float32), config):
        last = report.model
    return error_of(last, images)


def test_it_learns_as_ours_with_dreamed_probabilities_and_to_a_lower_error_than_with_draws(images: np.ndarray) -> None:
    machine, printed = train(images, 31, 30)
    error = error_of(rbm.RBM(machine.w.T, machine.bv, machine.bh), images)
    assert error == pytest.approx(ours(images, "mean"), rel=0.1)
    assert error < 0.85 * ours(images, "sample")
    factor = len(images) / math.ceil(len(images) / BATCH)
    assert 0.9 * BATCH < factor <= BATCH, "what it prints is about a batch size too small"
    assert error < printed[-1] * factor < 2 * error, "its error is that of a drawn h0: somewhat larger than ours"


def test_the_question_has_the_articles_own_numbers() -> None:
    assert questions.question("article").right == f"{5000 / 40:.0f} times smaller"


def test_the_preset_is_the_articles_run() -> None:
    classic = rbm.PRESETS["Classic 784-500"]
    assert (classic.n_hidden, classic.epochs, classic.batch_size, classic.learning_rate) == (500, 30, 128, 0.1)
    assert (classic.algorithm, classic.gibbs_steps, classic.momentum, classic.final_momentum) == ("cd", 1, 0, 0)
    assert (classic.weight_std, classic.visible_bias, classic.binarize) == (0.1, "zero", "none")
    assert (classic.l1, classic.l2, classic.sparsity_cost, classic.centering) == (0, 0, 0, False)
    assert (classic.schedule, classic.negative) == ("constant", "sample")


def test_its_drawn_step_has_our_mean_where_pixels_are_drawn_from_the_same_probabilities(images: np.ndarray) -> None:
    """dbh is ours, draw by draw; dW has our mean over h0, but pairs v1's probabilities with an h1 of the drawn v1."""
    rng = np.random.default_rng(1)
    machine = Machine(rng.normal(0, 0.5, (7, 64)), rng.normal(0, 0.5, 64), rng.normal(0, 0.5, 7))
    model = rbm.RBM(machine.w.T, machine.bv, machine.bh)
    v0 = np.tile(images[:1], (20_000, 1))
    theirs = article_step(machine, v0, rng)
    parts = small.cd_parts(model, v0, np.random.default_rng(2))
    noise = 5 / math.sqrt(len(v0))
    assert theirs.dbh == pytest.approx(parts.gradient.hidden_bias, abs=noise)
    assert theirs.dbv == pytest.approx(parts.gradient.visible_bias, abs=noise)
    mean_h1, mean_v1 = model.mean_hidden(theirs.v1), model.mean_visible(theirs.h0)
    with_probabilities = (model.mean_hidden(v0).T @ v0 - mean_h1.T @ mean_v1) / len(v0)
    assert theirs.dw == pytest.approx(with_probabilities, abs=noise), "drawing h adds noise and nothing else"
    usual = parts.gradient.weights.T
    assert np.abs(with_probabilities - usual).max() > 3 * np.abs(theirs.dbh - parts.gradient.hidden_bias).max(), (
        "but v1's probabilities beside an h1 of the drawn v1 are another step"
    )
