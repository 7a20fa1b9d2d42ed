"""AIS and reverse AIS against sums over every state."""

import itertools
import math

import numpy as np
import pytest

from rbm import RBM
from rbm.measures import annealing, likelihood
from rbm.measures.annealing import softplus_step
from rbm.measures.likelihood import FULL_SCHEDULE, QUICK_SCHEDULE, ais, bracket, model_samples, reverse_ais, schedule
from rbm.models.arrays import log_odds

STATES = np.array(list(itertools.product((0, 1), repeat=7)))
SHORT = schedule((100, 1.0))
COARSE = [0.0, 0.3, 1.0]


def a_model(scale=1.0):
    rng = np.random.default_rng(11)
    return RBM(scale * rng.standard_normal((7, 11)), rng.standard_normal(7), rng.standard_normal(11))


def unnormalised(model, beta=1.0, base=None):
    """p_β of every state, eq. 18 of Salakhutdinov & Murray (2008), as it stands there."""
    w, b, c = model.weights.astype(float), model.visible_bias.astype(float), model.hidden_bias.astype(float)
    a = b if base is None else base
    return np.exp(STATES @ ((1 - beta) * a + beta * b)) * (1 + np.exp(beta * (STATES @ w + c))).prod(axis=1)


def log_z(model):
    return math.log(unnormalised(model).sum())


def exact_samples(model, n, rng):
    p = unnormalised(model)
    return STATES[rng.choice(len(STATES), n, p=p / p.sum())]


def test_the_published_schedule():
    assert len(FULL_SCHEDULE) == 14_501
    assert FULL_SCHEDULE[[0, 500, 4500, 14_500]].tolist() == [0.0, 0.5, 0.9, 1.0]
    np.testing.assert_allclose(np.diff(FULL_SCHEDULE)[[0, 500, 4500]], [1e-3, 1e-4, 1e-5])
    assert (np.diff(QUICK_SCHEDULE) > 0).all()


def test_the_full_schedule_finds_log_z_to_a_hundredth():
    estimate = ais(a_model(), np.random.default_rng(0))
    assert estimate.log_partition == pytest.approx(log_z(a_model()), abs=0.01)
    assert estimate.standard_error < 0.01
    assert estimate.effective_sample_size > 99


@pytest.mark.parametrize("betas", [SHORT, COARSE, [0.0, 1.0]])
@pytest.mark.parametrize("base", [None, np.linspace(-1, 1, 7)])
def test_ais_is_unbiased_for_z_on_any_schedule(betas, base):
    model = a_model(0.5)
    estimate = ais(model, np.random.default_rng(1), 3001, betas=betas, base=base)
    assert estimate.log_partition == pytest.approx(log_z(model), abs=4 * estimate.standard_error)
    assert 0 < estimate.standard_error < 0.1


@pytest.mark.parametrize("betas", [SHORT, COARSE])
@pytest.mark.parametrize("base", [None, np.linspace(-1, 1, 7)])
def test_reverse_ais_is_unbiased_for_its_inverse(betas, base):
    model, rng = a_model(0.5), np.random.default_rng(2)
    estimate = reverse_ais(model, exact_samples(model, 3001, rng), rng, betas=betas, base=base)
    assert estimate.log_partition == pytest.approx(log_z(model), abs=4 * estimate.standard_error)
    assert 0 < estimate.standard_error < 0.1


def test_single_chains_bracket_log_z_on_average():
    """E[log w] lies below log E[w] (Jensen), for a coarse schedule by far more than the noise."""
    model, rng = a_model(), np.random.default_rng(3)
    forward = ais(model, rng, 1009, betas=COARSE)
    backward = reverse_ais(model, exact_samples(model, 1009, rng), rng, betas=COARSE)
    base = 11 * math.log(2) + np.log1p(np.exp(model.visible_bias.astype(float))).sum()
    assert base + forward.log_weights.mean() < log_z(model) - 0.3
    assert base - backward.log_weights.mean() > log_z(model) + 0.3


@pytest.mark.parametrize("start", [None, np.zeros((5, 7), dtype=np.uint8)])
def test_the_bracket_holds_log_z_within_its_errors(start):
    found = bracket(a_model(), np.random.default_rng(4), betas=QUICK_SCHEDULE, start=start, sweeps=50)
    assert found.trusted
    assert found.log_partition == pytest.approx(log_z(a_model()), abs=4 * found.standard_error)
    assert found.lower < log_z(a_model()) < found.upper < found.lower + 0.1
    for side in (found.forward, found.reverse):
        assert side.log_partition == pytest.approx(log_z(a_model()), abs=4 * side.standard_error)
        assert found.standard_error < 1.2 * side.standard_error


def test_zero_weights_give_the_closed_form():
    """Every chain then has the same weight; 1e-6 of it is what float32 steps may add up to."""
    model = a_model(0.0)
    estimate = ais(model, np.random.default_rng(5), 3)
    assert estimate.log_partition == pytest.approx(log_z(model), rel=1e-6)
    assert estimate.standard_error < 1e-12
    assert estimate.effective_sample_size == pytest.approx(3)


