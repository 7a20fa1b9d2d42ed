"""The autoencoder: its step against finite differences of the loss in float64, and what it shares with the others."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rbm
from rbm.models.layers import Bernoulli, Layers, Parameters
from rbm.training.autoencoder import AutoencoderGradient, Rebuilt, made, note
from rbm.training.start import untrained

N, PIXELS, HIDDEN = 13, 11, 7
RNG = np.random.default_rng(1)
IMAGES = RNG.integers(0, 256, (31, PIXELS), dtype=np.uint8)
V = RNG.random((N, PIXELS))
P = [RNG.normal(size=size) for size in ((PIXELS, HIDDEN), PIXELS, HIDDEN)]
SHAPES = [part.shape for part in P]


def config(**changes: Any) -> rbm.TrainConfig:
    settings = {"n_hidden": HIDDEN, "batch_size": N, "epochs": 3, "weight_std": 0.3, "algorithm": "autoencoder"}
    return rbm.TrainConfig(**{**settings, **changes})


def loss(w: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """Mean over the images of the cross-entropy, summed over pixels, unit by unit."""
    total = 0.0
    for v in V:
        h = [1 / (1 + math.exp(-(c[j] + sum(v[i] * w[i, j] for i in range(PIXELS))))) for j in range(HIDDEN)]
        for i in range(PIXELS):
            x = b[i] + sum(w[i, j] * h[j] for j in range(HIDDEN))
            total += math.log1p(math.exp(x)) - v[i] * x  # -v log σ(x) - (1 - v) log(1 - σ(x))
    return total / N


def slopes(parts: list[np.ndarray], at: Any = loss, h: float = 1e-5) -> list[np.ndarray]:
    """Central differences in every single number: their own error is of the order of h² = 1e-10."""
    found = [np.empty(part.shape) for part in parts]
    for part, slope in zip(parts, found, strict=True):
        for place in np.ndindex(part.shape):
            kept = part[place]
            values = []
            for moved in (kept + h, kept - h):
                part[place] = moved
                values.append(at(*parts))
            part[place] = kept
            slope[place] = (values[0] - values[1]) / (2 * h)
    return found


def step(rate: float = 1.0, lam: np.ndarray | None = None, mu: np.ndarray | None = None, **changes: Any) -> Parameters:
    """What the trainer's parts make of V at P; `mu`, `lam`: running means before."""
    p = Parameters(*(part.astype(np.float32) for part in P))
    means = [np.full(size, 0.5, np.float32) if given is None else given.astype(np.float32)
             for given, size in ((mu, PIXELS), (lam, HIDDEN))]  # fmt: skip
    layers = Layers(*(Bernoulli(np.random.default_rng(0), N * PIXELS) for _ in range(2)))
    gradient, rebuilt = AutoencoderGradient(config(**changes), N, N, *means), Rebuilt(layers)
    v, h = gradient.visible, gradient.hidden
    v[:N] = V
    layers.hidden.mean_(np.add(v[:N] @ p.weights, p.hidden_bias, out=h[:N]))
    rebuilt.run(p, 1, h[:N], v[N : 2 * N], h[N : 2 * N])
    out = Parameters(*(np.full(size, np.nan, np.float32) for size in SHAPES))
    gradient.step(N, N, rate, p.weights, out)
    return out


def test_the_step_is_the_steepest_descent_of_the_cross_entropy():
    for found, slope in zip(step(), slopes(P), strict=True):
        assert np.abs(slope).max() > 0.05
        np.testing.assert_allclose(found, -slope, atol=1e-6)


def test_penalties_and_sparsity_are_slopes_too():
    """Sparsity: cost · (q - target) on the total input of every unit; weight costs never reach biases."""
    plain = step(0.5)
    l2 = step(0.5, l2=0.2)
    np.testing.assert_allclose(l2.weights - plain.weights, -0.5 * 0.2 * P[0], atol=1e-6)
    l1 = step(0.5, l1=0.2)
    np.testing.assert_allclose(l1.weights - plain.weights, -np.clip(P[0], -0.1, 0.1), atol=1e-6)
    sparse = step(0.5, sparsity_cost=0.3, sparsity_target=0.2, sparsity_decay=0.75)
    h = 1 / (1 + np.exp(-(V @ P[0] + P[2])))
    push = -0.5 * 0.3 * (0.75 * 0.5 + 0.25 * h.mean(axis=0) - 0.2)
    np.testing.assert_allclose(sparse.hidden_bias - plain.hidden_bias, push, atol=1e-6)
    np.testing.assert_allclose(sparse.weights - plain.weights, np.outer(V.mean(axis=0), push), atol=1e-6)
    for other in (l1, l2, sparse):
        np.testing.assert_array_equal(other.visible_bias, plain.visible_bias)


