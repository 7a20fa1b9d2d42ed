"""Teaching an RBM to read: the gradient against finite differences, and that it still dreams."""

from __future__ import annotations

import numpy as np
import pytest

import rbm
from rbm.errors import BadValue
from rbm.models.layers import Parameters
from rbm.training.reading import dreaming_gradient, reading_gradient, teach_reading
from tests import brute

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 3, 90)
IMAGES = (RNG.integers(0, 2, (3, 5))[LABELS] ^ (RNG.random((90, 5)) < 0.1)).astype(np.float32)
PLAIN = brute.tiny(8, 4, seed=2)
MODEL = rbm.LabelRBM(PLAIN.weights, PLAIN.visible_bias, PLAIN.hidden_bias, n_classes=3)


def mean_log_chance(p: brute.Params) -> float:
    """Mean log p(y | x), by summing over all hidden states."""
    total = 0.0
    for x, y in zip(IMAGES[:9].tolist(), LABELS[:9], strict=True):
        scores = [brute.logsumexp([-brute.energy(p, (*x, *(float(k == on) for k in range(3))), h)
                                   for h in brute.states(4)]) for on in range(3)]  # fmt: skip
        total += scores[y] - brute.logsumexp(scores)
    return total / 9


def test_the_reading_gradient_is_the_slope_of_the_log_chance():
    one_hot = np.eye(3, dtype=np.float32)[LABELS[:9]]
    found = reading_gradient(Parameters(MODEL.weights, MODEL.visible_bias, MODEL.hidden_bias), IMAGES[:9], one_hot)
    p, step = brute.params(MODEL), 1e-4
    for row, slopes in [*zip(p.w, found.weights, strict=True), (p.b, found.visible_bias), (p.c, found.hidden_bias)]:
        for place, slope in enumerate(slopes):
            kept = row[place]
            row[place] = kept + step
            above = mean_log_chance(p)
            row[place] = kept - step
            below = mean_log_chance(p)
            row[place] = kept
            assert slope == pytest.approx((above - below) / (2 * step), abs=1e-5)


def test_chains_of_the_model_itself_find_no_slope_on_average():
    """Data that are the model's own samples, and chains at the same: the two sides of the gradient are alike."""
    rng = np.random.default_rng(0)
    v = rbm.gibbs(MODEL, MODEL.join(np.zeros((40_000, 5), np.float32), np.zeros(40_000, int)), 300, rng)
    p = Parameters(MODEL.weights, MODEL.visible_bias, MODEL.hidden_bias)
    found, chain = dreaming_gradient(MODEL, p, v[:, :5], v[:, 5:], v, rng)
    assert all(np.abs(part).max() < 0.02 for part in found)
    MODEL.check_states(chain)


def test_it_reads_better():
    made = list(teach_reading(MODEL, IMAGES, LABELS, epochs=150, learning_rate=0.5, reading=3.0, chains=20))
    assert len(made) == 150
    before, after = ((model.classify(IMAGES) == LABELS).mean() for model in (MODEL, made[-1]))
    assert before < 0.6
    assert after > 0.85
    assert np.isfinite(made[-1].weights).all()


def test_what_can_not_be_taught_is_refused():
    with pytest.raises(BadValue, match="takes a model with classes, got RBM"):
        next(teach_reading(PLAIN, IMAGES, LABELS, epochs=1, learning_rate=0.1, reading=1.0))
    with pytest.raises(ValueError, match="labels must be"):
        next(teach_reading(MODEL, IMAGES, LABELS + 3, epochs=1, learning_rate=0.1, reading=1.0))
