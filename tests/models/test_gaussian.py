"""The RBM with real-valued visible units, against integrals that can be done, and on a known mixture."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

import rbm

VISIBLE, HIDDEN = 5, 3


def tiny(scale: float = 1.0) -> rbm.GaussianRBM:
    rng = np.random.default_rng(0)
    return rbm.GaussianRBM(*(scale * rng.standard_normal(s) for s in ((VISIBLE, HIDDEN), VISIBLE, HIDDEN)))


def hidden_states() -> np.ndarray:
    return np.array(list(itertools.product([0.0, 1.0], repeat=HIDDEN)))


def mixture(model: rbm.GaussianRBM) -> tuple[np.ndarray, np.ndarray]:
    """p(v) is Σ_h p(h) N(v; b + W h, 1): the weights (2^3,) and the means (2^3, 5)."""
    w, b, c = (a.astype(float) for a in (model.weights, model.visible_bias, model.hidden_bias))
    h = hidden_states()
    means = h @ w.T + b
    log_p = h @ c + 0.5 * (means**2).sum(axis=1) - 0.5 * (b**2).sum()
    p = np.exp(log_p - log_p.max())
    return p / p.sum(), means


def test_the_energy_is_the_formula_and_the_free_energy_sums_it_over_hidden_states() -> None:
    model, h = tiny(), hidden_states()
    v = np.random.default_rng(1).standard_normal((11, VISIBLE))
    w, b, c = (a.astype(float) for a in (model.weights, model.visible_bias, model.hidden_bias))
    table = np.empty((len(v), len(h)))
    for i, j in itertools.product(range(len(v)), range(len(h))):
        table[i, j] = 0.5 * ((v[i] - b) ** 2).sum() - c @ h[j] - v[i] @ w @ h[j]
        assert model.energy(v[i], h[j]) == pytest.approx(table[i, j], abs=1e-4)
    weights = np.exp(-table)
    assert model.free_energy(v) == pytest.approx(-np.log(weights.sum(axis=1)), abs=1e-4)
    assert model.mean_hidden(v) == pytest.approx(weights @ h / weights.sum(axis=1, keepdims=True), abs=1e-5)
    assert model.mean_visible(h) == pytest.approx(mixture(model)[1], abs=1e-5)


def test_the_free_energy_is_minus_the_log_density_of_the_mixture() -> None:
    model = tiny()
    v = np.random.default_rng(2).standard_normal((11, VISIBLE))
    p, means = mixture(model)
    density = np.exp(-0.5 * ((v[:, None] - means) ** 2).sum(axis=2)) @ p
    assert np.ptp(np.log(density) + model.free_energy(v)) < 1e-4  # log Z, the same for all


N = 20_000


def test_sampling_matches_the_mixture() -> None:
    """Means and second moments of v after 100 sweeps, within five standard errors."""
    model = tiny(scale=0.7)
    p, means = mixture(model)
    v = rbm.gibbs(model, np.zeros((N, VISIBLE)), 100, np.random.default_rng(3)).astype(float)
    mean = p @ means
    covariance = np.eye(VISIBLE) + (means - mean).T @ (p[:, None] * (means - mean))
    assert np.all(np.abs(v.mean(axis=0) - mean) < 5 * np.sqrt(np.diag(covariance) / N))
    products = (v - mean)[:, :, None] * (v - mean)[:, None]
    assert np.all(np.abs(products.mean(axis=0) - covariance) < 5 * products.std(axis=0) / np.sqrt(N))


def test_clamped_units_keep_their_value() -> None:
    clamp = np.arange(VISIBLE) < 2
    v = rbm.gibbs(tiny(), np.full((7, VISIBLE), 0.25), 3, np.random.default_rng(4), clamp=clamp)
    assert np.all(v[:, clamp] == np.float32(0.25))
    assert not np.any(v[:, ~clamp] == np.float32(0.25))


def test_only_temperature_one() -> None:
    with pytest.raises(ValueError, match=r"variance 1 at temperature 1 only, got 2.0; use 1"):
        rbm.gibbs(tiny(), np.zeros((1, VISIBLE)), 1, np.random.default_rng(5), temperature=2.0)


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt"])
def test_it_recovers_the_means_of_a_known_mixture(algorithm: str) -> None:
    """Two equal clusters at ±m need one hidden unit, b = -m and b + W = m. The cluster means of 4,000 points
    of unit variance are known to 1/√2000 a coordinate; learning may be five times as far off."""
    rng = np.random.default_rng(6)
    m = np.array([1.5, -1.0, 0.5, 0.0, 2.0], dtype=np.float32)
    n = 4000
    data = (np.where(rng.random((n, 1)) < 0.5, m, -m) + rng.standard_normal((n, VISIBLE))).astype(np.float32)
    config = rbm.TrainConfig(
        visible="gaussian",
        n_hidden=1,
        algorithm=algorithm,
        epochs=60,
        batch_size=100,
        learning_rate=0.05,
        schedule="linear",
        weight_std=0.1,
        chains=200,
        temperatures=3,
    )
    model = list(rbm.train(data, config))[-1].model
    assert isinstance(model, rbm.GaussianRBM)
    ends = np.stack([model.visible_bias, model.visible_bias + model.weights[:, 0]])
    found = ends[np.argsort(ends[:, 4])]
    assert np.abs(found - np.stack([-m, m])).max() < 5 / np.sqrt(n / 2)


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt"])
def test_training_goes_on_from_a_state_bit_for_bit(algorithm: str) -> None:
    data = np.random.default_rng(7).standard_normal((31, VISIBLE))
    settings = {"visible": "gaussian", "n_hidden": HIDDEN, "batch_size": 13, "algorithm": algorithm}
    settings |= {"learning_rate": 0.01, "centering": True, "momentum": 0.5, "chains": 7}
    straight = list(rbm.train(data, rbm.TrainConfig(epochs=4, **settings), validation=data))[-1]
    state = list(rbm.train(data, rbm.TrainConfig(epochs=2, **settings)))[-1].state
    more = list(rbm.train(data, rbm.TrainConfig(epochs=4, **settings), validation=data, state=state))[-1]
    assert np.array_equal(straight.model.weights, more.model.weights)
    reconstruction = more.model.mean_visible(more.model.mean_hidden(data))
    assert more.validation_error == pytest.approx(((reconstruction - data) ** 2).sum(axis=1).mean(), rel=1e-5)


def test_data_that_need_work_first_are_refused() -> None:
    config = rbm.TrainConfig(visible="gaussian", epochs=1)
    with pytest.raises(ValueError, match=r"need real values .* got uint8; make them with rbm.Standard.of"):
        next(rbm.train(np.zeros((3, VISIBLE), dtype=np.uint8), config))
    with pytest.raises(ValueError, match="hold NaN or infinite values; remove or replace"):
        next(rbm.train(np.full((3, VISIBLE), np.nan), config))
    with pytest.raises(ValueError, match=r"non-empty array \(n, pixels\); got shape \(3,\)"):
        next(rbm.train(np.zeros(3), config))
    with pytest.raises(ValueError, match="labels need binary pixels; leave the labels out or use"):
        next(rbm.train(np.zeros((3, VISIBLE)), config, labels=[0, 1, 0]))
    with pytest.raises(ValueError, match="never vary, so they have no scale"):
        rbm.Standard.of(np.ones((3, VISIBLE)))


def test_standard_data_have_mean_0_and_variance_1_and_come_back() -> None:
    images = rbm.datasets.load("digits-8x8").train_images
    standard = rbm.Standard.of(images)
    v = standard.apply(images)
    assert v.dtype == np.float32
    assert v.mean(axis=0) == pytest.approx(np.zeros(64), abs=1e-5)
    lively = images.std(axis=0) > 0.1 * images.std(axis=0).max()
    assert 40 < lively.sum() < 64
    assert v.std(axis=0)[lively] == pytest.approx(np.ones(lively.sum()), abs=1e-4)
    assert np.all(v.std(axis=0)[~lively] < 1)
    assert standard.undo(v) == pytest.approx(images, abs=1e-3)


def test_pixel_flips_and_exact_gradients_are_for_binary_units() -> None:
    v = tiny().draw_visible(tiny().mean_visible(np.zeros((3, HIDDEN))), np.random.default_rng(0))
    for measure in (rbm.pseudo_likelihood, rbm.exact.gradient):
        with pytest.raises(ValueError, match="binary units only; a GaussianRBM has others"):
            measure(tiny(), v)


def test_a_model_file_keeps_the_kind() -> None:
    file = io.BytesIO()
    rbm.save(file, tiny())
    file.seek(0)
    loaded = rbm.load(file)
    assert type(loaded) is rbm.GaussianRBM
    assert np.array_equal(loaded.weights, tiny().weights)
