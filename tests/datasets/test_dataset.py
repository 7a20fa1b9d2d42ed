"""The container of images: what fits together, who is held out, and what tells two sets apart."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbm import datasets
from rbm.datasets.dataset import Dataset, quotas


def dataset(images=7, labels=None, shape=(3, 5), **more):
    pixels = np.arange(images * 15, dtype=np.uint8).reshape(images, 15)
    own = np.arange(images) % 3 if labels is None else np.asarray(labels)
    return Dataset("mine", pixels, own, pixels[:2] + 1, own[:2].copy(), shape, **more)


def test_labels_need_not_be_ten_digits():
    data = dataset(labels=[4, 4, 17, 17, 17, 4, 4])
    assert data.classes == [4, 17]
    assert data.labelled
    assert data.class_name(17) == "17"
    named = dataset(class_names=("cat", "dog"))
    assert [named.class_name(label) for label in range(3)] == ["cat", "dog", "2"]
    assert not dataset(labels=[0] * 7).labelled


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": (3, 7)}, r"images must be uint8 \(n, 21\), n > 0; got uint8 \(7, 15\)"),
        ({"images": 0}, r"got uint8 \(0, 15\)"),
        ({"labels": [0, 1]}, r"labels must be int64 \(7,\) from 0; got int64 \(2,\)"),
        ({"labels": [-1] * 7}, "from 0"),
        ({"labels": [0.0] * 7}, "got float64"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataset(**change)


def test_the_fingerprint_sees_every_part():
    prints = {
        data.fingerprint
        for data in (dataset(), dataset(6), dataset(labels=[0] * 7), dataset(shape=(5, 3)), dataset(shape=(1, 15)))
    }
    assert len(prints) == 5
    assert dataset(source="elsewhere", class_names=("a",)).fingerprint == dataset().fingerprint


def by_remainders(sizes: list[int], count: int) -> list[int]:
    """Hamilton's method with fractions, one seat at a time."""
    ideal = [Fraction(count * size, sum(sizes)) for size in sizes]
    shares = [int(x) for x in ideal]
    while sum(shares) < count:
        waiting = [i for i in range(len(sizes)) if shares[i] <= ideal[i] and shares[i] < ideal[i]]
        best = min(waiting, key=lambda i: (sizes[i] - shares[i] < 2, shares[i] - ideal[i], i))
        shares[best] += 1
    return shares


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.data())
def test_quotas_add_up_and_stay_in_proportion(sizes, data):
    if sum(sizes) < 2:
        return
    count = data.draw(st.integers(1, sum(sizes) - 1))
    shares = quotas(np.array(sizes), count).tolist()
    assert shares == by_remainders(sizes, count)
    assert sum(shares) == count
    assert all(0 <= share <= size for share, size in zip(shares, sizes, strict=True))


def test_mnist_gives_exactly_ten_thousand():
    """Rounding each sixth by itself would give 10,001."""
    sizes = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    labels = np.repeat(np.arange(10), sizes)
    train, test = datasets.hold_out(labels, 10_000, seed=1)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(60_000))
    held = Counter(labels[test].tolist())
    assert sum(held.values()) == 10_000
    assert all(abs(held[c] - size / 6) < 1 for c, size in enumerate(sizes))
    np.testing.assert_array_equal(test, datasets.hold_out(labels, 10_000, seed=1)[1])


def test_an_only_member_is_the_last_to_go():
    """In proportion 11 of 17 are 5.2, 5.2 and 0.6: the largest remainder is the lonely one's."""
    labels = np.repeat([0, 1, 2], [8, 8, 1])
    assert Counter(labels[datasets.hold_out(labels, 11, seed=0)[1]].tolist()) == {0: 6, 1: 5}


@pytest.mark.parametrize("count", [0, 5, -1])
def test_neither_part_may_be_empty(count):
    with pytest.raises(ValueError, match="between 1 and 4 of 5 images can be held out"):
        datasets.hold_out(np.zeros(5, np.int64), count, seed=0)
