"""Learning on a machine that is small enough: each step against loops over all that it may draw."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rbm
from rbm.measures import exact
from rbm.measures.exact import Gradient
from rbm.training import small
from tests import brute

VISIBLE, HIDDEN = 3, 2
DRAWS = 20_000


@pytest.fixture(scope="module")
def model() -> rbm.RBM:
    return brute.tiny(VISIBLE, HIDDEN, seed=4)


DATA = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])


def flat(gradient: Gradient) -> np.ndarray:
    return np.concatenate([np.ravel(part) for part in gradient])


def expected_by_loops(model: rbm.RBM, k: int) -> np.ndarray:
    """Σ over images and ends of the chain: v₀ p(h | v₀)ᵀ - v_k p(h | v_k)ᵀ, and the biases'."""
    p, total = brute.params(model), np.zeros(VISIBLE * HIDDEN + VISIBLE + HIDDEN)

    def moments(v: brute.State) -> np.ndarray:
        h = brute.mean_hidden(p, v)
        return np.concatenate([np.outer(v, h).ravel(), v, h])

    for row in DATA:
        start = tuple(row.tolist())
        total += moments(start) / len(DATA)
        for v, probability in brute.after_sweeps(p, start, k).items():
            total -= probability * moments(v) / len(DATA)
    return total


@pytest.mark.parametrize("k", [1, 2])
def test_what_cd_expects_is_the_sum_over_all_that_it_may_draw(model: rbm.RBM, k: int) -> None:
    assert flat(small.expected_cd(model, DATA, k)) == pytest.approx(expected_by_loops(model, k), abs=1e-6)


def test_many_draws_of_cd_have_that_mean(model: rbm.RBM) -> None:
    parts = small.cd_parts(model, np.tile(DATA, (DRAWS // 2, 1)), np.random.default_rng(0))
    spread = 4 * 0.5 / math.sqrt(DRAWS)  # four deviations of a mean of numbers in [-1, 1]
    assert flat(parts.gradient) == pytest.approx(flat(small.expected_cd(model, DATA)), abs=2 * spread)
    assert set(np.unique(parts.v1)) <= {0.0, 1.0}
    assert parts.mean_h1 == pytest.approx(model.mean_hidden(parts.v1))


def test_more_sweeps_draw_from_the_longer_chain(model: rbm.RBM) -> None:
    parts = small.cd_parts(model, np.tile(DATA[:1], (DRAWS, 1)), np.random.default_rng(1), k=3)
    walked = brute.after_sweeps(brute.params(model), tuple(DATA[0].tolist()), 3)
    assert brute.total_variation(parts.v1, walked) < brute.monte_carlo_floor(walked, DRAWS)


def test_with_very_many_sweeps_cd_expects_the_gradient(model: rbm.RBM) -> None:
    truth = exact.gradient(model, DATA)
    assert flat(small.expected_cd(model, DATA, 200)) == pytest.approx(flat(truth), abs=1e-6)
    assert small.cosine(truth, small.expected_cd(model, DATA, 200)) == pytest.approx(1)


def test_a_dream_that_equals_the_picture_changes_nothing(model: rbm.RBM) -> None:
    v = DATA.astype(np.float32)
    h = model.mean_hidden(v)
    assert not flat(small.CdParts(v, h, h, v, v, h).gradient).any()


def test_ascending_raises_the_likelihood_at_every_small_step(model: rbm.RBM) -> None:
    walk = small.ascend(model, lambda now: exact.gradient(now, DATA), 0.1, 17)
    likelihood = [exact.log_likelihood(one, DATA).mean() for one in walk]
    assert len(likelihood) == 18
    assert (np.diff(likelihood) > 0).all()


def test_bars_and_stripes_are_all_of_them_once() -> None:
    found = {tuple(row) for row in small.bars_and_stripes(3).tolist()}
    assert len(found) == len(small.bars_and_stripes(3)) == 14
    for row in found:
        lines = [row[i : i + 3] for i in (0, 3, 6)]
        assert all(len(set(line)) == 1 for line in lines) or len(set(lines)) == 1


def test_cosine_of_right_angles_and_of_opposites() -> None:
    right = [Gradient(np.array([[x]]), np.array([y]), np.zeros(1)) for x, y in ((1.0, 0.0), (0.0, 2.0), (-3.0, 0.0))]
    assert small.cosine(right[0], right[1]) == 0
    assert small.cosine(right[0], right[2]) == -1
