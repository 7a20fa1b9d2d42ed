"""The tables of all states against plain loops over them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rbm
from rbm.errors import BadValue
from rbm.measures import exact, tables
from tests import brute

VISIBLE, HIDDEN = 5, 3
CHAINS, SWEEPS = 20_000, 7


@pytest.fixture(scope="module")
def model() -> rbm.RBM:
    return brute.tiny(VISIBLE, HIDDEN, seed=2)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_every_entry_is_what_a_loop_finds(model: rbm.RBM, temperature: float) -> None:
    p, found = brute.params(model), tables.tables(model.tempered(temperature))
    joint, marginal = brute.joint(p, temperature), brute.marginal(p, temperature)
    visible, hidden = brute.states(VISIBLE), brute.states(HIDDEN)
    assert [tuple(row) for row in found.visible] == visible
    assert [tuple(row) for row in found.hidden] == hidden
    for i, v in enumerate(visible):
        assert found.p_visible[i] == pytest.approx(marginal[v], rel=1e-5)
        assert found.mean_hidden[i] == pytest.approx(brute.mean_hidden(p, v, temperature), rel=1e-5)
        for j, h in enumerate(hidden):
            assert found.joint[i, j] == pytest.approx(joint[v, h], rel=1e-5)
            assert found.energy[i, j] == pytest.approx(brute.energy(p, v, h) / temperature, rel=1e-5)
    for j, h in enumerate(hidden):
        assert found.mean_visible[j] == pytest.approx(brute.mean_visible(p, h, temperature), rel=1e-5)
    assert found.joint.sum() == pytest.approx(1)
    assert found.log_partition == pytest.approx(exact.log_partition(model.tempered(temperature)), abs=1e-9)


def test_given_the_other_layer_a_row_of_the_table_is_the_product_of_its_units(model: rbm.RBM) -> None:
    found = tables.tables(model)
    by_row = found.joint / found.p_visible[:, None]
    assert tables.given(found.mean_hidden, found.hidden) == pytest.approx(by_row, abs=1e-12)


def test_the_matrix_of_a_sweep_is_the_chain_that_a_loop_walks(model: rbm.RBM) -> None:
    p, sweep, states = brute.params(model), tables.sweep_matrix(tables.tables(model)), brute.states(VISIBLE)
    assert sweep.sum(axis=0) == pytest.approx(np.ones(2**VISIBLE))
    start = 11
    walked = brute.after_sweeps(p, states[start], 2)
    assert np.linalg.matrix_power(sweep, 2)[:, start] == pytest.approx([walked[v] for v in states], abs=1e-6)


def test_the_chain_comes_to_rest_at_the_machines_own_probabilities(model: rbm.RBM) -> None:
    found = tables.tables(model)
    assert tables.sweep_matrix(found) @ found.p_visible == pytest.approx(found.p_visible, abs=1e-12)


def test_relaxation_is_how_slowly_simulated_chains_forget() -> None:
    """Two of the slowest machine's valleys: how many of 20,000 chains from each are in the first, sweep by sweep."""
    model = rbm.RBM([[4.0, -4.0], [4.0, -4.0], [-4.0, 4.0]], [0.0, 0.0, 0.0], [-2.0, 2.0])
    time = tables.relaxation(tables.sweep_matrix(tables.tables(model)))
    assert 3 < time < 100, "slow enough to be seen"
    rng, apart = np.random.default_rng(0), []
    ends = [np.tile(start, (CHAINS, 1)) for start in ([1.0, 1.0, 0.0], [0.0, 0.0, 1.0])]
    for _ in range(2):
        ends = [rbm.gibbs(model, v, SWEEPS, rng) for v in ends]
        apart.append(float(ends[0][:, 0].mean() - ends[1][:, 0].mean()))
    measured = SWEEPS / math.log(apart[0] / apart[1])
    assert measured == pytest.approx(-1 / math.log(1 - 1 / time), rel=0.1)


def test_total_variation_is_nothing_or_all() -> None:
    p, q = np.array([0.25, 0.75, 0.0]), np.array([0.0, 0.0, 1.0])
    assert tables.total_variation(p, p) == 0
    assert tables.total_variation(p, q) == 1


def test_large_layers_are_refused_with_what_to_use_instead() -> None:
    with pytest.raises(BadValue, match="at most 12 units; this model has 13 and 2"):
        tables.tables(brute.tiny(13, 2))
