"""The probe against scikit-learn's own pipeline, and its draws against counting."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import rbm
from rbm.errors import BadValue
from rbm.measures import diagnostics, probe

RNG = np.random.default_rng(0)
LABELS = np.repeat([2, 3, 7], [211, 53, 101])
CENTRES = RNG.normal(size=(8, 17))
IMAGES = ((CENTRES[LABELS] + RNG.normal(size=(365, 17))) > 0).astype(np.float32)
MODEL = rbm.RBM(RNG.normal(size=(17, 13)), RNG.normal(size=17), RNG.normal(size=13))


def test_a_point_is_what_scikit_learns_pipeline_misreads_on_the_same_images() -> None:
    """Hidden means by scikit-learn's own RBM, filled with the same numbers."""
    seen, told = np.arange(0, 365, 2), np.arange(1, 365, 2)
    from sklearn.neural_network import BernoulliRBM

    theirs = BernoulliRBM(13)
    theirs.components_ = np.asarray(MODEL.weights.T, dtype=np.float64)
    theirs.intercept_hidden_ = np.asarray(MODEL.hidden_bias, dtype=np.float64)
    hidden = diagnostics.hidden(MODEL, IMAGES)
    for point in probe.learning_curve(hidden[seen], LABELS[seen], hidden[told], LABELS[told], (5, 29, 97), seed=11):
        errors = []
        for number in range(5):
            chosen = seen[probe.draw(LABELS[seen], point.labels, np.random.default_rng([11, point.labels, number]))]
            reader = make_pipeline(_Ready(theirs), LogisticRegression(max_iter=1000))
            reader.fit(IMAGES[chosen], LABELS[chosen])
            errors.append(1 - reader.score(IMAGES[told], LABELS[told]))
        assert point.error == pytest.approx(np.mean(errors), abs=1e-6)
        assert point.standard_error == pytest.approx(np.std(errors, ddof=1) / 5**0.5, abs=1e-6)
        assert point.draws == 5


class _Ready:
    """A transformer that has been fitted, and stays as it is."""

    def __init__(self, fitted: object) -> None:
        self.fitted = fitted

    def fit(self, images: np.ndarray, labels: np.ndarray) -> _Ready:
        return self

    def transform(self, images: np.ndarray) -> np.ndarray:
        return self.fitted.transform(images)  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("size", [3, 17, 29, 101, 365])
def test_every_class_has_its_share_of_a_draw(size: int) -> None:
    chosen = probe.draw(LABELS, size, np.random.default_rng(5))
    assert len(np.unique(chosen)) == size
    for label in (2, 3, 7):
        share = size * (label == LABELS).mean()
        assert abs((LABELS[chosen] == label).sum() - share) <= 1


@pytest.mark.parametrize("size", [2, 23, 331])
def test_a_rare_class_is_there_with_one_image(size: int) -> None:
    """Without it logistic regression would see one class, and refuse."""
    labels = np.repeat([4, 9], [997, 1])
    for seed in range(7):
        chosen = probe.draw(labels, size, np.random.default_rng(seed))
        assert len(np.unique(chosen)) == size
        assert (labels[chosen] == 9).sum() == 1
    images = RNG.random((998, 5)).astype(np.float32)
    (point,) = probe.learning_curve(images, labels, images, labels, (size,))
    assert point.error < 0.6


def test_draws_differ_by_seed_and_hold_every_image_as_often() -> None:
    counts = np.zeros(365)
    for seed in range(2000):
        counts[probe.draw(LABELS, 73, np.random.default_rng(seed))] += 1
    for label in (2, 3, 7):
        mine = counts[label == LABELS]
        assert mine.std() < 5 * np.sqrt(2000 * 0.2 * 0.8), "no image of a class is preferred"
        assert mine.min() > 2000 * 0.2 * 0.7


def test_sizes_that_can_not_be_are_left_out_and_large_ones_are_drawn_once() -> None:
    labels, images = np.tile(LABELS, 4), np.tile(IMAGES, (4, 1))
    points = list(probe.learning_curve(images, labels, IMAGES, LABELS, (2, 3, 1000, 1460, 1461)))
    assert [(point.labels, point.draws, point.standard_error == 0) for point in points] == [
        (3, 5, False), (1000, 1, True), (1460, 1, True),
    ]  # fmt: skip


def test_more_labels_and_the_seed() -> None:
    first, last = probe.learning_curve(IMAGES, LABELS, IMAGES, LABELS, (5, 300))
    assert last.error < first.error
    again, _ = probe.learning_curve(IMAGES, LABELS, IMAGES, LABELS, (5, 300))
    other, _ = probe.learning_curve(IMAGES, LABELS, IMAGES, LABELS, (5, 300), seed=1)
    assert again == first != other


def test_what_has_no_labels_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadValue, match="these images have 1 class; reading takes at least two"):
        list(probe.learning_curve(IMAGES, np.zeros(365, np.int64), IMAGES, LABELS))
    with pytest.raises(BadValue, match="there must be as many"):
        list(probe.learning_curve(IMAGES[1:], LABELS, IMAGES, LABELS))
