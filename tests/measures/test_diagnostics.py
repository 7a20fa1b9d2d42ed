from __future__ import annotations

import numpy as np
import pytest

from rbm.measures import diagnostics
from tests import brute

LEVELS = np.random.default_rng(0).integers(0, 256, (17, 7)).astype(np.uint8)
IMAGES = [tuple(x / 255 for x in row) for row in LEVELS.tolist()]


@pytest.fixture(params=[2048, 5], ids=["one block", "blocks of five"])
def _blocks(request, monkeypatch):
    monkeypatch.setattr(diagnostics, "BLOCK", request.param)


@pytest.fixture
def model():
    return brute.tiny(7, 3, seed=1)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("images", [LEVELS, LEVELS / 255], ids=["uint8", "float"])
def test_reconstructions_errors_and_activations_match_plain_loops(model, images):
    p = brute.params(model)
    hidden = [brute.mean_hidden(p, v) for v in IMAGES]
    atol = brute.rounding(p)  # of the total inputs; the sigmoid's slope is at most 1/4 in each direction
    np.testing.assert_allclose(diagnostics.hidden_activations(model, images), hidden, rtol=0, atol=atol)
    np.testing.assert_allclose(
        diagnostics.reconstruct(model, images), [brute.mean_visible(p, h) for h in hidden], rtol=0, atol=atol
    )
    errors = diagnostics.reconstruction_error(model, images)
    assert errors.dtype == np.float64
    # each of 7 squares is off by at most twice what its difference, at most 1, is off
    np.testing.assert_allclose(errors, [brute.reconstruction_error(p, v) for v in IMAGES], rtol=0, atol=14 * atol)


def test_black_and_white_images_may_be_booleans(model):
    images = LEVELS > 127
    np.testing.assert_array_equal(
        diagnostics.reconstruction_error(model, images),
        diagnostics.reconstruction_error(model, images.astype(np.float32)),
    )


def test_images_stay_as_they_are(model):
    before = LEVELS.copy()
    grey = LEVELS / 255
    for images in (LEVELS, grey):
        diagnostics.reconstruct(model, images)
        diagnostics.reconstruction_error(model, images)
    np.testing.assert_array_equal(LEVELS, before)
    np.testing.assert_array_equal(grey, before / 255)


def test_squared_error_sums_over_the_pixels_of_each_image():
    assert diagnostics.squared_error(np.array([[1.0, 0, 0.5], [1, 1, 1]]), np.zeros((2, 3))).tolist() == [1.25, 3]


def test_unit_health_looks_at_every_image():
    activations = np.array(
        [  # dead, once awake, at the limit, always on, once off, at the limit, lively
            [0.001, 0.001, 0.01, 0.999, 0.999, 0.99, 0.1],
            [0.009, 0.5, 0.001, 0.995, 0.5, 0.999, 0.9],
        ]
    )
    health = diagnostics.unit_health(activations)
    assert health.dead.tolist() == [True, False, False, False, False, False, False]
    assert health.always_on.tolist() == [False, False, False, True, False, False, False]


def test_mean_by_class():
    values = np.array([[1.0, 10], [2, 20], [4, 40], [6, 60]])
    classes, means = diagnostics.mean_by_class(values, np.array([7, 3, 3, 7]))
    assert classes == [3, 7]
    assert means.tolist() == [[3, 30], [3.5, 35]]


@pytest.mark.parametrize("function", ["reconstruct", "reconstruction_error", "hidden_activations"])
def test_bad_images_are_refused(model, function):
    with pytest.raises(ValueError, match="images must be uint8 or floats"):
        getattr(diagnostics, function)(model, LEVELS.astype(np.int64))
    with pytest.raises(ValueError, match="7 visible units"):
        getattr(diagnostics, function)(model, LEVELS[:, :3])


def test_a_repair_keeps_what_is_whole_and_draws_the_rest_as_the_model_would(model):
    whole = np.array([True, False, True, True, False, False, True])
    image = np.where(whole, [1, 0, 0, 1, 0, 0, 1], 0).astype(np.float32)
    repaired = diagnostics.repair(model, np.tile(image, (20_011, 1)), whole, 23, np.random.default_rng(5))
    np.testing.assert_array_equal(repaired[:, whole], np.tile(image[whole], (20_011, 1)))
    possible = {v: p for v, p in brute.marginal(brute.params(model)).items() if (np.array(v) == image)[whole].all()}
    wanted = sum(p * np.array(v) for v, p in possible.items()) / sum(possible.values())
    error = repaired.std(axis=0) / np.sqrt(len(repaired))
    assert (np.abs(repaired.mean(axis=0) - wanted) <= 5 * error + 1e-6).all()


def test_a_repair_takes_a_sweep(model):
    with pytest.raises(ValueError, match="1 or more sweeps, got 0"):
        diagnostics.repair(model, LEVELS, np.ones(7, dtype=bool), 0, np.random.default_rng(1))
