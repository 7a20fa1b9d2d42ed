"""The unrolled autoencoder: backpropagation against finite differences, and what it begins as."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rbm
from rbm.errors import BadValue
from rbm.training.unrolled import DeepAutoencoder, fine_tune, gradient, unroll
from tests import brute

NET = rbm.DeepBeliefNet((brute.tiny(6, 5, seed=1), brute.tiny(5, 4, seed=2), brute.tiny(4, 2, seed=3)))
IMAGES = np.random.default_rng(4).random((7, 6))


def in_float64(autoencoder: DeepAutoencoder) -> DeepAutoencoder:
    wide = (tuple(x.astype(np.float64) for x in part) for part in (autoencoder.weights, autoencoder.biases))
    return DeepAutoencoder(*wide, autoencoder.linear_code)


def loss(autoencoder: DeepAutoencoder) -> float:
    """The mean cross-entropy, unit by unit in Python floats."""
    total, levels = 0.0, len(autoencoder.weights)
    for image in IMAGES.tolist():
        x = image
        for level, (w, b) in enumerate(zip(autoencoder.weights, autoencoder.biases, strict=True)):
            sums = [float(b[j]) + sum(x[i] * float(w[i, j]) for i in range(len(x))) for j in range(len(b))]
            code = autoencoder.linear_code and level == levels // 2 - 1
            x = sums if code else [brute.logistic(s) for s in sums]
        total -= sum(v * math.log(y) + (1 - v) * math.log(1 - y) for v, y in zip(image, x, strict=True))
    return total / len(IMAGES)


@pytest.mark.parametrize("linear", [True, False])
def test_the_gradient_is_the_slope_of_the_loss(linear):
    autoencoder = in_float64(unroll(NET, linear_code=linear))
    found = gradient(autoencoder, IMAGES)
    assert found.loss == pytest.approx(loss(autoencoder), abs=1e-12)
    step = 1e-5
    for values, slopes in ((autoencoder.weights, found.weights), (autoencoder.biases, found.biases)):
        for value, slope in zip(values, slopes, strict=True):
            assert slope.shape == value.shape
            for place in np.ndindex(value.shape):
                kept = value[place]
                value[place] = kept + step
                above = loss(autoencoder)
                value[place] = kept - step
                below = loss(autoencoder)
                value[place] = kept
                assert slope[place] == pytest.approx((above - below) / (2 * step), abs=1e-8)


def test_with_a_logistic_code_it_begins_as_the_net():
    autoencoder = unroll(NET, linear_code=False)
    np.testing.assert_allclose(autoencoder.encode(IMAGES), NET.up(IMAGES), atol=1e-6)
    np.testing.assert_allclose(autoencoder.reconstruct(IMAGES), NET.reconstruct(IMAGES, 3), atol=1e-6)
    assert repr(autoencoder) == "DeepAutoencoder(6-5-4-2, logistic code)"


def test_a_linear_code_begins_at_the_tangent():
    small = rbm.DeepBeliefNet((NET.layers[0], brute.tiny(5, 3, seed=2, scale=0.01)))
    autoencoder = unroll(small)
    np.testing.assert_allclose(autoencoder.encode(IMAGES),
                               NET.up(IMAGES, 1) @ small.top.weights + small.top.hidden_bias, atol=1e-6)  # fmt: skip
    np.testing.assert_allclose(autoencoder.reconstruct(IMAGES), small.reconstruct(IMAGES, 2), atol=1e-5)


@pytest.mark.parametrize("linear", [True, False])
def test_fine_tuning_rebuilds_better_and_leaves_its_start_alone(linear):
    start = unroll(NET, linear_code=linear)
    before = [w.copy() for w in start.weights]
    made = list(fine_tune(start, IMAGES, epochs=300, learning_rate=0.01, batch_size=3))
    assert len(made) == 300
    errors = [np.square(a.reconstruct(IMAGES) - IMAGES).sum() for a in (start, made[9], made[-1])]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < errors[0] / 2
    assert all(np.array_equal(a, b) for a, b in zip(before, start.weights, strict=True))
    *_, again = fine_tune(start, IMAGES, epochs=300, learning_rate=0.01, batch_size=3)
    assert all(np.array_equal(a, b) for a, b in zip(again.weights, made[-1].weights, strict=True))


def test_classes_are_left_out():
    plain = brute.tiny(8, 3, seed=6)
    top = rbm.LabelRBM(plain.weights, plain.visible_bias, plain.hidden_bias, n_classes=3)
    autoencoder = unroll(rbm.DeepBeliefNet((NET.layers[0], top)))
    assert [w.shape for w in autoencoder.weights] == [(6, 5), (5, 3), (3, 5), (5, 6)]


def test_what_can_not_be_is_refused():
    gaussian = rbm.GaussianRBM(np.ones((6, 2)), np.ones(6), np.ones(2))
    with pytest.raises(BadValue, match="this net's are Gaussian"):
        unroll(rbm.DeepBeliefNet((gaussian,)))
    start = unroll(NET)
    with pytest.raises(BadValue, match="must be above 0, got 0, 100 and"):
        next(fine_tune(start, IMAGES, epochs=0))
    with pytest.raises(BadValue, match="this autoencoder has 6 pixels; got images of 5"):
        start.encode(IMAGES[:, :5])
    with pytest.raises(BadValue, match="a code here has 2 units"):
        start.decode(IMAGES)
