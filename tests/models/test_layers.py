"""Draws of the hot loop, by every bit generator that NumPy has."""

import numpy as np
import pytest

import rbm
from rbm.models import layers
from rbm.models.layers import Bernoulli, random_words
from tests import brute

GENERATORS = [
    getattr(np.random, name)
    for name in dir(np.random)
    if isinstance(getattr(np.random, name), type)
    and issubclass(getattr(np.random, name), np.random.BitGenerator)
    and getattr(np.random, name) is not np.random.BitGenerator
]
N = 100_003
by_every_generator = pytest.mark.parametrize("kind", GENERATORS, ids=lambda kind: kind.__name__)


def test_all_of_them_are_there():
    names = {kind.__name__ for kind in GENERATORS}
    assert {"MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"} <= names


@by_every_generator
def test_words_are_uniform_at_each_quarter_of_a_raw_one(kind):
    """The deviation of a mean of n uniforms is 1 / sqrt(12 n), that of a share of 1/16 sqrt(15 / 256 n)."""
    drawn = random_words(np.random.Generator(kind(1)), N)
    assert drawn.dtype == np.uint16
    assert len(drawn) == N
    for part in (drawn[quarter::4] for quarter in range(4)):
        n = len(part)
        assert part.mean() / 65536 == pytest.approx(0.5, abs=5 / np.sqrt(12 * n))
        for bits in (part >> 12, part & 15):
            shares = np.bincount(bits, minlength=16) / n
            np.testing.assert_allclose(shares, 1 / 16, atol=5 * np.sqrt(15 / 256 / n))


@by_every_generator
def test_neighbours_know_nothing_of_each_other(kind):
    drawn = random_words(np.random.Generator(kind(2)), N)
    for lag in (1, 2, 4):
        assert np.corrcoef(drawn[:-lag], drawn[lag:])[0, 1] == pytest.approx(0, abs=5 / np.sqrt(N))


def logit(p):
    return np.log(p) - np.log1p(-p)


@by_every_generator
@pytest.mark.parametrize("how", ["from the mean", "from the total input"])
def test_units_are_on_as_often_as_their_mean_says(kind, how):
    shares = np.array([0, 0.003, 0.12, 0.5, 0.97, 1])
    mean = np.tile(shares.astype(np.float32), (10_007, 1))
    units = Bernoulli(np.random.Generator(kind(3)), mean.size)
    if how == "from the mean":
        drawn = units.draw(mean, out=np.empty_like(mean))
    else:
        with np.errstate(divide="ignore"):
            x = logit(np.float64(mean)).astype(np.float32)
        drawn = units.sample(x, out=x)
    assert set(np.unique(drawn)) == {0, 1}
    np.testing.assert_allclose(drawn.mean(axis=0), shares, atol=5 * np.sqrt((shares * (1 - shares)).max() / len(mean)))
    assert (drawn[:, [0, -1]] == [0, 1]).all()


@pytest.mark.parametrize("p", [0.3 / 65536, 0.9 / 65536, 1000.25 / 65536, 0.5 + 0.75 / 65536, 1 - 0.6 / 65536])
@pytest.mark.parametrize("how", ["from the mean", "from the total input"])
def test_a_die_that_is_even_is_settled_by_what_is_behind_its_point(p, how, monkeypatch):
    """Without that a share below 1/65,536 would be none at all. Every die is made to be even here."""
    n = 20_011
    who = 65536 * p if how == "from the mean" else 65536 * (1 - p)
    whole, rest = np.divmod(who, 1)
    monkeypatch.setattr(layers, "random_words", lambda rng, count: np.full(count, whole, np.uint16))
    units = Bernoulli(np.random.Generator(np.random.SFC64(4)), n)
    if how == "from the mean":
        found = units.draw(np.full((n, 1), p, np.float32), out=np.empty((n, 1), np.float32)).mean()
    else:
        x = np.full((n, 1), logit(p), np.float32)
        found = 1 - units.sample(x, out=x).mean()
    spacing = 65536 * np.spacing(np.float32(max(p, 1 - p)))  # so well a float32 tells 65536 p
    slack = 4 * spacing if how == "from the total input" else spacing
    assert found == pytest.approx(rest, abs=slack + 5 * np.sqrt(0.25 / n))


def test_extreme_inputs_are_no_warning_and_no_chance():
    x = np.array([[-1e30, -200, 200, 1e30]] * 1009, np.float32)
    units = Bernoulli(np.random.Generator(np.random.SFC64(5)), x.size)
    assert (units.mean_(x.copy()) == [0, 0, 1, 1]).all()
    assert (units.sample(x, out=x) == [0, 0, 1, 1]).all()


def test_means_are_sigmoids():
    x = np.linspace(-30, 30, 10_007, dtype=np.float32).reshape(1, -1)
    exact = 1 / (1 + np.exp(-np.float64(x)))
    units = Bernoulli(np.random.Generator(np.random.SFC64(6)), x.size)
    np.testing.assert_allclose(units.mean_(x), exact, atol=2e-7)


@by_every_generator
def test_ais_by_every_generator(kind):
    model = brute.tiny(5, 7, seed=4)
    found = rbm.likelihood.ais(model, np.random.Generator(kind(5)), 1009, betas=rbm.likelihood.schedule((100, 1.0)))
    assert found.log_partition == pytest.approx(brute.log_partition(brute.params(model)), abs=5 * found.standard_error)
    assert found.standard_error < 0.01


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (np.random.SFC64, [32219, 65165, 17212, 18310, 25058]),
        (np.random.PCG64, [33534, 29166, 9105, 35269, 4319]),
    ],
)
def test_the_stream_that_kept_runs_continue_is_what_it_was(kind, first):
    assert random_words(np.random.Generator(kind(6)), 5).tolist() == first
