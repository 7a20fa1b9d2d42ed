"""The ways to train: chains, schedules, binarisation. Plain CD is tested in test_training.py."""

from __future__ import annotations

import numpy as np
import pytest

import rbm
from rbm.batches import Images
from rbm.training import Trainer

N, PIXELS, HIDDEN = 31, 11, 7
IMAGES = np.random.default_rng(0).integers(0, 256, (N, PIXELS), dtype=np.uint8)


def config(**changes: object) -> rbm.TrainConfig:
    settings = {"n_hidden": HIDDEN, "batch_size": 13, "epochs": 3, "weight_std": 0.3, **changes}
    return rbm.TrainConfig(**settings)


def test_schedules() -> None:
    at = [0, 2.5, 10]
    rates = {
        name: [config(schedule=name, learning_rate=0.2, epochs=10).rate_at(epoch) for epoch in at]
        for name in ("constant", "linear", "inverse")
    }
    assert rates["constant"] == [0.2, 0.2, 0.2]
    assert rates["linear"] == pytest.approx([0.2, 0.15, 0])
    assert rates["inverse"] == pytest.approx([0.2, 0.16, 0.1])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_grey_levels_are_drawn_anew_and_without_bias(dtype: type) -> None:
    """Pixel means over 20,000 draws are within five standard errors; black and white never change."""
    pixels = np.array([[0, 1, 50, 127, 128, 254, 255]], dtype=np.uint8)
    images = Images(pixels if dtype == np.uint8 else pixels.astype(dtype) / 255, "sample")
    rng = np.random.default_rng(1)
    n = 20_000
    drawn = images.fill(np.zeros(n, dtype=np.int64), np.empty((n, 7), np.float32), rng)
    p = pixels[0] / 255
    assert set(np.unique(drawn)) == {0, 1}
    assert np.all(np.abs(drawn.mean(axis=0) - p) <= 5 * np.sqrt(p * (1 - p) / n) + 1e-7)


def test_threshold_and_grey() -> None:
    pixels = np.array([[0, 127, 128, 255]], dtype=np.uint8)
    row, out = np.zeros(1, dtype=np.int64), np.empty((1, 4), np.float32)
    assert Images(pixels, "threshold").fill(row, out).tolist() == [[0, 0, 1, 1]]
    assert Images(pixels / 255, "threshold").fill(row, out).tolist() == [[0, 0, 1, 1]]
    assert Images(pixels, "sample").fill(row, out)[0] == pytest.approx(pixels[0] / 255)


@pytest.mark.parametrize("chains", [1, 5, 17])
def test_persistent_chains_are_kept_over_batches_and_epochs(chains: int) -> None:
    """At a learning rate of nothing, the hidden draws move by Gibbs sweeps alone, whatever the batches."""
    trainer = Trainer(IMAGES, config(algorithm="pcd", chains=chains, learning_rate=1e-12, weight_std=5.0))
    kept = trainer._chains._hidden
    while not trainer.finished:
        before = kept.copy()
        trainer.step()
        assert trainer._chains._hidden is kept
        assert kept.shape == (chains, HIDDEN)
        assert (kept == before).mean() > 0.05  # weights this large hold most units in place
