"""Gibbs sampling against enumeration: 20,000 chains each, bounded by the Monte Carlo floor (brute.py)."""

from __future__ import annotations

import numpy as np
import pytest

import rbm
from rbm.models import sampling
from tests import brute

CHAINS = 20_000
SIZES = [(3, 7), (7, 3)]


def draw(exact: dict[brute.State, float], rng: np.random.Generator) -> np.ndarray:
    """CHAINS independent states, drawn from `exact` by the inverse of its distribution function."""
    edges = np.cumsum(list(exact.values()))
    return np.array(list(exact))[np.searchsorted(edges / edges[-1], rng.random(CHAINS), side="right")]


def assert_drawn_from(samples: np.ndarray, exact: dict[brute.State, float]) -> None:
    assert sum(exact.values()) == pytest.approx(1)
    assert brute.total_variation(samples, exact) < brute.monte_carlo_floor(exact, len(samples))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("temperature", [1.0, 0.5, 3.0])
def test_gibbs_leaves_the_exact_distribution_unchanged(size, temperature):
    model, rng = brute.tiny(*size, seed=2), np.random.default_rng(3)
    exact = brute.marginal(brute.params(model), temperature)
    v = draw(exact, rng)
    moved = rbm.gibbs(model, v, 3, rng, temperature=temperature)
    assert (moved != v).any()
    assert_drawn_from(moved, exact)


@pytest.mark.parametrize(("size", "steps"), [((3, 7), 1), ((3, 7), 2), ((7, 3), 1)], ids=str)
@pytest.mark.parametrize("temperature", [1.0, 0.5, 3.0])
def test_each_sweep_is_the_enumerated_kernel(size, steps, temperature):
    """From one state: a stationary distribution alone would also be left unchanged by standing still."""
    model = brute.tiny(*size, seed=4)
    start = brute.states(size[0])[1]
    exact = brute.after_sweeps(brute.params(model), start, steps, temperature)
    v = rbm.gibbs(model, [start] * CHAINS, steps, np.random.default_rng(5), temperature=temperature)
    assert_drawn_from(v, exact)


def conditional(p: brute.Params, clamp: tuple[bool, ...], values: brute.State) -> dict[brute.State, float]:
    """p(v | v_clamped = values) over all v."""
    fits = {
        v: q
        for v, q in brute.marginal(p).items()
        if all(x == y for x, y, fixed in zip(v, values, clamp, strict=True) if fixed)
    }
    return {v: q / sum(fits.values()) for v, q in fits.items()}


