"""Layer upon layer: what each learns from, where a tied one starts, and a training that starts from a model."""

from __future__ import annotations

import numpy as np
import pytest

import rbm
from rbm.errors import BadValue
from rbm.training.start import untrained
from tests import brute

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 3, 60)
IMAGES = (RNG.integers(0, 2, (3, 12))[LABELS] ^ (RNG.random((60, 12)) < 0.05)).astype(np.float32)
FAST = {"epochs": 2, "batch_size": 20}
NAMES = ("weights", "visible_bias", "hidden_bias")


def last(reports):
    """The last report of each depth."""
    return dict(reports)


def same(one, other):
    return type(one) is type(other) and all(np.array_equal(getattr(one, n), getattr(other, n)) for n in NAMES)


# ---- start=


def test_a_training_begins_at_the_model_it_is_given():
    model = brute.tiny(12, 4, seed=3, scale=0.3)
    still = rbm.TrainConfig(n_hidden=4, learning_rate=1e-12, **FAST)
    *_, report = rbm.train(IMAGES, still, start=model)
    for name in NAMES:
        np.testing.assert_allclose(getattr(report.model, name), getattr(model, name), atol=1e-6)
    fresh, *_, first = rbm.train(IMAGES, rbm.TrainConfig(n_hidden=4, learning_rate=1, epochs=100, batch_size=20))
    more, _ = rbm.train(IMAGES, rbm.TrainConfig(n_hidden=4, **FAST), start=first.model)
    assert more.reconstruction_error < fresh.reconstruction_error / 2
    assert not np.shares_memory(more.model.weights, first.model.weights)


def test_a_run_from_a_model_can_be_paused():
    config, model = rbm.TrainConfig(n_hidden=4, algorithm="pcd", epochs=3, batch_size=20), brute.tiny(12, 4)
    first, _, third = rbm.train(IMAGES, config, start=model)
    *_, resumed = rbm.train(IMAGES, config, start=model, state=first.state)
    assert same(resumed.model, third.model)
    *_, without = rbm.train(IMAGES, config, state=first.state)
    assert same(without.model, third.model)


@pytest.mark.parametrize(
    ("model", "labels", "got"),
    [
        (brute.tiny(12, 5), None, "of 12 pixels and 4 hidden units, as the images and settings ask for; got a RBM of "
         "12 pixels and 5"),
        (brute.tiny(11, 4), None, "got a RBM of 11 pixels and 4 hidden units"),
        (brute.tiny(15, 4), LABELS, "a LabelRBM of 12 pixels, 3 classes and 4 .* got a RBM of 15 pixels and 4"),
        (rbm.GaussianRBM(np.ones((12, 4)), np.ones(12), np.ones(4)), None, "got a GaussianRBM of 12 pixels"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_is_refused(model, labels, got):
    with pytest.raises(BadValue, match=got):
        next(rbm.train(IMAGES, rbm.TrainConfig(n_hidden=4, **FAST), labels=labels, start=model))


# ---- train_deep


def test_each_layer_learns_the_means_of_the_one_below():
    configs = [rbm.TrainConfig(n_hidden=n, seed=n, **FAST) for n in (7, 5)]
    made = list(rbm.train_deep(IMAGES, configs))
    assert [(depth, report.epoch) for depth, report in made] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    *_, one = rbm.train(IMAGES, configs[0])
    assert same(made[1][1].model, one.model)
    *_, two = rbm.train(one.model.mean_hidden(IMAGES), configs[1])
    assert same(made[3][1].model, two.model)


def test_layers_that_stand_already_are_built_on():
    configs = [rbm.TrainConfig(n_hidden=n, **FAST) for n in (7, 5, 4)]
    whole = last(rbm.train_deep(IMAGES, configs))
    rest = last(rbm.train_deep(IMAGES, configs[1:], below=[whole[1].model]))
    assert list(rest) == [2, 3]
    assert all(same(rest[depth].model, whole[depth].model) for depth in rest)


def test_labels_are_for_the_top_alone():
    configs = [rbm.TrainConfig(n_hidden=n, **FAST) for n in (7, 5)]
    made = last(rbm.train_deep(IMAGES, configs, labels=LABELS))
    net = rbm.DeepBeliefNet(tuple(report.model for report in made.values()))
    assert repr(net) == "DeepBeliefNet(12-7-5, 3 classes)"
    *_, two = rbm.train(made[1].model.mean_hidden(IMAGES), configs[1], labels=LABELS)
    assert same(net.top, two.model)


def still(n_hidden):
    return rbm.TrainConfig(n_hidden=n_hidden, learning_rate=1e-12, **FAST)


def test_a_tied_layer_starts_at_the_one_below_turned_over():
    made = last(rbm.train_deep(IMAGES, [rbm.TrainConfig(n_hidden=7, **FAST), still(12)]))
    low, high = made[1].model, made[2].model
    np.testing.assert_allclose(high.weights, low.weights.T, atol=1e-6)
    np.testing.assert_allclose(high.visible_bias, low.hidden_bias, atol=1e-6)
    np.testing.assert_allclose(high.hidden_bias, low.visible_bias, atol=1e-6)


def test_a_tied_top_with_classes_starts_with_fresh_class_units():
    made = last(rbm.train_deep(IMAGES, [rbm.TrainConfig(n_hidden=7, **FAST), still(12)], labels=LABELS))
    low, high = made[1].model, made[2].model
    fresh = untrained(low.mean_hidden(IMAGES), still(12), LABELS)
    np.testing.assert_allclose(high.weights, np.vstack([low.weights.T, fresh.weights[7:]]), atol=1e-6)
    np.testing.assert_allclose(high.visible_bias, [*low.hidden_bias, *fresh.visible_bias[7:]], atol=1e-6)


@pytest.mark.parametrize(("n_hidden", "tie"), [(12, False), (11, True)])
def test_any_other_layer_starts_as_always(n_hidden, tie):
    made = last(rbm.train_deep(IMAGES, [rbm.TrainConfig(n_hidden=7, **FAST), still(n_hidden)], tie=tie))
    fresh = untrained(made[1].model.mean_hidden(IMAGES), still(n_hidden))
    np.testing.assert_allclose(made[2].model.weights, fresh.weights, atol=1e-6)


def test_images_that_are_cut_for_the_bottom_are_cut_for_all():
    grey = (200 * IMAGES).astype(np.uint8)
    configs = [rbm.TrainConfig(n_hidden=7, binarize="threshold", **FAST), rbm.TrainConfig(n_hidden=5, **FAST)]
    made, cut = last(rbm.train_deep(grey, configs)), last(rbm.train_deep(IMAGES, configs))
    assert all(same(made[depth].model, cut[depth].model) for depth in (1, 2))


def test_no_config_is_refused():
    with pytest.raises(BadValue, match="needs a layer to train, got no config"):
        next(rbm.train_deep(IMAGES, []))
