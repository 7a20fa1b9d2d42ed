"""The closed forms against enumeration. Sizes are primes, so that a swapped axis fails."""

from __future__ import annotations

import numpy as np
import pytest

import rbm
from tests import brute

SIZES = [(3, 7), (7, 3)]


@pytest.fixture(params=SIZES, ids=str)
def model(request):
    return brute.tiny(*request.param, seed=1)


def test_energy_is_the_triple_loop_over_all_pairs(model):
    p = brute.params(model)
    pairs = [(v, h) for v in brute.states(model.n_visible) for h in brute.states(model.n_hidden)]
    expected = [brute.energy(p, v, h) for v, h in pairs]
    got = model.energy([v for v, _ in pairs], [h for _, h in pairs])
    np.testing.assert_allclose(got, expected, rtol=0, atol=brute.rounding(p))


def test_energy_of_one_pair_of_vectors(model):
    v, h = brute.states(model.n_visible)[-2], brute.states(model.n_hidden)[-3]
    got = model.energy(v, h)
    assert np.shape(got) == ()
    assert got == pytest.approx(brute.energy(brute.params(model), v, h), abs=brute.rounding(brute.params(model)))


def test_free_energy_is_minus_logsumexp_over_all_hidden_states(model):
    p = brute.params(model)
    visible = brute.states(model.n_visible)
    expected = [-brute.logsumexp([-brute.energy(p, v, h) for h in brute.states(model.n_hidden)]) for v in visible]
    # logaddexp(0, x) adds its own rounding once a hidden unit, on values no larger than the sum of them all
    np.testing.assert_allclose(model.free_energy(visible), expected, rtol=0, atol=2 * brute.rounding(p))


def test_conditionals_are_those_of_the_enumerated_joint(model):
    p = brute.params(model)
    joint = brute.joint(p)
    visible, hidden = brute.states(model.n_visible), brute.states(model.n_hidden)
    p_hidden = [
        [sum(joint[v, h] * h[j] for h in hidden) / sum(joint[v, h] for h in hidden) for j in range(model.n_hidden)]
        for v in visible
    ]
    p_visible = [
        [sum(joint[v, h] * v[i] for v in visible) / sum(joint[v, h] for v in visible) for i in range(model.n_visible)]
        for h in hidden
    ]
    # the sigmoid's slope is at most 1/4; its own value is good to a few times 2^-24
    atol = brute.rounding(p) / 4 + 2.0**-22
    np.testing.assert_allclose(model.mean_hidden(visible), p_hidden, rtol=0, atol=atol)
    np.testing.assert_allclose(model.mean_visible(hidden), p_visible, rtol=0, atol=atol)


@pytest.mark.parametrize("temperature", [0.5, 3])
def test_tempered_is_the_joint_to_the_power_of_one_over_t(model, temperature):
    p = brute.params(model.tempered(temperature))
    expected = brute.joint(brute.params(model), temperature)
    got = brute.joint(p)
    # a relative error e of every energy moves a log-probability by at most 2 e: both energy and log Z
    for pair, probability in expected.items():
        assert got[pair] == pytest.approx(probability, rel=2 * brute.rounding(p))


@pytest.mark.parametrize("temperature", [0, -1.0, np.nan, np.inf])
def test_bad_temperature_is_named(temperature):
    with pytest.raises(ValueError, match=rf"temperature must be above 0, got {temperature}"):
        brute.tiny(3, 7).tempered(temperature)


def test_saturated_units_are_exactly_0_and_1_without_a_warning():
    model = rbm.RBM(np.full((3, 7), 1e30), np.full(3, -1e30), np.full(7, -2e30))
    assert (model.mean_hidden(np.zeros((1, 3))) == 0).all()
    assert (model.mean_hidden(np.ones((1, 3))) == 1).all()
    assert (model.mean_visible(np.zeros((1, 7))) == 0).all()
    assert np.isfinite(model.free_energy(np.ones((1, 3)))).all()


def test_parameters_are_read_only_float32_copies():
    arrays = [np.ones((3, 7)), np.ones(3, dtype=np.float32), np.ones(7, dtype=np.float32)]
    model = rbm.RBM(*arrays)
    for array, kept in zip(arrays, (model.weights, model.visible_bias, model.hidden_bias), strict=True):
        array[...] = 5  # the caller's own array stays writable, and is not ours
        assert (kept == 1).all()
        assert kept.dtype == np.float32
        with pytest.raises(ValueError, match="read-only"):
            kept[...] = 2


def test_sizes():
    model = brute.tiny(3, 7)
    assert (model.n_visible, model.n_hidden) == (3, 7)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((3, 7), (7,), (3,)), r"weights are \(3, 7\).*\(7, 3\)"),
        (((3, 7), (3,), (5,)), r"weights are \(3, 7\).*\(3, 5\)"),
        (((3, 7), (3, 1), (7,)), "weights must be a matrix and both biases vectors"),
        (((3, 7), (3,), (1, 7)), "weights must be a matrix and both biases vectors"),
        (((21,), (3,), (7,)), "weights must be a matrix and both biases vectors"),
        (((0, 7), (0,), (7,)), r"\(0, 7\)"),
        (((3, 0), (3,), (0,)), r"\(3, 0\)"),
    ],
)
def test_shapes_that_disagree_are_refused(shapes, message):
    with pytest.raises(ValueError, match=message):
        rbm.RBM(*(np.ones(shape) for shape in shapes))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["weights", "visible_bias", "hidden_bias"])
def test_a_value_that_is_not_finite_is_refused_by_name(name, bad):
    arrays = {"weights": np.ones((3, 7)), "visible_bias": np.ones(3), "hidden_bias": np.ones(7)}
    arrays[name].flat[1] = bad
    with pytest.raises(ValueError, match=rf"^{name} holds NaN or infinite values"):
        rbm.RBM(**arrays)


@pytest.mark.parametrize("method", ["mean_hidden", "free_energy"])
@pytest.mark.parametrize("shape", [(7,), (2, 7), (3, 1), ()])
def test_images_of_another_size_are_refused(method, shape):
    with pytest.raises(ValueError, match="this model has 3 visible units; got an array of shape"):
        getattr(brute.tiny(3, 7), method)(np.ones(shape))
