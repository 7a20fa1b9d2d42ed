"""The ways to train: chains, schedules, binarisation, centring, penalties, stop and continue.

Plain CD is tested in test_training.py. Sizes are distinct primes, so that a swapped axis fails.
"""

from __future__ import annotations

import io
import itertools
import json
from typing import Any

import numpy as np
import pytest

import rbm
from rbm.models.layers import Bernoulli, Layers, Parameters
from rbm.models.tempering import Tempered
from rbm.training.batches import Images
from rbm.training.chains import FromData, Persistent
from rbm.training.gradient import OFFSET_RATE, Gradient

N, PIXELS, HIDDEN = 31, 11, 7
IMAGES = np.random.default_rng(0).integers(0, 256, (N, PIXELS), dtype=np.uint8)
EVERYTHING = {
    "momentum": 0.5,
    "final_momentum": 0.9,
    "momentum_epochs": 1,
    "centering": True,
    "sparsity_cost": 0.3,
    "l1": 1e-3,
    "l2": 1e-3,
    "binarize": "sample",
    "chains": 5,
    "temperatures": 3,
}


def config(**changes: Any) -> rbm.TrainConfig:
    return rbm.TrainConfig(**{"n_hidden": HIDDEN, "batch_size": 13, "epochs": 3, "weight_std": 0.3, **changes})


def last(images: np.ndarray = IMAGES, state: rbm.TrainState | None = None, **changes: Any) -> rbm.Report:
    return list(rbm.train(images, config(**changes), state=state))[-1]


