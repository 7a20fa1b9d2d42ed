"""A drawing becomes an image in MNIST's own frame."""

import numpy as np
import pytest

from rbm import datasets
from rbm.app import ink

SHAPES = [(28, 28), (8, 8), (13, 17)]


def stroke(height: int, width: int, top: int, left: int, size: int) -> np.ndarray:
    drawing = np.zeros((height, width))
    drawing[top : top + size, left : left + size // 3] = 1
    drawing[top + size - size // 4 : top + size, left : left + size // 2] = 1
    return drawing


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    grid = np.indices(image.shape)
    return (grid * image).sum(axis=(1, 2)) / image.sum()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_mass_is_in_the_middle(shape: tuple[int, int]) -> None:
    seen = ink.normalise(stroke(280, 280, 20, 150, 120), shape)
    assert seen is not None
    middle = np.array(shape) / 2
    assert np.abs(centre_of_mass(seen.reshape(shape)) - middle).max() <= 0.5 + 1e-6


def test_it_fits_a_box_of_20_in_28() -> None:
    seen = ink.normalise(stroke(280, 280, 20, 150, 120), (28, 28))
    assert seen is not None
    rows = np.flatnonzero(seen.reshape(28, 28).max(axis=1))
    assert rows[-1] - rows[0] + 1 == 20


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("top", "left"), [(0, 0), (7, 130), (149, 31)])
def test_where_it_was_drawn_does_not_matter(shape: tuple[int, int], top: int, left: int) -> None:
    there = ink.normalise(stroke(280, 280, top, left, 120), shape)
    here = ink.normalise(stroke(280, 280, 60, 60, 120), shape)
    assert there is not None
    np.testing.assert_array_equal(there, here)


def test_edges_are_grey() -> None:
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:280, :280]
    disc = ((y - 140) ** 2 + (x - 140) ** 2 < rng.integers(80, 100) ** 2).astype(float)
    seen = ink.normalise(disc, (28, 28))
    assert seen is not None
    assert 0.02 < ((seen > 0.1) & (seen < 0.9)).mean() < 0.2
    assert seen.min() >= 0
    assert seen.max() <= 1


def test_a_digit_drawn_as_ink_comes_back() -> None:
    digits = datasets.load("mnist-5k").test_images.reshape(-1, 28, 28) / 255
    for digit in digits[:200]:
        seen = ink.normalise(np.kron(digit, np.ones((10, 10))), (28, 28))
        assert seen is not None
        np.testing.assert_allclose(seen.reshape(28, 28), digit, atol=1e-6)


@pytest.mark.parametrize("drawing", [np.zeros((280, 280)), np.full((280, 280), 0.001)])
def test_without_ink_there_is_nothing(drawing: np.ndarray) -> None:
    assert ink.normalise(drawing, (28, 28)) is None


def test_a_dot_and_a_full_canvas() -> None:
    dot = np.zeros((280, 280))
    dot[3, 270] = 1
    for drawing in (dot, np.ones((280, 280))):
        seen = ink.normalise(drawing, (28, 28))
        assert seen is not None
        assert seen.shape == (784,)
        assert np.isfinite(seen).all()


def test_a_drawing_has_two_axes() -> None:
    with pytest.raises(ValueError, match=r"\(height, width\) array, got shape \(7,\)"):
        ink.normalise(np.ones(7), (28, 28))


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (14, 16)])
def test_as_drawn_undoes_enlarged(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(2).integers(1, 16, shape[0] * shape[1]).astype(np.float32) / 15
    back = ink.as_drawn(ink.enlarged(image, shape, 112), shape)
    assert back is not None
    np.testing.assert_allclose(back, image, atol=1e-6)
    assert ink.as_drawn(np.zeros((112, 112)), shape) is None


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mask_over_the_ink_follows_it(shape: tuple[int, int]) -> None:
    drawing = stroke(112, 112, 9, 60, 45)
    where, seen = ink.placement(drawing, shape), ink.normalise(drawing, shape)
    assert where is not None
    assert seen is not None
    followed = ink.follow(drawing > 0, where)
    assert (seen[followed] > 0).all(), "what the mask fixes has ink"
    assert followed[seen > 0.75].all(), "where there is much ink, the mask is"
    assert ink.follow(np.ones((112, 112), bool), where).reshape(shape)[shape[0] // 2, shape[1] // 2]
    assert not ink.follow(np.zeros((112, 112), bool), where).any()
    assert ink.placement(np.zeros((112, 112)), shape) is None
