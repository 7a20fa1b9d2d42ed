"""Draws of the hot loop, by every bit generator that NumPy has."""

import numpy as np
import pytest

import rbm
from rbm.models.layers import Bernoulli, uniform_in_one_to_two
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
def test_uniforms_are_uniform_at_even_and_odd_places(kind):
    """The deviation of a mean of n uniforms is 1 / sqrt(12 n), that of a share of 1/16 sqrt(15 / 256 n)."""
    drawn = uniform_in_one_to_two(np.random.Generator(kind(1)), N)
    assert drawn.dtype == np.float32
    for part in (drawn[::2], drawn[1::2]):
        n = len(part)
        assert part.min() >= 1
        assert part.max() < 2
        assert part.mean() == pytest.approx(1.5, abs=5 / np.sqrt(12 * n))
        shares = np.bincount(((part - 1) * 16).astype(int), minlength=16) / n
        np.testing.assert_allclose(shares, 1 / 16, atol=5 * np.sqrt(15 / 256 / n))


@by_every_generator
def test_neighbours_know_nothing_of_each_other(kind):
    drawn = uniform_in_one_to_two(np.random.Generator(kind(2)), N)
    for lag in (1, 2):
        assert np.corrcoef(drawn[:-lag], drawn[lag:])[0, 1] == pytest.approx(0, abs=5 / np.sqrt(N))


@by_every_generator
def test_units_are_on_as_often_as_their_mean_says(kind):
    mean = np.full((10_007, 7), 0.12, dtype=np.float32)
    drawn = Bernoulli(np.random.Generator(kind(3)), mean.size).draw(mean, out=np.empty_like(mean))
    np.testing.assert_allclose(drawn.mean(axis=0), 0.12, atol=5 * np.sqrt(0.12 * 0.88 / len(mean)))


@by_every_generator
def test_ais_by_every_generator(kind):
    model = brute.tiny(5, 7, seed=4)
    found = rbm.likelihood.ais(model, np.random.Generator(kind(5)), 1009, betas=rbm.likelihood.schedule((100, 1.0)))
    assert found.log_partition == pytest.approx(brute.log_partition(brute.params(model)), abs=5 * found.standard_error)
    assert found.standard_error < 0.01


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (np.random.SFC64, [8341182, 2343713, 4501424, 4461121, 7419321]),
        (np.random.PCG64, [3733313, 4514449, 4343304, 2879564, 7936793]),
    ],
)
def test_the_stream_that_kept_runs_continue_is_what_it_was(kind, first):
    drawn = uniform_in_one_to_two(np.random.Generator(kind(6)), 5)
    assert (drawn.view(np.uint32) & 0x7FFFFF).tolist() == first
