"""The map of two units that ships: against its own pictures, scikit-learn's PCA, and counting one by one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from rbm import datasets, pretrained
from rbm.pretrained import plane


def share(places: np.ndarray, labels: np.ndarray) -> float:
    """Of the ten nearest in the plane, those of the same class."""
    near = NearestNeighbors(n_neighbors=11).fit(places).kneighbors(places, return_distance=False)[:, 1:]
    return float((labels[near] == labels[:, None]).mean())


def test_it_is_small() -> None:
    assert pretrained.path(plane.NAME).stat().st_size < 1e6


def test_what_it_says_of_neighbours_is_so() -> None:
    data, known = datasets.load(plane.DATA), plane.load()
    assert share(known.place(data.test_images), data.test_labels) == pytest.approx(known.shares["units"], abs=1e-3)
    shadow = PCA(2).fit_transform(data.test_images / 255)
    assert share(shadow, data.test_labels) == pytest.approx(known.shares["PCA"], abs=2e-3)
    assert known.shares["PCA"] + 0.2 < known.shares["units"] < known.shares["t-SNE"]


def test_what_the_decoder_draws_lies_where_it_was_drawn() -> None:
    known = plane.load()
    (left, bottom), (right, top) = known.corners
    x, y = np.meshgrid(np.linspace(left, right, plane.ACROSS), np.linspace(top, bottom, plane.ACROSS))
    places = known.place(known.lattice)
    assert np.corrcoef(places[:, 0], x.ravel())[0, 1] > 0.9
    assert np.corrcoef(places[:, 1], y.ravel())[0, 1] > 0.9


def test_grey_levels_and_shares_of_one_lie_alike() -> None:
    images = datasets.load(plane.DATA).test_images[:7]
    np.testing.assert_allclose(plane.load().place(images), plane.load().place(images / 255), atol=1e-3)
