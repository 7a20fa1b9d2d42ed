"""Pseudo-likelihood against conditionals read off the whole joint distribution."""

import itertools
import math

import numpy as np
import pytest

from rbm import RBM, pseudo_likelihood, stochastic_pseudo_likelihood

RNG = np.random.default_rng(5)
MODEL = RBM(RNG.standard_normal((7, 11)), RNG.standard_normal(7), RNG.standard_normal(11))
IMAGES = RNG.integers(0, 2, (13, 7))


def unnormalised(model, v):
    """Σ_h exp(-E(v, h)): the hidden units are independent, so the sum is a product."""
    visible = sum(b * vi for b, vi in zip(model.visible_bias.tolist(), v, strict=True))
    inputs = [
        c + sum(w * vi for w, vi in zip(column, v, strict=True))
        for c, column in zip(model.hidden_bias.tolist(), model.weights.T.tolist(), strict=True)
    ]
    return math.exp(visible) * math.prod(1 + math.exp(x) for x in inputs)


def brute_pseudo_likelihood(model, v):
    total = 0.0
    for i in range(len(v)):
        flipped = [1 - vi if j == i else vi for j, vi in enumerate(v)]
        total += math.log(unnormalised(model, v) / (unnormalised(model, v) + unnormalised(model, flipped)))
    return total


class EveryPixelInTurn:
    """A generator whose integers are 0, 1, 2, ...: the expectation over pixels becomes a plain mean."""

    def integers(self, high, size):
        return np.arange(size) % high


def test_against_the_joint_distribution():
    wanted = [brute_pseudo_likelihood(MODEL, v) for v in IMAGES.tolist()]
    np.testing.assert_allclose(pseudo_likelihood(MODEL, IMAGES), wanted, rtol=1e-12)


def test_every_conditional_is_a_probability():
    every = np.array(list(itertools.product((0, 1), repeat=7)))
    assert (pseudo_likelihood(MODEL, every) < 0).all()


def test_the_stochastic_one_is_unbiased():
    exact = pseudo_likelihood(MODEL, IMAGES)
    for v, wanted in zip(IMAGES, exact, strict=True):
        terms = stochastic_pseudo_likelihood(MODEL, np.tile(v, (7, 1)), EveryPixelInTurn())
        assert terms.mean() == pytest.approx(wanted, rel=1e-12)


def test_the_stochastic_one_picks_every_pixel_equally_often():
    draws = stochastic_pseudo_likelihood(MODEL, np.tile(IMAGES[0], (20_000, 1)), np.random.default_rng(6))
    error = draws.std() / np.sqrt(len(draws))
    assert draws.mean() == pytest.approx(pseudo_likelihood(MODEL, IMAGES[0])[0], abs=4 * error)


def test_without_weights_it_is_the_likelihood():
    model = RBM(np.zeros((7, 11)), MODEL.visible_bias, MODEL.hidden_bias)
    b = model.visible_bias.astype(float)
    wanted = IMAGES @ b - np.log1p(np.exp(b)).sum()
    np.testing.assert_allclose(pseudo_likelihood(model, IMAGES), wanted, rtol=1e-12)


def test_huge_weights_do_not_overflow():
    model = RBM(1000 * MODEL.weights, MODEL.visible_bias, MODEL.hidden_bias)
    assert np.isfinite(pseudo_likelihood(model, IMAGES)).all()
    assert np.isfinite(stochastic_pseudo_likelihood(model, IMAGES, np.random.default_rng(0))).all()


def test_blocks_make_no_difference(monkeypatch):
    whole = pseudo_likelihood(MODEL, IMAGES)
    monkeypatch.setattr("rbm.measures.exact.BLOCK_BYTES", 8 * 11 * 4)
    np.testing.assert_allclose(pseudo_likelihood(MODEL, IMAGES), whole, rtol=1e-13)


@pytest.mark.parametrize("measure", [pseudo_likelihood, lambda m, v: stochastic_pseudo_likelihood(m, v, RNG)])
def test_grey_images_are_refused(measure):
    with pytest.raises(ValueError, match="binary"):
        measure(MODEL, np.full((2, 7), 0.3))
