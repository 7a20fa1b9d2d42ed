"""What is estimated before is what is taken after; and what is too much is refused with what would fit."""

from __future__ import annotations

import re
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

import rbm
from rbm.errors import BadValue
from rbm.models.film import TILES, kept
from rbm.runs import budget
from rbm.runs.limits import Limits
from rbm.training.trainer import Trainer

SHAPES = [
    (997, 509, {"n_hidden": 499, "batch_size": 127}),
    (997, 2039, {"n_hidden": 997, "batch_size": 127, "momentum": 0.5}),
    (997, 1021, {"n_hidden": 997, "batch_size": 127, "algorithm": "pcd", "chains": 1009}),
    (997, 1021, {"n_hidden": 499, "batch_size": 127, "algorithm": "pt", "chains": 251, "temperatures": 11}),
    (3001, 1021, {"n_hidden": 251, "batch_size": 3001, "binarize": "threshold"}),
    (997, 509, {"n_hidden": 499, "batch_size": 127, "algorithm": "autoencoder"}),
    (997, 2039, {"n_hidden": 997, "batch_size": 127, "centering": True, "l2": 0.001}),
    (997, 509, {"n_hidden": 499, "batch_size": 499, "discriminative": 0.5}),
    (997, 1021, {"n_hidden": 499, "batch_size": 127, "visible": "gaussian-variance", "learning_rate": 0.001}),
]


@pytest.mark.parametrize(("n", "pixels", "settings"), SHAPES)
def test_a_training_takes_what_was_estimated(n: int, pixels: int, settings: dict[str, object]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (n, pixels), dtype=np.uint8)
    config = rbm.TrainConfig(epochs=2, **settings)  # type: ignore[arg-type]
    labels = np.arange(n) % 7 if config.discriminative else None
    tracemalloc.start()
    trainer = Trainer(
        images, config, labels=labels, validation=images, validation_labels=labels, monitors=("update_ratio",)
    )
    while not trainer.finished:
        trainer.step()
    shown = (trainer.snapshot(), trainer.model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert shown
    assert 0.9 * peak < budget.training_bytes(config, n, pixels) < 1.5 * peak


def test_every_preset_fits_and_the_product_of_allowed_settings_does_not() -> None:
    for config in rbm.PRESETS.values():
        Limits().check(config, 60_000, 784)
    large = rbm.TrainConfig(n_hidden=4000)
    Limits().check(large, 4000, 784)
    with pytest.raises(
        BadValue, match=r"about 1,\d\d\d MB .* RBM_MAX_TRAINING_MB allows 300; \d+ hidden units would fit"
    ):
        Limits().check(large, 4000, 128 * 128)
    tempered = replace(large, algorithm="pt", chains=1000, temperatures=10)
    with pytest.raises(BadValue, match="RBM_MAX_TRAINING_MB"):
        Limits().check(tempered, 4000, 784)


@pytest.mark.parametrize("config", [rbm.TrainConfig(), rbm.TrainConfig(algorithm="pcd", chains=97, batch_size=31)])
def test_what_would_fit_fits_and_one_more_does_not(config: rbm.TrainConfig) -> None:
    with pytest.raises(BadValue) as refused:
        budget.check_training(replace(config, n_hidden=90_000), 997, 3001, 100)
    told = re.search(r"; ([\d,]+) hidden units would fit", str(refused.value))
    assert told is not None
    most = int(told[1].replace(",", ""))
    budget.check_training(replace(config, n_hidden=most), 997, 3001, 100)
    with pytest.raises(BadValue):
        budget.check_training(replace(config, n_hidden=most + 1), 997, 3001, 100)


def test_without_any_unit_that_fits_something_else_is_advised() -> None:
    with pytest.raises(BadValue, match="choose fewer chains, a smaller batch or smaller images"):
        budget.check_training(rbm.TrainConfig(batch_size=100_000), 70_000, 16_384, 1)


def test_models_from_outside_are_bounded_as_a_whole() -> None:
    Limits().check_model(784, 4000)
    Limits().check_model(128 * 128, 900)
    with pytest.raises(BadValue, match=r"16,384 × 4,000 weights, .* 976 hidden units on so many pixels"):
        Limits().check_model(128 * 128, 4000)


def test_dreams_are_bounded_by_their_work() -> None:
    budget.check_dream(100, 1000, 794, 500)
    with pytest.raises(BadValue, match="24 chains would fit"):
        budget.check_dream(100, 1000, 128 * 128, 500)
    budget.check_dream(24, 1000, 128 * 128, 500)
    with pytest.raises(BadValue, match=r"762 sweeps of one chain would fit"):
        budget.check_dream(1, 1000, 128 * 128, 16_000)


def test_long_runs_make_fewer_sweeps_of_large_models() -> None:
    assert budget.sweeps(500, 198, 794, 500) == 500
    few = budget.sweeps(500, 198, 128 * 128, 976)
    assert 60 <= few < 500
    budget.check_dream(198, few, 128 * 128, 976)
    with pytest.raises(BadValue):
        budget.check_dream(198, few + 1, 128 * 128, 976)


def test_tables_of_activations_are_bounded() -> None:
    budget.check_activations(60_000, 500)
    with pytest.raises(BadValue, match="8,388 images would fit"):
        budget.check_activations(60_000, 4000)


def test_films_of_large_pictures_keep_fewer() -> None:
    assert budget.tiles(784, 100, TILES) == TILES
    assert budget.tiles(128 * 128, 16, TILES) * 128 * 128 <= budget.FILM_BYTES
    assert len(kept(1000, 100, budget.tiles(128 * 128, 100, TILES))) >= 2
    assert len(kept(1000, 300, budget.tiles(128 * 128, 300, TILES))) >= 2