def test_centring_descends_in_the_centred_parametrisation():
    """b = b' - W λ, c = c' - Wᵀ μ: the slopes at fixed b', c', carried back to b and c."""
    mu, lam = RNG.random(PIXELS), RNG.random(HIDDEN)
    h = 1 / (1 + np.exp(-(V @ P[0] + P[2])))
    found = step(centering=True, mu=mu, lam=lam)
    mu, lam = mu + 0.01 * (V.mean(axis=0) - mu), lam + 0.01 * (h.mean(axis=0) - lam)
    primed = [P[0].copy(), P[1] + P[0] @ lam, P[2] + P[0].T @ mu]
    w, b, c = slopes(primed, at=lambda w, b, c: loss(w, b - w @ lam, c - w.T @ mu))
    np.testing.assert_allclose(found.weights, -w, atol=1e-6)
    np.testing.assert_allclose(found.visible_bias, -b + w @ lam, atol=1e-6)
    np.testing.assert_allclose(found.hidden_bias, -c + w.T @ mu, atol=1e-6)


def test_the_trainer_takes_these_steps_with_momentum_schedule_and_a_short_batch():
    """Followed in float64, whose sigmoid shares no code; the last batch of 5 steps by its share of 13."""
    settings = {"momentum": 0.5, "final_momentum": 0.8, "momentum_epochs": 1, "schedule": "linear", "epochs": 2}
    trainer = rbm.Trainer(IMAGES, config(learning_rate=0.3, **settings))
    parts = [a.astype(float) for a in (trainer.model.weights, trainer.model.visible_bias, trainer.model.hidden_bias)]
    velocity = [np.zeros(size) for size in SHAPES]
    for count in range(6):
        order = trainer.snapshot().arrays["order"]
        v = IMAGES[order[13 * (count % 3) : 13 * (count % 3 + 1)]] / 255
        w, b, c = parts
        h = 1 / (1 + np.exp(-(v @ w + c)))
        d = v - 1 / (1 + np.exp(-(h @ w.T + b)))
        g = (d @ w) * h * (1 - h)
        descent = [v.T @ g + d.T @ h, d.sum(axis=0), g.sum(axis=0)]
        rate, momentum = 0.3 * (1 - count / 6) / 13, 0.5 if count < 3 else 0.8
        velocity = [momentum * old + rate * down for old, down in zip(velocity, descent, strict=True)]
        parts = [part + change for part, change in zip(parts, velocity, strict=True)]
        trainer.step()
    assert trainer.finished
    model = trainer.model
    for found, wanted in zip((model.weights, model.visible_bias, model.hidden_bias), parts, strict=True):
        np.testing.assert_allclose(found, wanted, atol=3e-6)


def test_its_result_is_an_rbm_that_monitors_measure_without_changing_the_run():
    plain = list(rbm.train(IMAGES, config()))[-1]
    watched = list(rbm.train(IMAGES, config(), validation=IMAGES, monitors=["free_energy_gap", "exact"]))[-1]
    assert type(plain.model) is rbm.RBM
    assert set(watched.metrics) >= {"free_energy_gap", "exact_log_likelihood"}
    np.testing.assert_array_equal(plain.model.weights, watched.model.weights)
    assert set(watched.state.arrays) == {*plain.state.arrays}
    assert "chains" not in plain.state.arrays


def test_labels_are_refused_in_one_sentence():
    for make in (rbm.Trainer, untrained):
        with pytest.raises(ValueError, match='"autoencoder" learns images without classes; leave the labels out or'):
            make(IMAGES, config(), labels=np.arange(31) % 3)


def test_a_note_says_who_trained_the_weights():
    assert note(config()) == {"trained_by": "autoencoder"}
    assert note(config(algorithm="cd")) == {}
    assert made(note(config()))
    assert not made({"trained_by": ["autoencoder"]})
    assert not made({})


@pytest.mark.parametrize("algorithm", ["cd", "autoencoder"])
def test_the_method_has_a_name(algorithm):
    assert config(algorithm=algorithm).method == {"cd": "CD-1", "autoencoder": "autoencoder"}[algorithm]


def test_it_rebuilds_digits_at_less_than_half_of_the_error_of_contrastive_divergence():
    """The preset against CD-1 with the same shape, epochs, rate and momentum: 2.5 against 7.5."""
    data, preset = rbm.datasets.load("mnist-5k"), rbm.PRESETS["Autoencoder"]
    ours, theirs = (
        list(rbm.train(data.train_images, settings, validation=data.test_images))[-1].validation_error
        for settings in (preset, replace(preset, algorithm="cd"))
    )
    assert ours < theirs / 2
