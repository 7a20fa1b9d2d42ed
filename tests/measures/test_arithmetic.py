"""The arithmetic of one hidden unit, against sums written out, for every kind of model."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rbm
from rbm.measures import arithmetic
from rbm.models.binary import RBM

PIXELS, HIDDEN, CLASSES = 13, 7, 3


def model(kind: str) -> RBM:
    rng = np.random.default_rng(5)
    visible = PIXELS + CLASSES * (kind == "labelled")
    parts = rng.normal(size=(visible, HIDDEN)), rng.normal(size=visible), rng.normal(size=HIDDEN)
    if kind == "labelled":
        return rbm.LabelRBM(*parts, n_classes=CLASSES)
    return {"binary": rbm.RBM, "gaussian": rbm.GaussianRBM}[kind](*parts)


def image() -> np.ndarray:
    return np.random.default_rng(8).random(PIXELS).astype(np.float32)


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


KINDS = ["binary", "labelled", "gaussian"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_sum_is_pixel_by_pixel_and_its_sigma_is_what_lights_up(kind: str) -> None:
    machine, v, unit = model(kind), image(), 4
    found = arithmetic.unit_sum(machine, v, unit)
    pixels = sum(float(machine.weights[i, unit]) * float(v[i]) for i in range(PIXELS))
    classes = 0.0
    if kind == "labelled":
        scores = machine.class_log_probabilities(v[None])[0]  # type: ignore[attr-defined]
        classes = sum(math.exp(scores[k]) * float(machine.weights[PIXELS + k, unit]) for k in range(CLASSES))
    assert found.pixels == pytest.approx(pixels, abs=1e-5)
    assert found.classes == pytest.approx(classes, abs=1e-5)
    assert found.bias == pytest.approx(float(machine.hidden_bias[unit]))
    assert found.total == pytest.approx(pixels + classes + float(machine.hidden_bias[unit]), abs=1e-5)
    assert found.chance == pytest.approx(logistic(found.total), abs=1e-6)
    assert found.chance == pytest.approx(arithmetic.lit(machine, v)[unit], abs=1e-5)
    assert found.products.shape == (PIXELS,)


@pytest.mark.parametrize("kind", KINDS)
def test_the_pixels_answer_with_and_without_the_unit(kind: str) -> None:
    machine, unit = model(kind), 2
    hidden = arithmetic.lit(machine, image())
    before = hidden.copy()
    on, off = arithmetic.answers(machine, hidden, unit)
    for i in range(PIXELS):
        others = float(machine.visible_bias[i]) + sum(
            float(machine.weights[i, j]) * float(hidden[j]) for j in range(HIDDEN) if j != unit
        )
        with_it, mean = others + float(machine.weights[i, unit]), float if kind == "gaussian" else logistic
        assert on[i] == pytest.approx(mean(with_it), abs=1e-5)
        assert off[i] == pytest.approx(mean(others), abs=1e-5)
    np.testing.assert_array_equal(hidden, before)
    assert on.shape == off.shape == (PIXELS,)


def test_a_unit_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        arithmetic.unit_sum(model("binary"), image(), HIDDEN)
