"""rbm.exact at its limits: many states, many images, huge weights, and its gradient."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest

from rbm import RBM
from rbm.measures import exact
from rbm.models import arrays


def a_model(n_visible, n_hidden, scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return RBM(
        scale * rng.standard_normal((n_visible, n_hidden)),
        rng.standard_normal(n_visible),
        rng.standard_normal(n_hidden),
    )


def brute_log_partition(model):
    """The double sum over every pair of states, in Python floats."""
    b, c, w = (a.tolist() for a in (model.visible_bias, model.hidden_bias, model.weights))
    minus_energies = [
        sum(vi * bi for vi, bi in zip(v, b, strict=True))
        + sum(hj * cj for hj, cj in zip(h, c, strict=True))
        + sum(w[i][j] for i in range(len(b)) for j in range(len(c)) if v[i] and h[j])
        for v in itertools.product((0, 1), repeat=len(b))
        for h in itertools.product((0, 1), repeat=len(c))
    ]
    top = max(minus_energies)
    return top + math.log(math.fsum(math.exp(x - top) for x in minus_energies))


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 5), (1, 1)])
@pytest.mark.parametrize("scale", [0.0, 1.0, 500.0])
def test_log_partition_is_the_double_sum(shape, scale):
    model = a_model(*shape, scale)
    assert exact.log_partition(model) == pytest.approx(brute_log_partition(model), rel=1e-12)


@pytest.mark.parametrize("shape", [(17, 19), (19, 17)])
def test_many_states_agree_with_the_sum_over_the_other_layer(shape):
    model = a_model(*shape, 0.5)
    w, b, c = model.weights.astype(float), model.visible_bias.astype(float), model.hidden_bias.astype(float)
    if shape[0] < shape[1]:  # enumerate the larger layer, which log_partition does not
        w, b, c = w.T, c, b
    total = -np.inf
    for low in range(0, 2**19, 2**14):
        states = np.array([np.arange(low, low + 2**14) // 2**i % 2 for i in range(19)]).T
        log_weights = states @ b + np.logaddexp(0, states @ w + c).sum(axis=1)
        total = np.logaddexp(total, np.logaddexp.reduce(log_weights))
    assert exact.log_partition(model) == pytest.approx(total, rel=1e-12)


def test_twenty_units_are_enumerated_and_more_refused_with_the_cost():
    zero = RBM(np.zeros((23, 20)), np.zeros(23), np.zeros(20))
    assert exact.log_partition(zero) == pytest.approx(43 * math.log(2), rel=1e-12)
    with pytest.raises(ValueError, match=r"2\^23 states, 2\^3 times .* 3 seconds.*ais"):
        exact.log_partition(a_model(29, 23))


def test_probabilities_of_all_images_sum_to_one():
    model = a_model(13, 11)
    images = np.array(list(itertools.product((0, 1), repeat=13)))
    assert np.exp(exact.log_likelihood(model, images)).sum() == pytest.approx(1, rel=1e-10)


@pytest.mark.parametrize("images", [np.bool_, np.uint8, np.float32, np.int64])
def test_blocks_and_types_of_images_make_no_difference(monkeypatch, images):
    model = a_model(13, 7)
    v = np.random.default_rng(1).integers(0, 2, (101, 13)).astype(images)
    one_by_one = [exact.log_likelihood(model, row)[0] for row in v]
    monkeypatch.setattr(exact, "BLOCK_BYTES", 8 * 13 * 16)
    np.testing.assert_allclose(exact.log_likelihood(model, v), one_by_one, rtol=1e-13)


def test_memory_is_bounded_whatever_the_number_of_images():
    model = a_model(101, 7)
    v = np.zeros((60_000, 101), dtype=np.uint8)
    tracemalloc.start()
    exact.log_likelihood(model, v)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * exact.BLOCK_BYTES  # in float64 the images alone are 48 MB


@pytest.mark.parametrize("bad", [np.full((2, 3), 255), np.full((2, 3), 0.5), np.full((2, 3), np.nan)])
def test_images_that_are_not_binary_are_refused(bad):
    with pytest.raises(ValueError, match=r"binary.*Binarise"):
        exact.log_likelihood(a_model(3, 7), bad)


@pytest.mark.parametrize("shape", [(2, 4), (0, 3), (2, 2, 3), (4,)])
def test_images_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"shape \(n, 3\)"):
        exact.free_energy(a_model(3, 7), np.zeros(shape))


def test_sum_softplus_never_overflows_and_keeps_double_precision():
    x = np.random.default_rng(2).standard_normal((2 * arrays.FACTORS + 3, 3)) * [1e-3, 1.0, 1e3]
    wanted = [math.fsum(max(t, 0) + math.log1p(math.exp(-abs(t))) for t in column) for column in x.T.tolist()]
    np.testing.assert_allclose(arrays.sum_softplus_(x.copy()), wanted, rtol=1e-13)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3)])
def test_gradient_against_finite_differences(shape):
    """Parameters and step are multiples of 2^-10, so float32 holds each of them exactly.

    The error of a central difference is at most step² / 6 times the third derivative: a difference of two
    third cumulants of zero-one variables, each below 1 / (6 sqrt 3) < 0.1.
    """
    step = 2.0**-10
    rng = np.random.default_rng(3)
    parameters = [rng.integers(-1000, 1000, size) * step for size in (shape, shape[0], shape[1])]
    v = rng.integers(0, 2, (5, shape[0]))
    gradient = exact.gradient(RBM(*parameters), v)
    for part, values in zip(gradient, parameters, strict=True):
        for index in np.ndindex(values.shape):
            differences = []
            for sign in (+1, -1):
                values[index] += sign * step
                differences.append(exact.log_likelihood(RBM(*parameters), v).mean())
                values[index] -= sign * step
            slope = (differences[0] - differences[1]) / (2 * step)
            assert slope == pytest.approx(part[index], abs=step**2 / 6 * 0.2 + 1e-10)


def test_gradient_does_not_depend_on_blocks(monkeypatch):
    model, v = a_model(7, 11), np.random.default_rng(4).integers(0, 2, (13, 7))
    whole = exact.gradient(model, v)
    monkeypatch.setattr(exact, "BLOCK_BYTES", 8 * 11 * 4)
    for one, other in zip(whole, exact.gradient(model, v), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-13)
