"""Chains that stay digits: what is measured, and that the default preset and the models that ship are so."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

import rbm
from benchmarks import presets
from rbm.measures import dreaming
from rbm.measures.dreaming import Classify, Dreams, Ink


def test_ink_is_counted() -> None:
    dreamt = np.zeros((5, 300))
    dreamt[0, :2] = 1  # 0.7 % of the pixels: black
    dreamt[1, :4] = 1
    dreamt[2:4, :60] = 1
    data = np.zeros((3, 300), dtype=np.uint8)
    data[:, :30] = 255
    found = dreaming.ink(dreamt, data)
    assert found.black == pytest.approx(2 / 5)
    assert found.ratio == pytest.approx((2 + 4 + 60 + 60) / 5 / 30)


@pytest.mark.parametrize(
    ("black", "ratio", "kept"),
    [(0.0, 1.0, True), (0.02, 1.25, True), (0.02, 0.75, True), (0.03, 1.0, False), (0, 1.3, False), (0, 0.7, False)],
)
def test_ink_is_kept_within_limits(black: float, ratio: float, kept: bool) -> None:
    assert Ink(black, ratio).kept == kept


@pytest.mark.parametrize(
    ("shares", "good"),
    [
        ([0.1] * 10, True),
        ([0.35, 0.15, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.0, 0.0], True),
        ([0.36, 0.14, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.0, 0.0], False),
        ([0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.0, 0.0, 0.0], False),
    ],
)
def test_digits_are_of_many_classes(shares: list[float], good: bool) -> None:
    assert Dreams(7, Ink(0.0, 1.0), np.array(shares)).good == good


def test_chains_of_a_model_that_loves_black_end_black() -> None:
    model = rbm.RBM(np.zeros((7, 3)), np.full(7, -20.0), np.zeros(3))
    start = np.ones((11, 7))

    def classify(pictures: NDArray[np.float32]) -> NDArray[np.integer]:
        assert pictures.shape == (11, 7)
        return np.full(len(pictures), 4)

    first, second = dreaming.dreams(model, start, classify, np.random.default_rng(0), sweeps=(1, 3))
    assert (first.sweeps, second.sweeps) == (1, 3)
    assert first.ink == Ink(1.0, pytest.approx(0, abs=1e-6))
    assert second.shares[4] == 1


# ---- what is trained and shipped here


@cache
def digits() -> tuple[rbm.datasets.Dataset, Classify]:
    data = rbm.datasets.load("mnist-5k")
    return data, presets.pixel_classifier(data)


def dreams_of(model: rbm.RBM, sweeps: tuple[int, ...] = (200, 1000)) -> list[Dreams]:
    data, classify = digits()
    start, rng = data.test_images[: presets.CHAINS], np.random.default_rng(0)
    return list(dreaming.dreams(model, start, classify, rng, sweeps))


def test_the_default_preset_learns_and_dreams_digits() -> None:
    """Its seed is part of it: of nine others three end with one class in more than 35 % after 1,000 sweeps."""
    data, _ = digits()
    config = next(iter(rbm.PRESETS.values()))
    *_, report = rbm.train(data.train_images, config, validation=data.test_images)
    assert report.validation_error is not None
    assert report.validation_error <= presets.ERROR
    assert all(found.good for found in dreams_of(report.model)), dreams_of(report.model)


@pytest.mark.parametrize("name", ["digits", "classes"])
def test_shipped_models_dream_digits(name: str) -> None:
    found = dreams_of(rbm.pretrained.load(name))
    assert all(dream.good for dream in found), found


@pytest.mark.parametrize("name", ["strokes", "sick"])
def test_shipped_models_that_do_not_dream_say_so(name: str) -> None:
    assert not any(found.good for found in dreams_of(rbm.pretrained.load(name), sweeps=(200,)))
    _, note = rbm.io.read(rbm.pretrained.path(name))
    assert "doesn't dream" in note["about"]


def test_a_class_that_is_held_is_dreamt() -> None:
    held = presets.class_held(rbm.pretrained.load("classes"), *digits())
    assert held[max(held)] >= presets.READ, held
