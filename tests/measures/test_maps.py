"""Maps against scikit-learn's PCA, neighbours against counting one by one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from rbm.errors import BadValue
from rbm.measures import maps

RNG = np.random.default_rng(0)
STRETCH = np.linspace(3, 0.3, 23)


@pytest.mark.parametrize("shape", [(101, 23), (13, 23)])
@pytest.mark.parametrize("count", [1, 7])
def test_principal_axes_are_scikit_learns_up_to_their_sign(shape: tuple[int, int], count: int) -> None:
    images = (RNG.normal(size=shape) * STRETCH + 5).astype(np.float32)
    others = (RNG.normal(size=(31, 23)) * STRETCH + 5).astype(np.float32)
    theirs = PCA(count, svd_solver="full").fit(images.astype(np.float64))
    ours = maps.principal(images, count)
    turn = np.sign((theirs.components_ * ours.axes.T).sum(axis=1))
    np.testing.assert_allclose(ours.of(others), theirs.transform(others) * turn, atol=2e-5)
    np.testing.assert_allclose(np.linalg.norm(ours.axes, axis=0), 1, atol=1e-6)
    assert (ours.axes[np.abs(ours.axes).argmax(axis=0), np.arange(count)] > 0).all()


@pytest.mark.parametrize(("different", "times"), [(13, 1), (5, 7)])
def test_axes_stand_upright_on_each_other_even_where_images_differ_in_less(different: int, times: int) -> None:
    """13 images differ in 12 directions, copies of 5 in 4: there is nothing along the other axes."""
    images = np.repeat(RNG.random((different, 101)), times, axis=0).astype(np.float32)
    found = maps.principal(images, 11 if times > 1 else different)
    np.testing.assert_allclose(found.axes.T @ found.axes, np.eye(found.axes.shape[1]), atol=1e-5)
    np.testing.assert_allclose(found.of(images)[:, different - 1 :], 0, atol=1e-5)


def test_more_axes_than_there_are_is_refused() -> None:
    with pytest.raises(BadValue, match="13 images of 23 values have no 14 principal axes"):
        maps.principal(RNG.normal(size=(13, 23)), 14)


def test_neighbours_are_counted_one_by_one() -> None:
    features, labels = RNG.normal(size=(59, 7)), RNG.integers(0, 3, 59)
    same = 0
    for i in range(59):
        cosines = [
            (
                -np.inf
                if j == i
                else features[i] @ features[j] / np.linalg.norm(features[i]) / np.linalg.norm(features[j])
            )
            for j in range(59)
        ]
        same += sum(labels[j] == labels[i] for j in sorted(range(59), key=lambda j: -cosines[j])[:5])
    assert maps.same_class(features, labels, 5) == pytest.approx(same / 59 / 5)
    with pytest.raises(BadValue, match="below the number of images, 10, got 10"):
        maps.same_class(features[:10], labels[:10])


def test_neighbours_on_a_map_are_near_in_centimetres_not_in_direction() -> None:
    places = (RNG.normal(size=(59, 2)) + 50).astype(np.float32)  # seen from the origin all lie in one direction
    labels = RNG.integers(0, 3, 59)
    same = 0
    for i in range(59):
        away = [float(np.hypot(*(places[i].astype(float) - places[j]))) if j != i else np.inf for j in range(59)]
        same += sum(labels[j] == labels[i] for j in sorted(range(59), key=away.__getitem__)[:5])
    assert maps.same_class_nearby(places, labels, 5) == pytest.approx(same / 59 / 5)
    with pytest.raises(BadValue, match="below the number of images, 10, got 10"):
        maps.same_class_nearby(places[:10], labels[:10])


def test_t_sne_comes_in_slices_keeps_neighbours_and_can_be_stopped() -> None:
    labels = np.repeat([0, 1, 2], 31)
    features = (RNG.normal(size=(93, 13)) + 6 * np.eye(13)[labels]).astype(np.float32)
    places = list(maps.tsne(features, 11.0, seed=3))
    assert len(places) == maps.SLICES
    assert all(place.shape == (93, 2) for place in places)
    away = np.linalg.norm(places[-1][:, None] - places[-1], axis=2) + 1e9 * np.eye(93)
    assert (labels[away.argmin(axis=1)] == labels).mean() > 0.95
    first = next(maps.tsne(features, 11.0, seed=3))
    np.testing.assert_array_equal(first, places[0])


def test_a_perplexity_that_can_not_be() -> None:
    with pytest.raises(BadValue, match="perplexity must be from 1 to below the number of images, 13, got 13"):
        next(maps.tsne(RNG.normal(size=(13, 3)), 13.0))
