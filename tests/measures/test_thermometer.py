"""Free energies as heights: the likelier the higher, nothing beyond the ends, real pictures in the middle."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rbm
from rbm.measures import diagnostics, thermometer
from rbm.measures.thermometer import Scale


def by_hand(energy: float, centre: float, spread: float) -> float:
    """The height without the formula's shape: the odds of a picture above the centre grow evenly with its distance."""
    away = abs(energy - centre) / spread
    near = 1 / (2 + 2 * away)  # from the nearer end
    return near if energy > centre else 1 - near


@pytest.mark.parametrize("energy", [-1e9, -463.0, -404.0, -391.5, 0.0, 1828.0, 1e12])
def test_heights_agree_with_the_distance_from_the_nearer_end(energy: float) -> None:
    assert Scale(-404, 40).heights(energy) == pytest.approx(by_hand(energy, -404, 40), abs=1e-12)


def test_the_likelier_the_higher_and_none_beyond_the_ends() -> None:
    energies = np.array([3000.0, 1800, 90, -20, -330, -404, -410, -482, -900])
    heights = Scale(-404, 37).heights(energies)
    assert (np.diff(heights) > 0).all()
    assert 0 < heights[0] < 0.01
    assert 0.9 < heights[-1] < 1
    assert Scale(-404, 37).heights(-404 + 37) == pytest.approx(0.25)
    assert Scale(-404, 37).heights(-404 - 37) == pytest.approx(0.75)
    assert Scale(0, 1).heights(np.zeros((2, 3, 5))).shape == (2, 3, 5)


def test_the_scale_is_that_of_the_middle_nine_tenths() -> None:
    energies = np.arange(101.0)[::-1] - 300  # the quantiles of 0 to 100 are plain to see
    assert thermometer.scale_of(energies) == (-250.0, 45.0)
    assert thermometer.scale_of([7.0, 7.0]) == (7.0, 1.0), "pictures all alike are no division by zero"
    with pytest.raises(ValueError, match="at least one picture"):
        thermometer.scale_of([])


def test_a_silhouette_is_as_wide_as_it_is_crowded() -> None:
    told = thermometer.silhouette([0.05, 0.06, 0.31, 0.95, 0.96, 0.97, 1.0], 10)
    np.testing.assert_allclose(told, [2 / 4, 0, 0, 1 / 4, 0, 0, 0, 0, 0, 1])
    assert thermometer.silhouette([], 3).tolist() == [0, 0, 0]


KINDS = {
    "binary": lambda w, b, c: rbm.RBM(w, b, c),
    "labelled": lambda w, b, c: rbm.LabelRBM(w, b, c, n_classes=2),
    "gaussian": lambda w, b, c: rbm.GaussianRBM(w, b, c),
}


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_of_the_kind_that_the_model_sees_and_has_a_free_energy(kind: str) -> None:
    rng = np.random.default_rng(5)
    model = KINDS[kind](rng.normal(size=(13, 7)), rng.normal(size=13), rng.normal(size=7))
    drawn = thermometer.noise(model, 1009, np.random.default_rng(2))
    assert drawn.shape == (1009, 13 - 2 * (kind == "labelled"))
    if kind == "gaussian":
        assert abs(drawn.mean()) < 0.05
        assert drawn.std() == pytest.approx(1, abs=0.05)
    else:
        assert set(np.unique(drawn)) == {0, 1}
        assert drawn.mean() == pytest.approx(0.5, abs=0.03)
    energies = diagnostics.free_energy(model, drawn[:11])
    assert all(math.isfinite(value) for value in thermometer.scale_of(energies).heights(energies))
