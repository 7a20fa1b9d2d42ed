"""Mixing measures against known processes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rbm.measures import mixing


def test_hamming_distance_counts_pixels_that_crossed_the_middle() -> None:
    states = np.array([[[0, 200, 100]], [[255, 255, 0]], [[0, 0, 0]]], dtype=np.uint8)
    assert mixing.hamming(states).tolist() == [[0], [1], [1]]


@pytest.mark.parametrize("flip", [0.5, 0.2, 0.05])
def test_memory_of_pixels_that_flip_at_a_known_rate(flip: float) -> None:
    """A bit that flips with probability q has ρ(t) = (1 - 2q)^t, so τ = (1 + ρ(1)) / (1 - ρ(1)) = (1 - q) / q."""
    rng = np.random.default_rng(11)
    kept, chains, pixels = 1500, 3, 101
    flips = rng.random((kept, chains, pixels)) < flip
    states = ((flips.cumsum(axis=0) % 2) * 255).astype(np.uint8)
    rho = mixing.autocorrelation(states)
    np.testing.assert_allclose(rho[:6], (1 - 2 * flip) ** np.arange(6), atol=0.02)
    time = mixing.memory(rho, every=3, chains=chains)
    assert time.complete
    assert time.sweeps == pytest.approx(3 * (1 - flip) / flip, rel=0.1)


def flipping(rng: np.random.Generator, kept: int, chains: int, flip: float, pixels: int = 53) -> np.ndarray:
    flips = rng.random((kept, chains, pixels)) < flip
    return (((flips.cumsum(axis=0) + rng.integers(0, 2, (chains, pixels))) % 2) * 255).astype(np.uint8)


@pytest.mark.parametrize(("kept", "chains"), [(201, 1), (101, 3)])
def test_the_memory_of_a_short_film_is_not_biased(kept: int, chains: int) -> None:
    """Over 40 films of 10 to 25 times the memory; without its correction the mean is 20 to 30 % low."""
    rng, flip = np.random.default_rng(12), 0.1
    found = [
        mixing.memory(mixing.autocorrelation(flipping(rng, kept, chains, flip)), chains=chains).sweeps
        for _ in range(40)
    ]
    assert np.mean(found) == pytest.approx((1 - flip) / flip, rel=0.1)


def test_one_chain_never_says_that_it_has_seen_all() -> None:
    """However long it is: stuck in one of two places it would look as if it forgot at once."""
    rng = np.random.default_rng(13)
    alone, several = flipping(rng, 997, 1, 0.5), flipping(rng, 997, 3, 0.5)
    assert not mixing.memory(mixing.autocorrelation(alone), chains=1).complete
    assert mixing.memory(mixing.autocorrelation(several), chains=3).complete


def test_a_film_of_few_memories_is_too_short_to_tell() -> None:
    rng = np.random.default_rng(14)
    for kept, told in ((101, False), (997, True)):  # 22 and 222 times the memory of 9 sweeps, in two chains
        states = flipping(rng, kept, 2, 0.1)
        assert mixing.memory(mixing.autocorrelation(states), chains=2).complete is told


def test_stuck_chains_remember_for_ever() -> None:
    stuck = np.repeat(np.array([[[0, 255], [255, 0]]], dtype=np.uint8), 30, axis=0)
    for states in (stuck, np.zeros((30, 2, 5), np.uint8)):
        time = mixing.memory(mixing.autocorrelation(states), chains=states.shape[1])
        assert not time.complete
        assert time.sweeps == pytest.approx(59)


def test_visits_count_digits_that_last() -> None:
    labels = np.array([[3, 1], [3, 1], [8, 1], [3, 1], [-1, 1], [-1, 1], [5, 1], [5, 1], [3, 1], [3, 1]])
    found = mixing.visits(labels, every=2, hold=4)
    assert found.jumps == 2, "the 8 flickers and -1 is no digit: 3, 5, 3"
    assert found.distinct.tolist() == [2, 1]
    assert found.sweeps_between == 2 * 9 * 2 / 2
    assert mixing.visits(labels[:, 1:]).sweeps_between == math.inf
