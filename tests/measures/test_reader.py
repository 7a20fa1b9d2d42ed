"""Features, typicality, neighbours and the reader; a LabelRBM's against sums over its classes."""

from __future__ import annotations

import numpy as np
import pytest

import rbm
from rbm import datasets, pretrained
from rbm.measures import diagnostics
from rbm.measures.reader import NONE, RIDGE, Reader, nearest, typicality
from tests import brute

PIXELS, CLASSES, HIDDEN = 5, 3, 7


def label_model() -> rbm.LabelRBM:
    rng = np.random.default_rng(0)
    shapes = ((PIXELS + CLASSES, HIDDEN), PIXELS + CLASSES, HIDDEN)
    return rbm.LabelRBM(*(rng.standard_normal(s) for s in shapes), n_classes=CLASSES)


def test_a_plain_model_answers_for_itself() -> None:
    model, images = brute.tiny(5, 3), np.random.default_rng(1).random((11, 5))
    p = brute.params(model)
    assert model.n_pixels == 5
    np.testing.assert_allclose(
        diagnostics.hidden(model, images), [brute.mean_hidden(p, tuple(x)) for x in images], atol=1e-5
    )
    wanted = [-brute.logsumexp([-brute.energy(p, tuple(x), h) for h in brute.states(3)]) for x in images]
    np.testing.assert_allclose(diagnostics.free_energy(model, images), wanted, atol=1e-4)


def test_a_label_model_sums_its_classes_out() -> None:
    model, images = label_model(), brute.states(PIXELS)
    p = brute.params(model)
    assert model.n_pixels == PIXELS
    one_hot = [tuple(float(y == k) for k in range(CLASSES)) for y in range(CLASSES)]
    for x, means, energy in zip(
        images, diagnostics.hidden(model, images), diagnostics.free_energy(model, images), strict=True
    ):
        minus = {(y, h): -brute.energy(p, (*x, *y), h) for y in one_hot for h in brute.states(HIDDEN)}
        total = brute.logsumexp(list(minus.values()))
        assert energy == pytest.approx(-total, abs=1e-4)
        wanted = sum(np.exp(value - total) * np.array(h) for (_, h), value in minus.items())
        np.testing.assert_allclose(means, wanted, atol=1e-5)


def test_the_reader_reads_held_out_digits() -> None:
    data, model = datasets.load("mnist-5k"), rbm.load(pretrained.path("default"))
    known = diagnostics.hidden(model, data.train_images)
    reader = Reader.fit(known, data.train_labels, data.train_images)
    read = reader.read(diagnostics.hidden(model, data.test_images), data.test_images)
    assert (read == data.test_labels).mean() > 0.92
    assert reader.read(known[:1], np.zeros((1, 784), np.uint8)).tolist() == [NONE]


def test_the_reader_is_ridge_regression() -> None:
    """Against scikit-learn, an implementation of its own."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(2)
    x, y = rng.random((97, 13)).astype(np.float32), rng.integers(3, 6, 97)
    reader = Reader.fit(x, y, np.ones((97, 2)))
    other = linear_model.Ridge(alpha=RIDGE).fit(x, np.eye(3)[y - 3])
    np.testing.assert_allclose(reader.weights, other.coef_.T, atol=1e-5)
    np.testing.assert_allclose(reader.bias, other.intercept_, atol=1e-5)
    assert reader.classes.tolist() == [3, 4, 5]
    with pytest.raises(ValueError, match="97 features, 96 labels and 97 images must be as many"):
        Reader.fit(x, y[1:], np.ones((97, 2)))


def test_the_nearest_have_the_largest_cosine() -> None:
    known = np.array([[1, 0], [0, 2], [3, 3], [0, 0]], dtype=np.float32)
    assert nearest(known, np.array([0, 0.5], np.float32), 3).tolist() == [1, 2, 0]
    assert nearest(known, np.zeros(2, np.float32), 2).tolist() == [0, 1], "a zero vector is near to none"


def test_typicality_is_the_share_of_less_likely_pictures() -> None:
    assert typicality(-5.0, np.array([-9.0, -4.0, -1.0, 3.0])) == 0.75