# What a run is told


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"algorithm": "sgd"}, "algorithm must be one of cd, pcd, pt, autoencoder; got 'sgd'"),
        ({"visible": "softmax"}, "visible must be one of binary, gaussian, gaussian-variance; got 'softmax'"),
        ({"negative": None}, "negative must be one of sample, mean; got None"),
        ({"binarize": "yes"}, "binarize must be one of none, threshold, sample; got 'yes'"),
        ({"schedule": "cosine"}, "schedule must be one of constant, linear, inverse; got 'cosine'"),
        ({"visible_bias": 0}, "visible_bias must be one of log-odds, zero; got 0"),
        ({"centering": "on"}, "centering must be one of True, False; got 'on'"),
        ({"n_hidden": 0}, "n_hidden must be between 1 and 100000, got 0; 500"),
        ({"gibbs_steps": 1.5}, "gibbs_steps must be a whole number, got 1.5; 1 is"),
        ({"final_gibbs_steps": 0}, "final_gibbs_steps must be between 1 and 10000, got 0; leave it out"),
        ({"gibbs_steps": 5, "final_gibbs_steps": 3}, "at least gibbs_steps = 5, got 3; raise it or leave it out"),
        ({"chains": 0}, "chains must be between 1 and 100000, got 0; 100"),
        ({"temperatures": 1}, "temperatures must be between 2 and 1000, got 1; 5 to 20"),
        ({"batch_size": True}, "batch_size must be a whole number, got True; 10"),
        ({"epochs": "30"}, "epochs must be a whole number, got '30'; 30"),
        ({"seed": -1}, "seed must be between 0 and .*, got -1; any other"),
        ({"learning_rate": 0}, "learning_rate must be between 1e-12 and 1e.06, got 0; 0.01"),
        ({"learning_rate": float("nan")}, "learning_rate must be .*, got nan; 0.01"),
        ({"weight_std": -1}, "weight_std must be between 0 and 100, got -1; 0.01"),
        ({"hidden_bias": None}, "hidden_bias must be a number, got None; 0"),
        ({"momentum": 1}, "momentum must be between 0 and 0.999, got 1; 0.5"),
        ({"final_momentum": 1.0}, "final_momentum must be between 0 and 0.999, got 1.0; 0.9"),
        ({"momentum_epochs": -1}, "momentum_epochs must be between 0 and 1e.06, got -1; 5"),
        ({"l1": -1}, "l1 must be between 0 and 10, got -1; 0 is none"),
        ({"l2": 11}, "l2 must be between 0 and 10, got 11; 0 is none"),
        ({"sparsity_target": 0}, "sparsity_target must be between 1e-06 and 0.999999, got 0; 0.01"),
        ({"sparsity_cost": -0.1}, "sparsity_cost must be between 0 and 100, got -0.1; 0 is none"),
        ({"sparsity_decay": 1}, "sparsity_decay must be between 0 and 0.9999, got 1; 0.9"),
        ({"algorithm": "pt", "negative": "mean"}, 'no use for negative "mean"; use "sample"'),
        ({"algorithm": "autoencoder", "visible": "gaussian"}, 'needs pixels in .0, 1., got visible "gaussian"; use'),
        (
            {"visible": "gaussian", "binarize": "sample"},
            "binarize is for binary pixels, got 'sample'.*use \"none\"",
        ),
    ],
)
def test_a_bad_setting_is_refused_with_what_was_received_and_what_to_do(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rbm.TrainConfig(**wrong)


def test_schedules() -> None:
    at = [0, 2.5, 10]
    rates = {
        name: [config(schedule=name, learning_rate=0.2, epochs=10).rate_at(epoch) for epoch in at]
        for name in ("constant", "linear", "inverse")
    }
    assert rates["constant"] == [0.2, 0.2, 0.2]
    assert rates["linear"] == pytest.approx([0.2, 0.15, 0])
    assert rates["inverse"] == pytest.approx([0.2, 0.16, 0.1])


def test_gibbs_steps_grow_evenly() -> None:
    growing = config(gibbs_steps=2, final_gibbs_steps=4, epochs=6)
    assert [growing.gibbs_steps_at(epoch) for epoch in (0, 1.9, 2, 3.9, 4, 5.9, 6)] == [2, 2, 3, 3, 4, 4, 4]
    assert config(gibbs_steps=2).gibbs_steps_at(2.5) == 2


def test_the_run_uses_the_steps_of_its_epoch() -> None:
    """k = 1 in the first half and 2 in the second is a run with k = 1, continued by one with k = 2."""
    growing = last(gibbs_steps=1, final_gibbs_steps=2, epochs=4)
    first = last(gibbs_steps=1, epochs=2)
    assert same(growing.state, last(gibbs_steps=2, epochs=4, state=first.state).state)
    assert not same(growing.state, last(gibbs_steps=1, epochs=4, state=first.state).state)


# The data side


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_grey_levels_are_drawn_anew_and_without_bias(dtype: type) -> None:
    """Pixel means over 20,000 draws are within five standard errors; black and white never change."""
    pixels = np.array([[0, 1, 50, 127, 128, 254, 255]], dtype=np.uint8)
    images = Images(pixels if dtype == np.uint8 else pixels.astype(dtype) / 255, config(binarize="sample"))
    n = 20_000
    drawn = images.fill(np.zeros(n, dtype=np.int64), np.empty((n, 7), np.float32), np.random.default_rng(1))
    p = pixels[0] / 255
    assert set(np.unique(drawn)) == {0, 1}
    assert np.all(np.abs(drawn.mean(axis=0) - p) <= 5 * np.sqrt(p * (1 - p) / n) + 1e-7)


def test_threshold_and_grey() -> None:
    pixels = np.array([[0, 127, 128, 255]], dtype=np.uint8)
    row, out = np.zeros(1, dtype=np.int64), np.empty((1, 4), np.float32)
    cut, grey = config(binarize="threshold"), config(binarize="sample")
    assert Images(pixels, cut).fill(row, out).tolist() == [[0, 0, 1, 1]]
    assert Images(pixels / 255, cut).fill(row, out).tolist() == [[0, 0, 1, 1]]
    assert Images(pixels, grey).fill(row, out)[0] == pytest.approx(pixels[0] / 255)


def test_validation_is_measured_on_cut_images_or_grey_levels() -> None:
    held_out = np.random.default_rng(5).integers(0, 256, (17, PIXELS), dtype=np.uint8)
    for binarize, used in (("threshold", (held_out > 127).astype(float)), ("sample", held_out / 255)):
        report = list(rbm.train(IMAGES, config(binarize=binarize), validation=held_out))[-1]
        assert report.validation_error == pytest.approx(reconstruction_error(report.model, used), rel=1e-5)


STILL = 1e-12  # a rate at which nothing moves


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt", "autoencoder"])
@pytest.mark.parametrize("binarize", ["none", "threshold", "sample"])
def test_training_and_held_out_error_are_of_one_kind(binarize: str, algorithm: str) -> None:
    """Of the same images and a model that stands still they are the same number, at the start too."""
    images = np.random.default_rng(5).integers(0, 256, (29, PIXELS), dtype=np.uint8)
    settings = config(binarize=binarize, algorithm=algorithm, learning_rate=STILL, weight_std=0.5)
    trainer = rbm.Trainer(images, settings, validation=images)
    start, held_out = trainer.start_error, trainer.validation_error()
    (report,) = [found for _ in range(trainer.batches) if (found := trainer.step())]
    assert report.reconstruction_error == pytest.approx(report.validation_error, rel=1e-5)
    assert start == pytest.approx(held_out, rel=1e-6)
    used = images > 127 if binarize == "threshold" else images / 255
    assert start == pytest.approx(reconstruction_error(trainer.model, used), rel=1e-5)


@pytest.mark.parametrize("extra", [{}, {"centering": True}, {"sparsity_cost": 0.1, "sparsity_target": 0.05}])
def test_a_last_batch_of_one_image_moves_the_model_by_its_share(extra: dict) -> None:
    """A step along the mean of one image is 13 times shorter than one of a batch of 13."""
    images = np.tile(np.random.default_rng(6).integers(0, 2, PIXELS).astype(np.float32), (14, 1))
    settings = config(epochs=1, negative="mean", hidden_bias=100.0, learning_rate=1e-3, **extra)
    trainer, models = rbm.Trainer(images, settings), []
    models.append(trainer.model)
    while not trainer.finished:
        trainer.step()
        models.append(trainer.model)
    whole, one = (np.abs(b.visible_bias - a.visible_bias).astype(float).sum() for a, b in itertools.pairwise(models))
    assert one == pytest.approx(whole / 13, rel=0.02)
    states = trainer.snapshot().arrays
    if extra.get("centering"):
        np.testing.assert_allclose(states["visible_offset"], images[0], atol=1e-6)  # equal images: it stays there


def test_centring_and_sparsity_follow_a_short_batch_by_its_share() -> None:
    """The running mean of a unit that is always on, from one half: 1 - (1 - r)(1 - r / 13) of the way."""
    images = np.zeros((14, PIXELS), np.float32)
    settings = config(
        epochs=1,
        negative="mean",
        hidden_bias=0.0,
        weight_std=0.0,
        learning_rate=STILL,
        sparsity_cost=0.1,
        sparsity_decay=0.9,
    )
    trainer = rbm.Trainer(images, settings)
    trainer._gradient._activity[...] = 1.0  # all data say one half
    while not trainer.finished:
        trainer.step()
    expected = 0.5 + 0.5 * (1 - 0.1) * (1 - 0.1 / 13)
    np.testing.assert_allclose(trainer.snapshot().arrays["activity"], expected, rtol=1e-5)


def reconstruction_error(model: rbm.RBM, v: np.ndarray) -> float:
    w, b, c = (a.astype(float) for a in (model.weights, model.visible_bias, model.hidden_bias))
    h = 1 / (1 + np.exp(-(v @ w + c)))
    return float(((1 / (1 + np.exp(-(h @ w.T + b))) - v) ** 2).sum(axis=1).mean())


# The model side: chains against enumeration


V, H, CHAINS = 5, 3, 20_000
FIVE_SE = 5 * 0.5 / np.sqrt(CHAINS)  # no quantity in [0, 1] has a standard deviation above a half


def tiny(scale: float = 1.0) -> Parameters:
    rng = np.random.default_rng(3)
    return Parameters(*(scale * rng.standard_normal(size).astype(np.float32) for size in ((V, H), V, H)))


def all_states(units: int) -> np.ndarray:
    return np.array(list(itertools.product([0.0, 1.0], repeat=units)))


def joint(p: Parameters, beta: float = 1.0, base: np.ndarray | None = None) -> np.ndarray:
    """p_β(v, h) (2^V, 2^H), term by term."""
    w, b, c = (a.astype(float) for a in p)
    v, h = all_states(V), all_states(H)
    log_p = beta * (v @ w @ h.T + (v @ b)[:, None] + h @ c)
    if base is not None:
        log_p += (1 - beta) * (v @ base)[:, None]
    weights = np.exp(log_p - log_p.max())
    return weights / weights.sum()


def numbers(states: np.ndarray) -> np.ndarray:
    """The row of `all_states` that each binary state is."""
    return (states @ (2 ** np.arange(states.shape[1])[::-1])).astype(int)


def layers(rng: np.random.Generator, chains: int) -> Layers:
    return Layers(*(Bernoulli(rng, chains * V) for _ in range(2)))


def run(chains: Any, p: Parameters, steps: int, data_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    v, h = np.empty((CHAINS, V), np.float32), np.empty((CHAINS, H), np.float32)
    chains.run(p, steps, data_h, v, h)
    return v.astype(float), h.astype(float)


@pytest.mark.parametrize("algorithm", ["pcd", "pt"])
def test_the_negative_phase_matches_enumeration_in_expectation(algorithm: str) -> None:
    """From independent units to the model's own <v hᵀ>, <v>, <h> in 100 sweeps (it mixes in a few)."""
    rng, p = np.random.default_rng(4), tiny()
    settings = config(algorithm=algorithm, chains=CHAINS, temperatures=3, n_hidden=H)
    base = np.array([0.3, -1, 0, 2, -0.5], np.float32)
    start = layers(rng, 3 * CHAINS)
    chains = (
        Persistent(settings, 1, p, start)
        if algorithm == "pcd"
        else Tempered(settings.chains, settings.temperatures, p, base, start, rng)
    )
    v, h = run(chains, p, 100, np.empty(0))
    exact = joint(p)
    assert np.abs(v.T @ h / CHAINS - all_states(V).T @ exact @ all_states(H)).max() < FIVE_SE
    assert np.abs(v.mean(axis=0) - exact.sum(axis=1) @ all_states(V)).max() < FIVE_SE
    assert np.abs(h.mean(axis=0) - exact.sum(axis=0) @ all_states(H)).max() < FIVE_SE


@pytest.mark.parametrize("steps", [1, 2])
def test_contrastive_divergence_takes_k_steps_of_the_exact_chain_from_the_data(steps: int) -> None:
    p = tiny(2.0)
    given_v = joint(p) / joint(p).sum(axis=1, keepdims=True)  # p(h | v)
    given_h = joint(p).T / joint(p).sum(axis=0)[:, None]  # p(v | h)
    start = 19  # one of the 2^V states, the same image CHAINS times
    data_h = np.tile((given_v[start] @ all_states(H)).astype(np.float32), (CHAINS, 1))
    chains = FromData(config(n_hidden=H), CHAINS, layers(np.random.default_rng(6), CHAINS))
    v, h = run(chains, p, steps, data_h)
    p_v = np.linalg.matrix_power(given_v @ given_h, steps)[start]
    assert np.abs(v.mean(axis=0) - p_v @ all_states(V)).max() < FIVE_SE
    assert np.abs(v.T @ h / CHAINS - all_states(V).T @ (p_v[:, None] * given_v) @ all_states(H)).max() < FIVE_SE


def test_parallel_tempering_leaves_the_exact_distribution_unchanged() -> None:
    """20,000 ladders start exactly at the product of p_β(h); seven sweeps later each rung is still there."""
    rng, p, rungs = np.random.default_rng(7), tiny(2.0), 5
    base = np.array([0.3, -1, 0, 2, -0.5], np.float32)
    chains = Tempered(CHAINS, rungs, p, base, layers(rng, rungs * CHAINS), rng)
    exact = [joint(p, beta, base) for beta in np.linspace(1, 0, rungs)]
    hidden, row_at = chains.arrays()["chains"], chains.arrays()["rungs"]
    for rung, p_beta in enumerate(exact):
        hidden[row_at[rung]] = all_states(H)[rng.choice(2**H, CHAINS, p=p_beta.sum(axis=0))]
    home = row_at.copy()
    v, _ = run(chains, p, 7, np.empty(0))

    assert 0.05 < (row_at[0] != home[0]).mean() < 0.95  # rows did travel
    assert total_variation(v, exact[0].sum(axis=1)) < monte_carlo_floor(exact[0].sum(axis=1))
    for rung, p_beta in enumerate(exact):
        wanted = p_beta.sum(axis=0)
        assert total_variation(hidden[row_at[rung]], wanted) < monte_carlo_floor(wanted)

    assert (chains.swaps[:, 1] == 7 * CHAINS).all()
    rates = chains.swaps[:, 0] / chains.swaps[:, 1]
    np.testing.assert_allclose(rates, [swap_rate(p, base, *exact[i : i + 2]) for i in range(rungs - 1)], atol=FIVE_SE)
    assert rates.max() - rates.min() > 5 * FIVE_SE  # they differ, so their order is seen


def swap_rate(p: Parameters, base: np.ndarray, cold: np.ndarray, hot: np.ndarray) -> float:
    """Σ p(s) q(t) min(1, exp((β - β') (E(s) - E(t)))) over all pairs of states: a quarter apart on the ladder."""
    w, b, c = (a.astype(float) for a in p)
    v, h = all_states(V), all_states(H)
    energy = -(v @ w @ h.T + (v @ (b - base))[:, None] + h @ c).ravel()
    accepted = np.minimum(1, np.exp(0.25 * (energy[:, None] - energy[None, :])))
    return float(cold.ravel() @ accepted @ hot.ravel())


def total_variation(states: np.ndarray, p: np.ndarray) -> float:
    return float(0.5 * np.abs(np.bincount(numbers(states), minlength=len(p)) / len(states) - p).sum())


def monte_carlo_floor(p: np.ndarray, n: int = CHAINS) -> float:
    """What the total variation of n exact draws exceeds once in a million times.

    Its mean is at most ½ Σ √(p(1-p)/n), and one draw moves it by 1/n at most (McDiarmid's inequality).
    """
    return float(0.5 * np.sqrt(p * (1 - p) / n).sum() + np.sqrt(np.log(1e6) / (2 * n)))


@pytest.mark.parametrize("chains", [1, 5, 17])
def test_persistent_chains_are_never_reset(chains: int) -> None:
    """Two modes so deep that no chain ever leaves its own: all data are in one, all chains in the other."""
    dark = np.zeros((N, PIXELS), dtype=np.uint8)
    settings = {"algorithm": "pcd", "chains": chains, "learning_rate": 1e-12}
    state = last(dark, epochs=1, **settings).state
    strong = {"weights": 8.0, "visible_bias": -4.0 * HIDDEN, "hidden_bias": -4.0 * PIXELS, "chains": 1.0}
    for name, value in strong.items():
        state.arrays[name][...] = value
    trainer = rbm.Trainer(dark, config(epochs=4, **settings), state=state)
    while not trainer.finished:
        trainer.step()
        assert trainer.snapshot().arrays["chains"].shape == (chains, HIDDEN)
        assert trainer.snapshot().arrays["chains"].all()


# The step


ROWS = (13, 5)  # data rows, model rows


def rows(gradient: Gradient, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng, total = np.random.default_rng(seed), sum(ROWS)
    gradient.visible[:total] = rng.random((total, PIXELS))
    gradient.hidden[:total] = rng.random((total, HIDDEN))
    return gradient.visible[:total].astype(float), gradient.hidden[:total].astype(float)


def stepped(
    seed: int = 1, rate: float = 0.7, before: Parameters | None = None, keep: float = 0, **changes: Any
) -> tuple[Parameters, np.ndarray, np.ndarray]:
    """The step at known rows and unit-scale weights, beside what is kept of `before`, and the rows."""
    rng = np.random.default_rng(2)
    mean_v, mean_h = rng.random(PIXELS, dtype=np.float32), rng.random(HIDDEN, dtype=np.float32)
    gradient = Gradient(config(**changes), *ROWS, mean_v, mean_h)
    v, h = rows(gradient, seed)
    shapes = ((PIXELS, HIDDEN), PIXELS, HIDDEN)
    out = Parameters(*(np.full(s, np.nan, np.float32) for s in shapes)) if before is None else before
    gradient.step(*ROWS, rate, WEIGHTS, out, keep)
    return out, v, h


WEIGHTS = np.random.default_rng(8).standard_normal((PIXELS, HIDDEN)).astype(np.float32)


def moments(v: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """<v hᵀ>, <v>, <h> of data rows minus those of model rows."""
    n = ROWS[0]
    vh, v_mean, h_mean = np.einsum("ni,nj->nij", v, h), v, h
    return tuple(x[:n].mean(axis=0) - x[n:].mean(axis=0) for x in (vh, v_mean, h_mean))


def test_the_step_is_rate_times_data_minus_model() -> None:
    out, v, h = stepped(rate=0.7)
    for found, wanted in zip(out, moments(v, h), strict=True):
        assert found == pytest.approx(0.7 * wanted, abs=1e-6)


@pytest.mark.parametrize("changes", [{}, {"centering": True}, {"l1": 0.1, "l2": 0.2}, {"sparsity_cost": 0.3}], ids=str)
@pytest.mark.parametrize("keep", [1, 0.75])
def test_a_step_is_added_to_what_is_kept_of_the_one_before(changes: dict[str, Any], keep: float) -> None:
    rng, (alone, *_) = np.random.default_rng(9), stepped(**changes)
    before = Parameters(*(rng.standard_normal(array.shape, dtype=np.float32) for array in alone))
    kept = [keep * array.astype(float) for array in before]
    out, *_ = stepped(before=before, keep=keep, **changes)
    for found, was, step in zip(out, kept, alone, strict=True):
        assert found == pytest.approx(was + step, abs=2e-6)


def test_the_centred_step_is_the_step_of_the_centred_parametrisation() -> None:
    """E = -(v-μ)·b' - (h-λ)·c' - (v-μ)·W·(h-λ) has b = b' - W λ and c = c' - Wᵀ μ."""
    rng = np.random.default_rng(2)
    mu, lam = rng.random(PIXELS, dtype=np.float32), rng.random(HIDDEN, dtype=np.float32)
    out, v, h = stepped(rate=0.7, centering=True)
    mu = mu + OFFSET_RATE * (v[: ROWS[0]].mean(axis=0) - mu)
    lam = lam + OFFSET_RATE * (h[: ROWS[0]].mean(axis=0) - lam)
    g, b, c = moments(v - mu, h - lam)
    assert out.weights == pytest.approx(0.7 * g, abs=1e-6)
    assert out.visible_bias == pytest.approx(0.7 * (b - g @ lam), abs=1e-6)
    assert out.hidden_bias == pytest.approx(0.7 * (c - mu @ g), abs=1e-6)


def test_penalties_shrink_weights_and_never_touch_biases() -> None:
    plain, *_ = stepped(rate=0.5)
    l2, *_ = stepped(rate=0.5, l2=0.2)
    assert l2.weights - plain.weights == pytest.approx(-0.5 * 0.2 * WEIGHTS, abs=1e-6)
    l1, *_ = stepped(rate=0.5, l1=0.2)
    towards_zero = WEIGHTS + (l1.weights - plain.weights)
    assert towards_zero == pytest.approx(np.sign(WEIGHTS) * np.maximum(np.abs(WEIGHTS) - 0.1, 0), abs=1e-6)
    for penalised in (l1, l2):
        assert np.array_equal(penalised.visible_bias, plain.visible_bias)
        assert np.array_equal(penalised.hidden_bias, plain.hidden_bias)


def test_sparsity_pushes_the_total_input_of_every_unit() -> None:
    """Weights and biases move by -rate · cost · (q - target) times the unit's inputs <v> and 1."""
    changes = {"sparsity_cost": 0.3, "sparsity_target": 0.2, "sparsity_decay": 0.75}
    q = np.random.default_rng(2)
    _, q = q.random(PIXELS, dtype=np.float32), q.random(HIDDEN, dtype=np.float32)
    plain, v, h = stepped(rate=0.5)
    sparse, *_ = stepped(rate=0.5, **changes)
    q = 0.75 * q + 0.25 * h[: ROWS[0]].mean(axis=0)
    push = -0.5 * 0.3 * (q - 0.2)
    assert sparse.hidden_bias - plain.hidden_bias == pytest.approx(push, abs=1e-6)
    assert sparse.weights - plain.weights == pytest.approx(np.outer(v[: ROWS[0]].mean(axis=0), push), abs=1e-6)
    assert np.array_equal(sparse.visible_bias, plain.visible_bias)


def test_a_short_last_batch_weighs_by_its_share_with_momentum_and_schedule() -> None:
    """Hidden units that are always on leave nothing to chance, so float64 arithmetic can follow the run."""
    settings = {"hidden_bias": 40.0, "negative": "mean", "batch_size": 13, "learning_rate": 0.1}
    settings |= {"momentum": 0.5, "final_momentum": 0.8, "momentum_epochs": 1, "schedule": "linear", "epochs": 2}
    trainer = rbm.Trainer(IMAGES, config(**settings))
    w, b = (a.astype(float) for a in (trainer.model.weights, trainer.model.visible_bias))
    w_velocity, b_velocity = np.zeros_like(w), np.zeros_like(b)
    step = 0
    while not trainer.finished:
        order = trainer.snapshot().arrays["order"]
        v = IMAGES[order[13 * (step % 3) : 13 * (step % 3 + 1)]] / 255
        difference = v.mean(axis=0) - 1 / (1 + np.exp(-(w.sum(axis=1) + b)))
        rate, momentum = 0.1 * (1 - step / 6) * len(v) / 13, 0.5 if step < 3 else 0.8
        w_velocity = momentum * w_velocity + rate * difference[:, None]
        b_velocity = momentum * b_velocity + rate * difference
        w, b = w + w_velocity, b + b_velocity
        trainer.step()
        step += 1
    assert step == 6  # batches of 13, 13 and 5, twice
    assert trainer.model.weights == pytest.approx(w, abs=2e-6)
    assert trainer.model.visible_bias == pytest.approx(b, abs=2e-6)
    assert np.all(trainer.model.hidden_bias == 40)


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_centred_learning_does_not_care_which_pixels_are_flipped(algorithm: str) -> None:
    """Flip pixels of the data, map the start accordingly, and the learning follows: W -> -W, b -> -b on the
    flipped pixels and c -> c + Σ W. Without centring it doesn't."""
    flipped = np.arange(PIXELS) % 3 == 0
    negative = np.where(flipped, 255 - IMAGES, IMAGES).astype(np.uint8)
    settings = {"algorithm": algorithm, "negative": "mean", "learning_rate": 0.3, "momentum": 0.5, "chains": 5}
    for centering in (True, False):
        start = rbm.Trainer(IMAGES, config(centering=centering, **settings)).snapshot()
        ours = last(IMAGES, start, centering=centering, epochs=7, **settings)
        theirs = last(negative, flip(start, flipped), centering=centering, epochs=7, **settings)
        mapped = flip(ours.state, flipped)
        gaps = [np.abs(mapped.arrays[name] - theirs.state.arrays[name]).max() for name in PARAMETERS]
        moved = np.abs(ours.model.weights - start.arrays["weights"]).max()
        assert moved > 0.1
        assert (max(gaps) < 1e-5) == centering


PARAMETERS = ("weights", "visible_bias", "hidden_bias")


def flip(state: rbm.TrainState, flipped: np.ndarray) -> rbm.TrainState:
    """The state in which these pixels have changed their meaning."""
    arrays = {name: array.copy() for name, array in state.arrays.items()}
    for suffix in ("", "_velocity"):
        w, b, c = (arrays[name + suffix] for name in PARAMETERS)
        c += w[flipped].sum(axis=0)
        w[flipped] *= -1
        b[flipped] *= -1
    if "visible_offset" in arrays:
        arrays["visible_offset"][flipped] = 1 - arrays["visible_offset"][flipped]
    return rbm.TrainState(arrays, state.values)


@pytest.mark.parametrize("target", [0.05, 0.3])
def test_sparsity_moves_mean_activations_to_the_target(target: float) -> None:
    data = rbm.datasets.load("digits-8x8").train_images[:500]
    settings = {"n_hidden": 23, "batch_size": 50, "epochs": 20, "weight_std": 0.01, "sparsity_target": target}
    free, sparse = (last(data, sparsity_cost=cost, **settings).model for cost in (0.0, 3.0))
    off = [np.abs(rbm.diagnostics.hidden_activations(m, data).mean(axis=0) - target).max() for m in (free, sparse)]
    assert off[1] < 0.05 < off[0]


def test_l1_makes_weights_zero_and_l2_makes_them_small() -> None:
    free, l1, l2 = (last(epochs=20, **cost).model.weights for cost in ({}, {"l1": 0.05}, {"l2": 0.5}))
    assert (free == 0).sum() == 0
    assert np.square(l2).mean() < 0.5 * np.square(free).mean()
    assert np.abs(l1).mean() < 0.5 * np.abs(free).mean()


def test_a_blow_up_names_the_parameter_to_lower() -> None:
    with pytest.raises(rbm.Diverged, match=r"Lower learning_rate \(now 1e\+06\)") as caught:
        last(algorithm="pcd", learning_rate=1e6, epochs=10)
    assert np.isfinite(caught.value.model.weights).all()


# Stop and continue


def through_a_file(state: rbm.TrainState) -> rbm.TrainState:
    """What is left of a state after an .npz without pickle and a JSON text."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **state.arrays)
    buffer.seek(0)
    return rbm.TrainState(dict(np.load(buffer, allow_pickle=False)), json.loads(json.dumps(state.values)))


def same(a: rbm.TrainState, b: rbm.TrainState) -> bool:
    timeless = [{k: v for k, v in s.values.items() if k != "seconds"} for s in (a, b)]
    return timeless[0] == timeless[1] and all(np.array_equal(a.arrays[k], b.arrays[k]) for k in a.arrays)


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt", "autoencoder"])
@pytest.mark.parametrize("stop", [1, 3, 4, 8])  # batches done of 3 an epoch
def test_stop_and_continue_is_bit_for_bit_the_uninterrupted_run(algorithm: str, stop: int) -> None:
    settings = config(algorithm=algorithm, schedule="inverse", gibbs_steps=1, final_gibbs_steps=2, **EVERYTHING)
    straight, first = rbm.Trainer(IMAGES, settings), rbm.Trainer(IMAGES, settings)
    for _ in range(stop):
        first.step()
    second = rbm.Trainer(IMAGES, settings, state=through_a_file(first.snapshot()))
    reports: dict[rbm.Trainer, list] = {straight: [], second: []}
    for trainer, seen in reports.items():
        while not trainer.finished:
            if report := trainer.step():
                seen.append(report)
    assert same(straight.snapshot(), second.snapshot())
    for ours, theirs in zip(reports[straight][::-1], reports[second][::-1], strict=False):
        assert ours.epoch == theirs.epoch
        assert ours.reconstruction_error == theirs.reconstruction_error
        assert ours.metrics == theirs.metrics
        assert ("swap_rate" in ours.metrics) is (algorithm == "pt")
        assert np.array_equal(ours.model.weights, theirs.model.weights)


def test_a_state_of_an_earlier_version_knows_no_swaps_and_goes_on_all_the_same() -> None:
    trainer = rbm.Trainer(IMAGES, config(algorithm="pt", **EVERYTHING))
    trainer.step()
    state = trainer.snapshot()
    assert state.values.pop("swaps")[0][1] == config(**EVERYTHING).chains
    trainer.step()
    again = rbm.Trainer(IMAGES, config(algorithm="pt", **EVERYTHING), state=state)
    again.step()
    assert np.array_equal(again.model.weights, trainer.model.weights)


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt", "autoencoder"])
def test_a_finished_run_goes_on_with_more_epochs(algorithm: str) -> None:
    settings = {"algorithm": algorithm, **EVERYTHING}
    straight = last(epochs=5, **settings)
    more = list(rbm.train(IMAGES, config(epochs=5, **settings), state=last(epochs=2, **settings).state))
    assert [report.epoch for report in more] == [3, 4, 5]
    assert same(straight.state, more[-1].state)
    assert more[-1].state.epoch == 5
    assert more[-1].state.batch == 0


def test_a_state_is_a_copy() -> None:
    trainer = rbm.Trainer(IMAGES, config(algorithm="pcd"))
    state = trainer.snapshot()
    before = {name: array.copy() for name, array in state.arrays.items()}
    trainer.step()
    rbm.Trainer(IMAGES, config(algorithm="pcd"), state=state).step()
    assert all(np.array_equal(state.arrays[name], before[name]) for name in before)


def test_a_state_that_does_not_fit_is_refused() -> None:
    state = last(epochs=1).state
    with pytest.raises(ValueError, match=r"only one of the two has chains; continue with the images and"):
        last(state=state, algorithm="pcd")
    with pytest.raises(ValueError, match=r"weights is float32 \(11, 7\) in the state, but float32 \(11, 5\)"):
        last(state=state, n_hidden=5)
    with pytest.raises(ValueError, match=r"order is int64 \(31,\) in the state, but int64 \(29,\)"):
        last(IMAGES[:29], state=state)
    trainer = rbm.Trainer(IMAGES, config())
    trainer.step()
    with pytest.raises(ValueError, match="in the midst of an epoch, which goes on with batch_size 13; got 11"):
        last(state=trainer.snapshot(), batch_size=11)
