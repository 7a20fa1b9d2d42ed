"""The enumeration of one layer against the enumeration of both, in plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rbm
from tests import brute

SIZES = [(3, 7), (7, 3), (3, 11), (11, 3)]


@pytest.fixture(params=SIZES, ids=str)
def model(request):
    return brute.tiny(*request.param, seed=1)


@pytest.fixture(params=[None, 3], ids=["one block", "blocks of three states"])
def _blocks(request, monkeypatch, model):
    if request.param:
        monkeypatch.setattr(rbm.exact, "BLOCK_BYTES", request.param * 8 * (model.n_visible + model.n_hidden))


@pytest.mark.usefixtures("_blocks")
def test_log_partition(model):
    assert rbm.exact.log_partition(model) == pytest.approx(brute.log_partition(brute.params(model)), rel=1e-12)


@pytest.mark.usefixtures("_blocks")
def test_log_likelihood_of_every_image(model):
    visible = brute.states(model.n_visible)
    exact = brute.marginal(brute.params(model))
    got = rbm.exact.log_likelihood(model, visible)
    np.testing.assert_allclose(got, [math.log(exact[v]) for v in visible], rtol=1e-12, atol=1e-12)
    assert np.exp(got).sum() == pytest.approx(1, rel=1e-12)


@pytest.mark.usefixtures("_blocks")
def test_gradient(model):
    p = brute.params(model)
    hidden = brute.states(model.n_hidden)
    data = brute.states(model.n_visible)[1:6]
    joint = brute.joint(p)
    # weight of every (v, h) in the data term, where v is given, less that in the model term
    signed = {pair: -q for pair, q in joint.items()}
    for v in data:
        p_v = sum(joint[v, h] for h in hidden)
        for h in hidden:
            signed[v, h] += joint[v, h] / p_v / len(data)
    w, b, c = np.zeros((model.n_visible, model.n_hidden)), np.zeros(model.n_visible), np.zeros(model.n_hidden)
    for (v, h), q in signed.items():
        b += q * np.array(v)
        c += q * np.array(h)
        w += q * np.outer(v, h)
    got = rbm.exact.gradient(model, data)
    np.testing.assert_allclose(got.weights, w, rtol=0, atol=1e-12)
    np.testing.assert_allclose(got.visible_bias, b, rtol=0, atol=1e-12)
    np.testing.assert_allclose(got.hidden_bias, c, rtol=0, atol=1e-12)


def test_one_image_is_a_batch_of_one():
    model = brute.tiny(3, 7)
    assert rbm.exact.log_likelihood(model, (1, 0, 1)).shape == (1,)
    assert rbm.exact.gradient(model, (1, 0, 1)).weights.shape == (3, 7)


def test_huge_parameters_do_not_overflow():
    model = rbm.RBM(np.zeros((3, 7)), np.full(3, 1000.0), np.full(7, -1000.0))
    assert rbm.exact.log_partition(model) == pytest.approx(3000, rel=1e-12)


def test_what_cannot_be_enumerated_is_refused():
    with pytest.raises(ValueError, match=r"at most 20 units.* has 23.*rbm\.likelihood\.ais"):
        rbm.exact.log_partition(brute.tiny(29, 23))


def test_only_the_smaller_layer_counts():
    # independent units: Z is the product of 2 for each hidden unit and (1 + e^b) for each visible one
    model = rbm.RBM(np.zeros((101, 3)), np.full(101, 0.5), np.zeros(3))
    expected = 3 * math.log(2) + 101 * math.log(1 + math.exp(0.5))
    assert rbm.exact.log_partition(model) == pytest.approx(expected, rel=1e-12)
