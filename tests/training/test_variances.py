"""Learned variances: every slope against finite differences of loops over hidden states, and runs that go on."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rbm
from rbm.errors import BadValue
from rbm.models.variances import VarianceParameters
from rbm.runs import checkpoint
from rbm.training.gradients import gradient_of
from rbm.training.start import untrained
from rbm.training.variances import LEAST, VarianceGradient, run_away
from tests import brute

VISIBLE, HIDDEN = 3, 5
ROWS = (7, 11)  # of data and of chains
SHAPES = ((VISIBLE, HIDDEN), VISIBLE, HIDDEN, VISIBLE)


def config(**changes: Any) -> rbm.TrainConfig:
    own = {"visible": "gaussian-variance", "n_hidden": HIDDEN, "batch_size": ROWS[0], "learning_rate": 0.01}
    return rbm.TrainConfig(**(own | changes))


def tiny() -> rbm.GaussianVarianceRBM:
    rng = np.random.default_rng(0)
    return rbm.GaussianVarianceRBM(*(rng.standard_normal(shape) for shape in SHAPES))


V = np.random.default_rng(1).standard_normal((sum(ROWS), VISIBLE)).astype(np.float32)
OFFSETS = np.float32([0.3, -0.2, 0.7]), np.float32([0.5, 0.1, 0.9, 0.4, 0.2])


def step(
    model: rbm.GaussianVarianceRBM, v: np.ndarray = V, rows: tuple[int, int] = ROWS, **changes: Any
) -> VarianceParameters:
    """The step at rate 1 from rows `v`, of which the first are data, and p(h | v) of them."""
    p = model.parameters
    gradient = gradient_of(config(**changes), p, *rows, *(offset.copy() for offset in OFFSETS), 0)
    gradient.visible[: len(v)], gradient.hidden[: len(v)] = v, model.mean_hidden(v)
    out = VarianceParameters(*(np.full(shape, np.nan, np.float32) for shape in SHAPES))
    gradient.step(*rows, 1.0, p.weights, out)
    return out


def slopes(of: Any) -> VarianceParameters:
    """∂ of(parameters, log variances) / ∂ each, at `tiny`, by central differences in float64."""
    arrays = [array.astype(float) for array in tiny().parameters]
    found = [np.empty_like(array) for array in arrays]
    for array, slope in zip(arrays, found, strict=True):
        for place in np.ndindex(array.shape):
            kept, values = array[place], []
            for moved in (kept + 1e-5, kept - 1e-5):
                array[place] = moved
                w, b, c, s = (part.tolist() for part in arrays)
                values.append(of(brute.Params(w, b, c), s))
            array[place] = kept
            slope[place] = (values[0] - values[1]) / 2e-5
    return VarianceParameters(*found)


def minus_free_energy(p: brute.Params, s: list[float]) -> float:
    """Its mean over the data minus the one over the chains."""
    each = [-brute.varied_free_energy(p, s, tuple(v)) for v in V.tolist()]
    return float(np.mean(each[: ROWS[0]]) - np.mean(each[ROWS[0] :]))


def test_every_slope_is_the_one_of_the_free_energies() -> None:
    for found, wanted in zip(step(tiny()), slopes(minus_free_energy), strict=True):
        assert np.abs(wanted).max() > 0.05
        assert found == pytest.approx(wanted, abs=2e-5)


N = 40_000


def test_with_exact_draws_it_is_the_slope_of_the_log_likelihood() -> None:
    """Chains that are draws from the mixture itself: each slope within five standard errors."""
    model, rng = tiny(), np.random.default_rng(2)
    h = np.array(brute.states(HIDDEN))
    w, b, c, s = (array.astype(float) for array in model.parameters)
    means = h @ w.T + b
    log_p = h @ c + ((means**2 - b**2) / (2 * np.exp(s))).sum(axis=1)
    chosen = rng.choice(len(h), N, p=np.exp(log_p - brute.logsumexp(log_p.tolist())))
    drawn = (means[chosen] + np.exp(s / 2) * rng.standard_normal((N, VISIBLE))).astype(np.float32)
    data = V[: ROWS[0]]

    def log_likelihood(p: brute.Params, s: list[float]) -> float:
        each = [-brute.varied_free_energy(p, s, tuple(v)) for v in data.tolist()]
        return float(np.mean(each)) - brute.varied_log_partition(p, s)

    halves = [step(model, np.concatenate([data, part]), (len(data), len(part))) for part in np.split(drawn, 10)]
    for wanted, *found in zip(slopes(log_likelihood), *halves, strict=True):
        error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
        assert np.all(np.abs(np.mean(found, axis=0) - wanted) < 6 * error + 1e-5)
        assert error.max() < 0.3 * np.abs(wanted).max()


def test_centring_is_the_slope_in_other_coordinates() -> None:
    """With offsets m of v/σ² and λ of h: μ = μ' - W λ and c = c' - Wᵀ m, so a step along the slope in (W, μ', c',
    log σ²) is J Jᵀ times the slope in (W, μ, c, log σ²)."""
    model = tiny()
    plain, centred = step(model), step(model, centering=True)
    u, h = model.parameters.seen(V[: ROWS[0]]), model.mean_hidden(V[: ROWS[0]])
    m, lam = (old + 0.01 * (rows.mean(axis=0) - old) for old, rows in zip(OFFSETS, (u, h), strict=True))
    jacobian = np.eye(VISIBLE * HIDDEN + VISIBLE + HIDDEN)
    for i in range(VISIBLE):
        for j in range(HIDDEN):
            jacobian[VISIBLE * HIDDEN + i, i * HIDDEN + j] = -lam[j]
            jacobian[VISIBLE * HIDDEN + VISIBLE + j, i * HIDDEN + j] = -m[i]
    slope, found = (np.concatenate([array.ravel() for array in parts[:3]]) for parts in (plain, centred))
    assert found == pytest.approx(jacobian @ jacobian.T @ slope, abs=1e-4)
    np.testing.assert_array_equal(centred.log_variance, plain.log_variance)


def test_weight_costs_and_sparsity_leave_the_variances_alone() -> None:
    plain = step(tiny())
    for changes in ({"l2": 0.1}, {"l1": 0.1}, {"sparsity_cost": 0.5}):
        other = step(tiny(), **changes)
        np.testing.assert_array_equal(other.log_variance, plain.log_variance)
        assert np.abs(other.weights - plain.weights).max() > 1e-3


def two_clusters(n: int = 2000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points about ±m, each coordinate with a standard deviation of its own."""
    rng = np.random.default_rng(3)
    m, sigma = np.array([1.5, -1.0, 2.0]), np.array([0.5, 1.3, 0.8])
    points = np.where(rng.random((n, 1)) < 0.5, m, -m) + sigma * rng.standard_normal((n, VISIBLE))
    return points.astype(np.float32), m, sigma


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt"])
def test_it_finds_the_deviations_of_a_known_mixture(algorithm: str) -> None:
    """n points tell σ to σ/√2n, and the means to σ/√(n/2); learning may be eight times as far off."""
    data, m, sigma = two_clusters()
    own = {"n_hidden": 1, "epochs": 20, "batch_size": 50, "learning_rate": 0.05, "schedule": "linear"}
    own |= {"weight_std": 1.0, "chains": 50, "temperatures": 3, "gibbs_steps": 2}
    *_, report = rbm.train(data, config(algorithm=algorithm, **own))
    model, n = report.model, len(data)
    assert isinstance(model, rbm.GaussianVarianceRBM)
    assert np.all(np.abs(model.sigma / sigma - 1) < 8 / math.sqrt(2 * n))
    ends = np.stack([model.visible_bias, model.visible_bias + model.weights[:, 0]])
    found = ends[np.argsort(ends[:, 2])]
    assert np.all(np.abs(found - np.stack([-m, m])) < 8 * sigma / math.sqrt(n / 2))


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt"])
@pytest.mark.parametrize("more", [{}, {"centering": True, "momentum": 0.5, "l2": 0.001, "sparsity_cost": 0.1}], ids=str)
def test_it_goes_on_in_the_midst_of_an_epoch_bit_for_bit(algorithm: str, more: dict[str, Any], tmp_path: Any) -> None:
    data = two_clusters(31)[0]
    settings = config(algorithm=algorithm, epochs=3, chains=7, temperatures=3, **more)
    straight, halted = rbm.Trainer(data, settings), rbm.Trainer(data, settings)
    for _ in range(straight.batches + 2):
        halted.step()
    checkpoint.write(tmp_path / "state.npz", halted.snapshot(), {})
    state, _ = checkpoint.read(tmp_path / "state.npz")
    kept = checkpoint.model(state, settings)
    assert type(kept) is rbm.GaussianVarianceRBM
    np.testing.assert_array_equal(kept.log_variance, halted.model.log_variance)
    resumed = rbm.Trainer(data, settings, state=state)
    for trainer in (straight, resumed):
        while not trainer.finished:
            trainer.step()
    for one, other in zip(straight.parameters, resumed.parameters, strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.abs(straight.model.log_variance).min() > 0


def test_it_begins_where_it_is_told() -> None:
    data, model = two_clusters(29)[0], tiny()
    trainer = rbm.Trainer(data, config(), start=model)
    for found, wanted in zip(trainer.model.parameters, model.parameters, strict=True):
        assert found == pytest.approx(wanted, abs=1e-4)
    trainer.step()
    assert (np.abs(trainer.model.log_variance - model.log_variance) > 1e-4).all()
    np.testing.assert_array_equal(model.log_variance, tiny().log_variance)
    with pytest.raises(BadValue, match="start must be a GaussianRBM of 3 pixels"):
        rbm.Trainer(data, replace(config(), visible="gaussian"), start=model)


def test_the_scale_of_the_data_changes_nothing() -> None:
    """The same images as numbers, as whole grey levels, and moved and stretched: the same machine on each scale."""
    grey = np.random.default_rng(5).integers(0, 256, (53, VISIBLE), dtype=np.uint8)
    scale, mean = np.array([3.0, 1.5, 8.0]), np.array([-1.0, 7.0, 0.2])
    settings = config(epochs=2, learning_rate=0.05)
    first, whole, moved = (
        list(rbm.train(v, settings, validation=v[:19], monitors=["update_ratio"]))[-1]
        for v in (grey / 255, grey, (grey / 255 * scale + mean).astype(np.float32))
    )
    for one, two in zip(first.model.parameters, whole.model.parameters, strict=True):
        assert one == pytest.approx(two, abs=1e-5)
    assert first.validation_error == pytest.approx(whole.validation_error, rel=1e-5)
    back = first.model.rescaled(mean, scale)
    for one, two in zip(back.parameters, moved.model.parameters, strict=True):
        assert one == pytest.approx(two, rel=1e-3, abs=1e-3)
    assert first.metrics["update_ratio_weights"] == pytest.approx(moved.metrics["update_ratio_weights"], rel=1e-3)
    rebuilt = whole.model.mean_visible(whole.model.mean_hidden(grey / 255))
    assert whole.validation_error == pytest.approx(np.square(rebuilt - grey / 255)[:19].sum(axis=1).mean(), rel=1e-4)


def test_before_the_first_step_it_is_the_average_image() -> None:
    data, _, _ = two_clusters(29)
    model = untrained(data, config(weight_std=0))
    assert model.visible_bias == pytest.approx(data.mean(axis=0), abs=1e-5)
    assert model.sigma == pytest.approx(data.std(axis=0), rel=1e-4)


def test_a_state_of_fixed_variances_is_of_another_kind() -> None:
    data = two_clusters(29)[0]
    state = rbm.Trainer(data, replace(config(), visible="gaussian")).snapshot()
    with pytest.raises(BadValue, match="another kind of run: only one of the two has log_variance"):
        rbm.Trainer(data, config(), state=state)


@pytest.mark.parametrize("keep", [0, 0.9])
def test_no_step_goes_below_the_floor(keep: float) -> None:
    """Neither one into the parameters themselves nor one that is to be added to them."""
    p = VarianceParameters(*(array.copy() for array in tiny().parameters))
    gradient = gradient_of(config(), p, *ROWS, *OFFSETS, 0)
    for out in (p, p.like(np.full_like(array, -3) for array in p)):
        p.log_variance[...] = LEAST + 0.5
        gradient.visible[: len(V)], gradient.hidden[: len(V)] = V, 0
        gradient.visible[ROWS[0] : len(V), 1] = 99  # chains far off: the slope is steeply down
        gradient.step(*ROWS, 1.0, p.weights, out, keep=1 if out is p else keep)
        ended = p.log_variance if out is p else p.log_variance + out.log_variance
        assert ended[1] == pytest.approx(float(LEAST), abs=1e-6)


def test_a_pixel_that_never_varies_comes_to_be_known_surely() -> None:
    data = two_clusters(700)[0]
    data[:, 1] = 0.25
    *_, report = rbm.train(data, config(epochs=15, learning_rate=0.02, schedule="linear"))
    scale = rbm.Standard.of(data).scale
    relative = 2 * np.log(report.model.sigma / scale)
    assert float(LEAST) - 1e-5 < relative[1] < -3
    assert report.model.sigma[[0, 2]].min() > 0.3


def test_variances_that_run_away_are_named() -> None:
    model = tiny()
    assert run_away(model.parameters) is None
    assert run_away(rbm.RBM([[1.0]], [0.0], [0.0]).parameters) is None
    wide = replace(model, log_variance=np.float32([0, 4.8, 1]))
    assert run_away(wide.parameters) == "a pixel's σ has grown to 11 times what the data show"
    lost = model.parameters._replace(log_variance=np.float32([0, np.nan, 1]))
    assert run_away(lost) == "the variances are no longer finite"


def test_a_rate_that_is_too_large_ends_in_a_sentence() -> None:
    with pytest.raises(rbm.Diverged, match="Lower learning_rate") as raised:
        list(rbm.train(two_clusters(700)[0], config(learning_rate=30, epochs=5)))
    assert np.isfinite(raised.value.model.log_variance).all()


def test_settings_that_can_t_be_are_refused() -> None:
    with pytest.raises(BadValue, match="variances are learned from draws of the pixels"):
        config(negative="mean")
    with pytest.raises(BadValue, match=r'binarize is for binary pixels, got .* with visible "gaussian-variance"'):
        config(binarize="sample")
    with pytest.raises(BadValue, match=r'needs pixels in .0, 1., got visible "gaussian-variance"'):
        config(algorithm="autoencoder")
    with pytest.raises(BadValue, match="labels need binary pixels"):
        rbm.Trainer(two_clusters(29)[0], config(), labels=[0] * 29)


def test_other_machines_have_a_gradient_of_their_own() -> None:
    p = rbm.RBM(np.ones((3, 5)), np.ones(3), np.ones(5)).parameters
    assert not isinstance(gradient_of(rbm.TrainConfig(), p, *ROWS, *OFFSETS, 0), VarianceGradient)


def test_the_update_ratio_leaves_the_variances_out() -> None:
    data = two_clusters(29)[0]
    *_, report = rbm.train(data, config(epochs=1), monitors=["update_ratio"])
    assert sorted(report.metrics) == [f"update_ratio_{name}" for name in ("hidden_bias", "visible_bias", "weights")]
