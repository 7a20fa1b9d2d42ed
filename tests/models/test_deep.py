"""Deep belief nets against sums over every state of every layer, in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rbm
from rbm.errors import BadValue
from tests import brute


def transposed(model: rbm.RBM) -> rbm.RBM:
    return rbm.RBM(model.weights.T, model.hidden_bias, model.visible_bias)


def labelled(n_pixels: int, n_classes: int, n_hidden: int, seed: int = 0, scale: float = 1.0) -> rbm.LabelRBM:
    plain = brute.tiny(n_pixels + n_classes, n_hidden, seed, scale)
    return rbm.LabelRBM(plain.weights, plain.visible_bias, plain.hidden_bias, n_classes=n_classes)


BOTTOM, TOP = brute.tiny(4, 3, seed=1, scale=1.5), brute.tiny(3, 2, seed=2, scale=1.5)
NET = rbm.DeepBeliefNet((BOTTOM, TOP))
IMAGES = np.array(brute.states(4))


def down_one(model: rbm.RBM, upper: dict[brute.State, float], n: int) -> dict[brute.State, float]:
    """The distribution of the first `n` visible units, of the hidden units of which `upper` is the one."""
    p, total = brute.params(model), dict.fromkeys(brute.states(n), 0.0)
    for h, chance in upper.items():
        mean = brute.mean_visible(p, h)
        for v in total:
            total[v] += chance * brute.product(mean[:n], v)
    return total


def enumerated(net: rbm.DeepBeliefNet) -> dict[brute.State, float]:
    """p(v) of every image, by summing all that is above."""
    now = brute.marginal(brute.params(net.layers[-1]))
    for layer in reversed(net.layers[:-1]):
        now = down_one(layer, now, layer.n_visible)
    return now


def of_class(top: rbm.LabelRBM, label: int) -> dict[brute.State, float]:
    """p(pixels | class) of the top."""
    n, p = top.n_pixels, brute.params(top)
    y = tuple(float(k == label) for k in range(top.n_classes))
    minus = {x: brute.logsumexp([-brute.energy(p, (*x, *y), h) for h in brute.states(top.n_hidden)])
             for x in brute.states(n)}  # fmt: skip
    log_z = brute.logsumexp(list(minus.values()))
    return {x: math.exp(value - log_z) for x, value in minus.items()}


def binary(means: np.ndarray, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(means.shape) < means).astype(float)


# ---- what it is made of


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((), "1 to 10 layers, got 0"),
        ((brute.tiny(2, 2),) * 11, "1 to 10 layers, got 11"),
        ((brute.tiny(4, 3), brute.tiny(4, 2)), "layer 2 has 4 units for the 3 hidden ones of the layer below"),
        ((labelled(3, 2, 4), brute.tiny(4, 2)), "only the top layer may have classes; layer 1 is a LabelRBM"),
        ((labelled(3, 2, 4).marginal, brute.tiny(4, 2)), "only the top layer may have classes; layer 1 is a Marginal"),
        ((brute.tiny(4, 3), rbm.GaussianRBM(np.ones((3, 2)), np.ones(3), np.ones(2))), "layer 2 must be an RBM or"),
        ((brute.tiny(4, 3), labelled(3, 2, 2).marginal), "layer 2 must be an RBM or"),
    ],
)
def test_layers_that_make_no_net_are_refused(layers, message):
    with pytest.raises(BadValue, match=message):
        rbm.DeepBeliefNet(layers)


def test_a_net_says_what_it_is():
    assert repr(NET) == "DeepBeliefNet(4-3-2)"
    net = rbm.DeepBeliefNet([BOTTOM, labelled(3, 2, 5)])
    assert repr(net) == "DeepBeliefNet(4-3-5, 2 classes)"
    assert (net.depth, net.n_pixels, net.n_classes, net.top) == (2, 4, 2, net.layers[1])


# ---- up and down


def test_features_are_the_means_of_means():
    p1, p2 = brute.params(BOTTOM), brute.params(TOP)
    one = [brute.mean_hidden(p1, tuple(v)) for v in IMAGES.tolist()]
    np.testing.assert_array_equal(NET.up(IMAGES, 0), IMAGES)
    np.testing.assert_allclose(NET.up(IMAGES, 1), one, atol=1e-6)
    two = [brute.mean_hidden(p2, h) for h in one]
    np.testing.assert_allclose(NET.up(IMAGES), two, atol=1e-6)
    np.testing.assert_allclose(NET.up(IMAGES, 2), two, atol=1e-6)
    back = [brute.mean_visible(p1, brute.mean_visible(p2, h)) for h in two]
    np.testing.assert_allclose(NET.down(np.array(two), 2), back, atol=1e-6)
    np.testing.assert_allclose(NET.reconstruct(IMAGES, 2), back, atol=1e-6)
    np.testing.assert_allclose(NET.reconstruct(IMAGES, 0), IMAGES)


def test_bytes_are_grey_levels():
    np.testing.assert_array_equal(NET.up((255 * IMAGES).astype(np.uint8)), NET.up(IMAGES))


def test_with_a_generator_the_way_down_is_drawn_and_right_on_average():
    h = np.tile([1.0, 0.0], (20_000, 1))
    means = NET.down(h, 2, np.random.default_rng(3))
    assert len(np.unique(means, axis=0)) == 8  # one for each state of the middle layer
    exact = down_one(BOTTOM, {m: brute.product(brute.mean_visible(brute.params(TOP), (1.0, 0.0)), m)
                              for m in brute.states(3)}, 4)  # fmt: skip
    assert brute.total_variation(binary(means, 4), exact) < brute.monte_carlo_floor(exact, len(h))


@pytest.mark.parametrize("depth", [-1, 3])
def test_depths_that_are_not_there_are_refused(depth):
    with pytest.raises(BadValue, match=f"depths 0 .the pixels. to 2, got {depth}"):
        NET.up(IMAGES, depth)
    with pytest.raises(BadValue, match=f"depths 0 .the pixels. to 2, got {depth}"):
        NET.down(IMAGES, depth)


def test_units_and_images_of_another_size_are_refused():
    with pytest.raises(BadValue, match=r"at depth 2 there are 2 units; got an array of shape \(16, 4\)"):
        NET.down(IMAGES, 2)
    with pytest.raises(ValueError, match="this model has 4 pixels; got images of 3"):
        NET.up(IMAGES[:, :3])


# ---- the bound


@pytest.mark.parametrize("samples", [1, 7])
def test_tied_weights_make_the_bound_the_likelihood_of_the_rbm(samples):
    net = rbm.DeepBeliefNet((BOTTOM, transposed(BOTTOM)))
    log_z = brute.log_partition(brute.params(BOTTOM))
    exact = [math.log(p) for p in brute.marginal(brute.params(BOTTOM)).values()]
    found = net.bound(IMAGES, log_z, np.random.default_rng(0), samples)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-9)


def test_three_tied_layers_too():
    net = rbm.DeepBeliefNet((BOTTOM, transposed(BOTTOM), BOTTOM))
    log_z = brute.log_partition(brute.params(BOTTOM))
    exact = [math.log(p) for p in brute.marginal(brute.params(BOTTOM)).values()]
    np.testing.assert_allclose(net.bound(IMAGES, log_z, np.random.default_rng(0)), exact, rtol=0, atol=1e-9)


def test_one_layer_alone_is_its_rbm():
    net = rbm.DeepBeliefNet((TOP,))
    images, p = np.array(brute.states(3)), brute.params(TOP)
    exact = [math.log(x) for x in brute.marginal(p).values()]
    found = net.bound(images, brute.log_partition(p), np.random.default_rng(0))
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(net.up(images), TOP.mean_hidden(images))


def test_the_bound_lies_below_and_rises_to_log_p_with_more_samples():
    log_z = brute.log_partition(brute.params(TOP))
    exact = np.array([math.log(p) for p in enumerated(NET).values()])

    def mean_bound(samples: int, times: int = 2000) -> np.ndarray:
        rng = np.random.default_rng(samples)
        many = NET.bound(np.repeat(IMAGES, times, axis=0), log_z, rng, samples)
        return many.reshape(len(IMAGES), times).mean(axis=1)

    one, five, fifty = (mean_bound(k) for k in (1, 5, 50))
    assert (one < exact).all()
    assert one.mean() < five.mean() < fifty.mean() < exact.mean() + 0.005
    gap = exact.mean() - np.array([one.mean(), five.mean(), fifty.mean()])
    assert gap[0] > 0.05  # untied: else nothing is shown
    assert gap[2] < gap[0] / 10


def test_the_weights_are_right_on_average_which_makes_it_a_bound():
    """E_q[w] = p(v), also for three layers and for classes on top."""
    for net, log_z in (
        (rbm.DeepBeliefNet((BOTTOM, brute.tiny(3, 3, seed=5), TOP)), brute.log_partition(brute.params(TOP))),
        (labels := rbm.DeepBeliefNet((BOTTOM, labelled(3, 2, 2, seed=6))), None),
    ):
        exact, top = enumerated_with_classes(net), net.top
        if log_z is None:
            log_z = brute.label_log_partition(brute.params(top), 2)
        bounds = net.bound(np.repeat(IMAGES, 1000, axis=0), log_z, np.random.default_rng(1), samples=20)
        found = np.exp(bounds).reshape(len(IMAGES), -1)
        error = found.std(axis=1) / math.sqrt(found.shape[1])
        assert (np.abs(found.mean(axis=1) - list(exact.values())) < 5 * error).all()
        assert (error < 0.1 * found.mean(axis=1)).all()
    assert labels.n_classes == 2


def enumerated_with_classes(net: rbm.DeepBeliefNet) -> dict[brute.State, float]:
    top = net.top
    if not top.n_classes:
        return enumerated(net)
    p, n = brute.params(top), top.n_pixels
    log_z = brute.label_log_partition(p, top.n_classes)
    classes = [tuple(float(k == on) for k in range(top.n_classes)) for on in range(top.n_classes)]
    now = {x: sum(math.exp(-brute.energy(p, (*x, *y), h) - log_z) for y in classes
                  for h in brute.states(top.n_hidden)) for x in brute.states(n)}  # fmt: skip
    for layer in reversed(net.layers[:-1]):
        now = down_one(layer, now, layer.n_visible)
    return now


@pytest.mark.parametrize(
    ("v", "samples", "message"),
    [
        (IMAGES, 0, "a bound takes 1 sample or more, got 0"),
        (IMAGES[:, :2], 1, "of shape .n, 4., n at least 1; got .16, 2."),
        (IMAGES / 2, 1, "v must be binary"),
    ],
)
def test_a_bound_of_what_is_no_state_is_refused(v, samples, message):
    with pytest.raises(ValueError, match=message):
        NET.bound(v, 0.0, np.random.default_rng(0), samples)


# ---- dreams


@pytest.mark.parametrize("net", [NET, rbm.DeepBeliefNet((BOTTOM, brute.tiny(3, 3, seed=5), TOP))])
def test_twenty_thousand_dreams_come_as_often_as_enumeration_says(net):
    n, exact = 20_000, enumerated(net)
    means = net.dream(np.zeros((n, 4)), 200, np.random.default_rng(7))
    assert brute.total_variation(binary(means, 8), exact) < brute.monte_carlo_floor(exact, n)


def test_classes_on_top_are_dreamt_as_often_as_enumeration_says():
    net, n = rbm.DeepBeliefNet((BOTTOM, labelled(3, 2, 2, seed=6))), 20_000
    exact = enumerated_with_classes(net)
    means = net.dream(np.ones((n, 4)), 200, np.random.default_rng(9))
    assert brute.total_variation(binary(means, 8), exact) < brute.monte_carlo_floor(exact, n)


@pytest.mark.parametrize("label", [0, 1])
def test_a_dream_of_a_class_is_of_that_class(label):
    top = labelled(3, 2, 2, seed=5, scale=2.5)
    net, n = rbm.DeepBeliefNet((BOTTOM, top)), 20_000
    exact, other = (down_one(BOTTOM, of_class(top, k), 4) for k in (label, 1 - label))
    for asked in (label, np.full(n, label)):
        drawn = binary(net.dream(np.ones((n, 4)), 200, np.random.default_rng(9), asked), 8)
        assert brute.total_variation(drawn, exact) < brute.monte_carlo_floor(exact, n)
    assert brute.total_variation(drawn, other) > 2 * brute.monte_carlo_floor(exact, n)


def test_one_layer_dreams_in_means():
    dreams = rbm.DeepBeliefNet((BOTTOM,)).dream(np.zeros((9, 4)), 3, np.random.default_rng(0))
    assert ((dreams > 0) & (dreams < 1)).all()


def test_dreams_that_can_not_be_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(BadValue, match="this net has no classes to dream of"):
        NET.dream(IMAGES, 1, rng, 0)
    with pytest.raises(ValueError, match="0 or more steps, got -1"):
        NET.dream(IMAGES, -1, rng)
    with pytest.raises(ValueError, match="labels must be classes from 0 to 1"):
        rbm.DeepBeliefNet((BOTTOM, labelled(3, 2, 2))).dream(IMAGES, 1, rng, 2)


def test_it_reads_what_the_top_makes_of_the_means_below():
    top = labelled(3, 2, 2, seed=6)
    net = rbm.DeepBeliefNet((BOTTOM, top))
    p, expected = brute.params(top), []
    for v in IMAGES.tolist():
        x = brute.mean_hidden(brute.params(BOTTOM), tuple(v))
        scores = [brute.logsumexp([-brute.energy(p, (*x, *y), h) for h in brute.states(2)])
                  for y in ((1.0, 0.0), (0.0, 1.0))]  # fmt: skip
        expected.append([s - brute.logsumexp(scores) for s in scores])
    np.testing.assert_allclose(net.class_log_probabilities(IMAGES), expected, atol=1e-5)
    np.testing.assert_array_equal(net.classify(IMAGES), np.argmax(expected, axis=1))
    with pytest.raises(ValueError, match="no classes"):
        NET.classify(IMAGES)