CLAMP, VALUES = (True, False, False, True, False, True, False), (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def test_clamped_gibbs_leaves_the_enumerated_conditional_unchanged():
    model, rng = brute.tiny(7, 3, seed=6), np.random.default_rng(7)
    exact = conditional(brute.params(model), CLAMP, VALUES)
    assert len(exact) == 2 ** CLAMP.count(False)
    v = rbm.gibbs(model, draw(exact, rng), 3, rng, clamp=np.array(CLAMP))
    assert_drawn_from(v, exact)  # a KeyError is a clamped unit that moved


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_a_clamped_sweep_is_the_enumerated_kernel(temperature):
    model = brute.tiny(7, 3, seed=6)
    exact = brute.after_sweeps(brute.params(model), VALUES, 1, temperature, CLAMP)
    rng = np.random.default_rng(8)
    v = rbm.gibbs(model, [VALUES] * CHAINS, 1, rng, clamp=np.array(CLAMP), temperature=temperature)
    assert_drawn_from(v, exact)


def test_clamped_units_never_change_whatever_they_hold():
    model, rng = brute.tiny(7, 3, seed=9), np.random.default_rng(10)
    start = rng.random((13, 7)).astype(np.float32)  # grey levels, and another mask in every row
    clamp = rng.random((13, 7)) < 0.5
    for sweep in sampling.chain(model, start, 11, rng, clamp):
        assert (sweep.visible[clamp] == start[clamp]).all()
        assert (sweep.mean[clamp] == start[clamp]).all()
        assert np.isin(sweep.visible[~clamp], (0, 1)).all()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_draws_of_a_layer_follow_the_enumerated_conditional(size):
    """Whole states, not unit by unit: units that share a random number would have the right means."""
    model, rng = brute.tiny(*size, seed=11), np.random.default_rng(12)
    p = brute.params(model)
    joint = brute.joint(p)
    visible, hidden = brute.states(size[0]), brute.states(size[1])
    v, h = visible[3], hidden[5]
    p_v = sum(joint[v, other] for other in hidden)
    p_h = sum(joint[other, h] for other in visible)
    assert_drawn_from(rbm.sample_hidden(model, [v] * CHAINS, rng), {o: joint[v, o] / p_v for o in hidden})
    assert_drawn_from(rbm.sample_visible(model, [h] * CHAINS, rng), {o: joint[o, h] / p_h for o in visible})


def test_grey_levels_drive_the_first_sweep_as_probabilities():
    model = brute.tiny(3, 7, seed=13)
    p, grey = brute.params(model), (0.25, 0.5, 0.75)
    exact = brute.after_sweeps(p, grey, 1)
    assert_drawn_from(rbm.gibbs(model, [grey] * CHAINS, 1, np.random.default_rng(14)), exact)


def test_certain_units_are_certain():
    rng = np.random.default_rng(15)
    drawn = sampling.bernoulli(np.tile(np.float32([0, 1]), (100_003, 1)), rng)
    assert drawn.dtype == np.float32
    assert (drawn[:, 0] == 0).all()
    assert (drawn[:, 1] == 1).all()


def test_a_uniform_number_of_exactly_0_switches_no_impossible_unit_on():
    class Zeros:
        def random(self, shape, dtype):
            return np.zeros(shape, dtype)

    mean = np.array([[0.0, 2.0**-24]], dtype=np.float32)
    assert sampling.bernoulli(mean, Zeros()).tolist() == [[0, 1]]  # type: ignore[arg-type]


def test_a_sweep_shows_the_mean_it_was_drawn_from():
    """Over n chains from one start, mean(visible - mean) has variance E[m(1 - m)]/n <= 1/(4 n)."""
    model = brute.tiny(3, 7, seed=16)
    (sweep,) = sampling.chain(model, np.zeros((CHAINS, 3)), 1, np.random.default_rng(17))
    assert ((sweep.mean > 0) & (sweep.mean < 1)).all()
    assert np.abs((sweep.visible - sweep.mean).mean(axis=0)).max() < 6.5 / np.sqrt(4 * CHAINS)
    # and it is p(v | h) of one h: each row is one of the 2^7 rows p(v | h) can be
    possible = np.array([brute.mean_visible(brute.params(model), h) for h in brute.states(7)])
    distance = np.abs(sweep.mean[:97, None] - possible).max(axis=2).min(axis=1)
    assert distance.max() < brute.rounding(brute.params(model))


def test_gibbs_is_the_end_of_the_chain_and_depends_on_the_generator_only():
    model, v = brute.tiny(7, 3), np.zeros((11, 7))
    ends = [rbm.gibbs(model, v, 5, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    *_, last = sampling.chain(model, v, 5, np.random.default_rng(1))
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[0], last.visible)
    assert (ends[0] != ends[2]).any()


def test_no_steps_give_back_a_copy():
    v = np.random.default_rng(0).random((11, 3)).astype(np.float32)
    same = rbm.gibbs(brute.tiny(3, 7), v, 0, np.random.default_rng(0))
    np.testing.assert_array_equal(same, v)
    assert not np.shares_memory(same, v)


def test_the_callers_arrays_stay_as_they_are():
    v, clamp = np.full((11, 7), 0.5, dtype=np.float32), np.array(CLAMP)
    rbm.gibbs(brute.tiny(7, 3), v, 3, np.random.default_rng(0), clamp=clamp)
    assert (v == 0.5).all()
    assert tuple(clamp) == CLAMP


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": -1}, "0 or more steps, got -1"),
        ({"clamp": np.ones(3, dtype=bool)}, r"clamp has shape \(3,\), the visible units \(11, 7\)"),
        ({"temperature": 0.0}, "temperature must be above 0, got 0.0"),
        ({"temperature": np.nan}, "temperature must be above 0, got nan"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    call = {"steps": 1, "rng": np.random.default_rng(0), **arguments}
    with pytest.raises(ValueError, match=message):
        rbm.gibbs(brute.tiny(7, 3), np.zeros((11, 7)), **call)
