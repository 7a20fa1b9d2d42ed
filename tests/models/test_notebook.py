"""How a model shows itself in a notebook: one line, and its filters as a picture."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

import rbm
from rbm.models import notebook

RNG = np.random.default_rng(5)


def model(visible: int, hidden: int, cls: type[rbm.RBM] = rbm.RBM, **kind: int) -> rbm.RBM:
    return cls(RNG.normal(size=(visible, hidden)), np.zeros(visible), np.zeros(hidden), **kind)


def picture(shown: str) -> np.ndarray:
    """The pixels (height, width, 3) of the only image in a piece of HTML."""
    (data,) = re.findall(r'src="data:image/png;base64,([^"]*)"', shown)
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (model(6, 5), "RBM(6 visible, 5 hidden)"),
        (model(6, 5, rbm.GaussianRBM), "GaussianRBM(6 visible, 5 hidden)"),
        (model(6, 5, rbm.LabelRBM, n_classes=2), "LabelRBM(4 pixels, 2 classes, 5 hidden)"),
        (model(6, 5, rbm.LabelRBM, n_classes=2).marginal, "Marginal(4 visible, 5 hidden)"),
    ],
)
def test_a_model_is_one_line(one: rbm.RBM, expected: str) -> None:
    assert repr(one) == expected


@pytest.mark.parametrize("cls", [rbm.RBM, rbm.GaussianRBM])
def test_blue_is_negative_and_red_positive_in_the_place_of_each_weight(cls: type[rbm.RBM]) -> None:
    weights = np.zeros((6, 2))  # two filters of 2 × 3 pixels
    weights[1, 0], weights[5, 0], weights[3, 1] = 2, -2, 1
    shown = cls(weights, np.zeros(6), np.zeros(2))._repr_html_()
    pixels = picture(shown)
    assert pixels.shape == (2, 7, 3), "side by side, with a line between"
    filters = pixels[:, :3], pixels[:, 4:]
    assert (pixels[:, 3] == 128).all()
    assert tuple(filters[0][0, 1]) == notebook.RED
    assert tuple(filters[0][1, 2]) == notebook.BLUE
    red, green, blue = filters[1][1, 0]
    assert red > green
    assert red > blue
    pale = [filters[0][0, 0], filters[0][1, 0], filters[1][0, 0], filters[1][1, 1]]
    assert all(tuple(pixel) == notebook.WHITE for pixel in pale)
    assert "full colour at ±2" in shown


def test_classes_are_no_pixels() -> None:
    labelled = model(14, 3, rbm.LabelRBM, n_classes=5)
    pixels = rbm.RBM(labelled.weights[:9], np.zeros(9), np.zeros(3))
    np.testing.assert_array_equal(picture(labelled._repr_html_()), picture(pixels._repr_html_()))


@pytest.mark.parametrize(
    ("visible", "hidden", "shape", "words"),
    [
        (784, 300, (289, 289), "the first 100 of 300 hidden units"),
        (12, 3, (7, 9), "of 3 hidden units"),  # 3 × 4
        (17, 3, (5, 17), "of 3 hidden units"),  # a prime: 1 × 17
        (1, 1, (1, 1), "of 1 hidden unit:"),
        (1_048_573, 3, (1, 1_048_573), "the first 1 of 3 hidden units"),  # and a large one
    ],
)
def test_any_number_of_pixels_makes_a_picture(visible: int, hidden: int, shape: tuple[int, int], words: str) -> None:
    title = f"RBM({visible} visible, {hidden} hidden)"
    shown = notebook.filters_html(title, RNG.normal(size=(visible, hidden)).astype(np.float32))
    assert picture(shown).shape[:2] == shape
    assert words in shown
    assert f'alt="{title}, weights of' in shown


def test_a_model_without_weights_is_white() -> None:
    blank = rbm.RBM(np.zeros((4, 1)), np.zeros(4), np.zeros(1))
    assert (picture(blank._repr_html_()) == notebook.WHITE).all()


@pytest.mark.parametrize(
    ("count", "shape"), [(1, (1, 1)), (2, (1, 2)), (12, (3, 4)), (17, (1, 17)), (784, (28, 28)), (500, (20, 25))]
)
def test_near_square(count: int, shape: tuple[int, int]) -> None:
    assert notebook.near_square(count) == shape
