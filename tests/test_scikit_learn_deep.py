"""A deep belief net as a transformer of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import rbm
from rbm.scikit_learn_deep import DeepBeliefTransformer

X = (np.random.default_rng(0).random((60, 9)) < 0.3).astype(np.float64)
SMALL = {"n_components": (6, 9), "n_iter": 2, "random_state": 0}


def test_it_keeps_the_contract_of_scikit_learn():
    check_estimator(DeepBeliefTransformer((4, 3), n_iter=2, random_state=0, clip=True), on_skip=None)


def test_features_are_those_of_the_net_that_train_deep_makes():
    made = DeepBeliefTransformer(**SMALL).fit(X)
    assert repr(made.net_) == "DeepBeliefNet(9-6-9)"
    np.testing.assert_array_equal(made.transform(X), made.net_.up(X))
    np.testing.assert_array_equal(made.inverse_transform(made.transform(X)), made.net_.reconstruct(X, 2))
    seeds = [int(seed) for seed in np.random.RandomState(0).randint(2**31 - 1, size=2)]
    configs = [rbm.TrainConfig(n_hidden=n, algorithm="pcd", batch_size=10, epochs=2, seed=seed)
               for n, seed in zip((6, 9), seeds, strict=True)]  # fmt: skip
    layers = {depth: report.model for depth, report in rbm.train_deep(X, configs)}
    np.testing.assert_array_equal(layers[2].weights, made.net_.top.weights)


def test_it_stands_in_a_pipeline_and_its_config_is_kept():
    config = rbm.TrainConfig(algorithm="cd", momentum=0.5)
    transformer = DeepBeliefTransformer(**SMALL, config=config)
    assert clone(transformer).config == config
    pipeline = make_pipeline(transformer, LogisticRegression())
    assert pipeline.fit(X, X[:, 0].astype(int)).predict(X).shape == (60,)


def test_what_can_not_be_is_refused():
    with pytest.raises(ValueError, match=r"X must lie in \[0, 1\]; it runs from 0 to 255"):
        DeepBeliefTransformer(**SMALL).fit(255 * X)
    with pytest.raises(ValueError, match='config must have visible "binary"'):
        DeepBeliefTransformer(**SMALL, config=rbm.TrainConfig(visible="gaussian")).fit(X)
    with pytest.raises(ValueError, match="needs a layer to train"):
        DeepBeliefTransformer(()).fit(X)
    with pytest.raises(ValueError, match="at depth 2 there are 9 units"):
        DeepBeliefTransformer(**SMALL).fit(X).inverse_transform(X[:, :3])
