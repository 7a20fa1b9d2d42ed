"""Generated data against the distribution they claim, enumerated here pattern by pattern."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

import rbm
from rbm import datasets
from rbm.datasets import generated
from rbm.models.labelled import LabelRBM
from rbm.training.config import TrainConfig
from rbm.training.trainer import train

Distribution = dict[tuple[int, bytes], Fraction]


def bars_and_stripes(height, width) -> Distribution:
    """p(label, image): a coin for the label, one for each row or column."""
    p: Counter = Counter()
    for on in itertools.product([0, 255], repeat=height):
        p[0, bytes(on[row] for row in range(height) for _ in range(width))] += Fraction(1, 2 * 2**height)
    for on in itertools.product([0, 255], repeat=width):
        p[1, bytes(on) * height] += Fraction(1, 2 * 2**width)
    return p


def shifter(width) -> Distribution:
    p: Counter = Counter()
    for on in itertools.product([0, 255], repeat=width):
        for label, shifted in enumerate([on[1:] + on[:1], on, on[-1:] + on[:-1]]):
            p[label, bytes(on + shifted)] += Fraction(1, 3 * 2**width)
    return p


def mixture(patterns, noise) -> Distribution:
    n_classes, pixels = patterns.shape
    p: Counter = Counter()
    for label, flips in itertools.product(range(n_classes), itertools.product([False, True], repeat=pixels)):
        image = bytes(255 * (bool(on) ^ flip) for on, flip in zip(patterns[label], flips, strict=True))
        p[label, image] += Fraction(1, n_classes) * noise ** sum(flips) * (1 - noise) ** (pixels - sum(flips))
    return p


N = 40_000
CASES = {
    "bars and stripes": (lambda: generated.bars_and_stripes((3, 2), N, N, seed=1), lambda: bars_and_stripes(3, 2)),
    "wide ones": (lambda: generated.bars_and_stripes((1, 5), N, N, seed=2), lambda: bars_and_stripes(1, 5)),
    "shifter": (lambda: generated.shifter(5, N, N, seed=3), lambda: shifter(5)),
    "mixture": (
        lambda: generated.mixture((2, 3), 3, 0.25, N, N, seed=4),
        lambda: mixture(generated.prototypes((2, 3), 3, seed=4), Fraction(1, 4)),
    ),
}


@pytest.mark.parametrize(("make", "truth"), CASES.values(), ids=CASES)
def test_both_parts_follow_the_distribution(make, truth):
    """Total variation from N draws of K patterns is on average at most sqrt(K / N) / 2, and hardly scatters."""
    data, p = make(), truth()
    assert sum(p.values()) == 1
    for images, labels in ((data.train_images, data.train_labels), (data.test_images, data.test_labels)):
        seen = Counter(zip(labels.tolist(), (image.tobytes() for image in images), strict=True))
        assert not set(seen) - set(p)
        distance = sum(abs(seen[pattern] / N - float(p[pattern])) for pattern in p) / 2
        assert distance < (len(p) / N) ** 0.5 / 2 + 3 / N**0.5


def test_the_parts_are_drawn_apart():
    data = generated.shifter(20, 500, 500)
    assert not {image.tobytes() for image in data.train_images} & {image.tobytes() for image in data.test_images}


@pytest.mark.parametrize("name", generated.MAKERS)
def test_they_are_offered_by_name(name):
    data = datasets.load(name)
    assert data is datasets.load(name)
    assert data.name == name
    assert data.shape == datasets.shape(name)
    assert (len(data.train_images), len(data.test_images)) == (2000, 500)
    assert set(np.unique(data.train_images)) == {0, 255}
    assert data.classes == list(range(len(data.class_names)))
    assert data.labelled
    assert datasets.is_at_hand(name)
    assert data.source.startswith("generated")


@pytest.mark.parametrize("name", generated.MAKERS)
def test_the_seed_decides(name):
    make = generated.MAKERS[name]
    assert make(seed=1).fingerprint == make(seed=1).fingerprint
    assert make(seed=1).fingerprint != make(seed=2).fingerprint


def test_without_noise_only_the_prototypes_are_seen():
    data = generated.mixture((5, 3), 7, noise=0)
    patterns = generated.prototypes((5, 3), 7)
    np.testing.assert_array_equal(data.train_images, patterns[data.train_labels] * 255)
    assert data.shape == (5, 3)
    assert data.class_name(6) == "prototype 7"


def test_other_classes_than_ten_digits_can_be_learned():
    """13 classes and 77 pixels through the whole core: training, a label model, its file, classification."""
    data = generated.mixture((7, 11), 13, train=1500, test=300)
    config = TrainConfig(n_hidden=40, epochs=15, learning_rate=0.1, batch_size=50, seed=1)
    reports = train(data.train_images, config, labels=data.train_labels)
    *_, last = reports
    file = io.BytesIO()
    rbm.save(file, last.model)
    model = rbm.load(file)
    assert isinstance(model, LabelRBM)
    assert model.n_classes == 13
    assert (model.classify(data.test_images) == data.test_labels).mean() > 0.95  # chance is 1/13


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: generated.bars_and_stripes((0, 4)), "got 0 × 4 pixels, 2000 . 500"),
        (lambda: generated.bars_and_stripes((4, 4), test=0), "one image a part"),
        (lambda: generated.bars_and_stripes((4000, 4000)), "2500 images of 4000 × 4000 pixels are too many"),
        (lambda: generated.shifter(2), "width must be 3 or more.*got 2"),
        (lambda: generated.shifter(train=-1), "-1 . 500"),
        (lambda: generated.mixture(noise=0.6), "noise is a probability from 0 to 0.5; got 0.6"),
        (lambda: generated.mixture(noise=float("nan")), "noise is a probability"),
        (lambda: generated.mixture(n_classes=0), "n_classes must be from 1 to 256; got 0"),
    ],
)
def test_what_cannot_be_made_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