def test_zero_weights_and_hidden_biases_give_it_exactly():
    model = RBM(np.zeros((7, 11)), a_model().visible_bias, np.zeros(11))
    rng = np.random.default_rng(6)
    for estimate in (ais(model, rng, 3), reverse_ais(model, exact_samples(model, 3, rng), rng)):
        assert estimate.log_partition == pytest.approx(log_z(model), rel=1e-15)


def test_the_base_rate_comes_from_images():
    images = (STATES[::3] * 255).astype(np.uint8)
    mean = [(sum(column) / 255 + 0.5) / (len(images) + 1) for column in images.T.tolist()]
    np.testing.assert_allclose(log_odds(images), [math.log(p / (1 - p)) for p in mean])


@pytest.mark.parametrize(("before", "after"), [(0.5, 0.5001), (0.5001, 0.5), (0.99999, 1.0), (0.0, 1.0), (1.0, 0.0)])
def test_the_softplus_step_does_not_cancel(before, after):
    """The oracle takes the difference of logarithms in extended precision, one unit at a time."""
    x = np.array([[-1e4, -50, -7, -1, -1e-3, 0, 1e-3, 1, 7, 50, 1e4]], dtype=np.float32).T
    wide = x[:, 0].astype(np.longdouble)
    wanted = np.logaddexp(0, np.longdouble(after) * wide) - np.logaddexp(0, np.longdouble(before) * wide)
    got = softplus_step(x, before, after, np.empty_like(x), np.empty_like(x))
    rounding = 4 * np.finfo(np.float32).eps * abs(after - before) * np.abs(wide)
    assert (np.abs(got - wanted) <= rounding).all()


def test_same_seed_same_estimate_and_blocks_do_not_show(monkeypatch):
    model = a_model()
    first, again = (ais(model, np.random.default_rng(7), 13, betas=SHORT) for _ in range(2))
    np.testing.assert_array_equal(first.log_weights, again.log_weights)
    monkeypatch.setattr(annealing, "CHAIN_BLOCK", 3)
    blocks = ais(model, np.random.default_rng(7), 3001, betas=COARSE)
    assert blocks.log_weights.shape == (3001,)
    assert blocks.log_partition == pytest.approx(log_z(model), abs=4 * blocks.standard_error)


def test_the_effective_sample_size_and_error_of_known_weights():
    estimate = likelihood._estimate(np.log([1.0, 3.0]) - 800, 5.0, sign=+1)
    assert estimate.log_partition == pytest.approx(5 - 800 + math.log(2))
    assert estimate.effective_sample_size == pytest.approx(16 / 10)
    assert estimate.standard_error == pytest.approx(0.5)  # weights 0.5 and 1.5 of the mean: s / sqrt(2)


@pytest.mark.parametrize("start", [None, np.full((3, 7), 0.5)])
def test_model_samples_follow_the_model(start):
    """Total variation from the exact distribution, beside what as many exact samples show of it."""
    model, n, rng = a_model(0.5), 4001, np.random.default_rng(8)
    p = unnormalised(model) / unnormalised(model).sum()
    place = 2 ** np.arange(6, -1, -1)

    def distance(samples):
        counts = np.bincount(samples.astype(int) @ place, minlength=128)
        return np.abs(counts / len(samples) - p).sum() / 2

    floor = np.mean([distance(exact_samples(model, n, rng)) for _ in range(20)])
    assert distance(model_samples(model, n, rng, start=start, sweeps=30)) < 1.5 * floor


def test_the_average_log_likelihood_is_exact_when_log_z_is():
    model = a_model()
    p = unnormalised(model) / unnormalised(model).sum()
    got = likelihood.average_log_likelihood(model, STATES, log_z(model))
    assert got == pytest.approx(np.log(p).mean(), rel=1e-12)


@pytest.mark.parametrize("betas", [[0, 0.5], [0.1, 1], [0, 0.5, 0.5, 1], [1, 0], [1], [[0, 1]], [0, np.nan, 1]])
def test_a_bad_schedule_is_refused(betas):
    with pytest.raises(ValueError, match="rise from 0 to 1"):
        ais(a_model(), np.random.default_rng(0), betas=betas)


def test_other_bad_arguments_are_refused():
    model, rng = a_model(), np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 2 chains, got 1"):
        ais(model, rng, 1)
    with pytest.raises(ValueError, match="at least 2 chains, got 1"):
        reverse_ais(model, STATES[:1], rng)
    with pytest.raises(ValueError, match="binary"):
        reverse_ais(model, STATES * 0.5, rng)
    for base in (np.zeros(11), np.full(7, np.inf)):
        with pytest.raises(ValueError, match="7 finite visible biases"):
            ais(model, rng, base=base)


def test_a_model_with_other_units_is_refused():
    class OtherRBM(RBM):
        pass

    model = OtherRBM(np.zeros((7, 11)), np.zeros(7), np.zeros(11))
    for estimate in (lambda: ais(model, np.random.default_rng(0)), lambda: model_samples(model, 3, None)):
        with pytest.raises(ValueError, match="a OtherRBM has others"):
            estimate()
