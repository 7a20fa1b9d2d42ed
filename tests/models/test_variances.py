"""The RBM that knows how far each pixel strays, against loops over hidden states and integrals that can be done."""

from __future__ import annotations

import io
import itertools
import json
import math
import zipfile

import numpy as np
import pytest

import rbm
from rbm.errors import BadModelFile, BadValue
from rbm.models.layers import Parameters
from rbm.models.tempering import Tempered
from rbm.models.variances import VarianceParameters
from tests import brute

VISIBLE, HIDDEN = 3, 5


def tiny(visible: int = VISIBLE, hidden: int = HIDDEN, scale: float = 1.0) -> rbm.GaussianVarianceRBM:
    rng = np.random.default_rng(0)
    shapes = ((visible, hidden), visible, hidden, visible)
    return rbm.GaussianVarianceRBM(*(scale * rng.standard_normal(shape) for shape in shapes))


def known(model: rbm.GaussianVarianceRBM) -> tuple[brute.Params, list[float]]:
    return brute.params(model), model.log_variance.tolist()


def mixture(model: rbm.GaussianVarianceRBM) -> tuple[np.ndarray, np.ndarray]:
    """p(v) = Σ_h p(h) N(v; μ + W h, σ²): the weights (2^5,) and the means (2^5, 3)."""
    p, log_variance = known(model)
    log_z = brute.varied_log_partition(p, log_variance)
    weights, means = [], []
    for h in brute.states(len(p.c)):
        alone = p._replace(c=[0.0])._replace(w=[[0.0]] * len(p.b))
        moved = [b + sum(w * x for w, x in zip(row, h, strict=True)) for b, row in zip(p.b, p.w, strict=True)]
        rise = sum((m * m - b * b) / (2 * math.exp(s)) for m, b, s in zip(moved, p.b, log_variance, strict=True))
        lone = brute.varied_log_partition(alone, log_variance) - math.log(2)
        weights.append(math.exp(rise + sum(c * x for c, x in zip(p.c, h, strict=True)) + lone - log_z))
        means.append(moved)
    return np.array(weights), np.array(means)


V = np.random.default_rng(1).standard_normal((7, VISIBLE)).astype(np.float32)


def test_energies_and_free_energies_are_the_formulas() -> None:
    model = tiny()
    p, s = known(model)
    for v in V:
        of_h = {h: brute.varied_energy(p, s, tuple(v.tolist()), h) for h in brute.states(HIDDEN)}
        assert [float(model.energy(v, h)) for h in of_h] == pytest.approx(list(of_h.values()), abs=1e-4)
        weight = np.exp(-np.array(list(of_h.values())))
        wanted = weight @ np.array(list(of_h)) / weight.sum()
        assert model.mean_hidden(v) == pytest.approx(wanted, abs=1e-5)
        assert float(model.free_energy(v)) == pytest.approx(-math.log(weight.sum()), abs=1e-4)
    exact = [brute.varied_free_energy(p, s, tuple(v)) for v in V.tolist()]
    assert rbm.exact.free_energy(model, V) == pytest.approx(exact, abs=1e-9)


def test_the_pixels_answer_with_the_ratio_of_the_densities() -> None:
    model = tiny()
    p, s = known(model)
    for h in brute.states(HIDDEN)[::3]:
        mean, sigma = model.mean_visible(h).astype(float), model.sigma.astype(float)
        energy = [brute.varied_energy(p, s, tuple(v), h) for v in V.tolist()]
        log_density = -np.square((V - mean) / sigma).sum(axis=1) / 2
        assert -np.diff(energy) == pytest.approx(np.diff(log_density), abs=1e-4)


@pytest.mark.parametrize("size", [(3, 5), (2, 3)])
def test_log_z_is_a_sum_of_integrals(size: tuple[int, int]) -> None:
    model = tiny(*size)
    assert rbm.exact.log_partition(model) == pytest.approx(brute.varied_log_partition(*known(model)), abs=1e-9)
    if size[0] == 2:
        assert rbm.exact.log_partition(model) == pytest.approx(brute.varied_log_partition_on_grid(*known(model)))


def test_with_variance_1_it_is_the_gaussian_machine() -> None:
    model = tiny()
    ones = rbm.GaussianVarianceRBM(model.weights, model.visible_bias, model.hidden_bias, np.zeros(VISIBLE))
    plain = rbm.GaussianRBM(model.weights, model.visible_bias, model.hidden_bias)
    assert rbm.exact.log_likelihood(ones, V) == pytest.approx(rbm.exact.log_likelihood(plain, V), abs=1e-12)
    runs = [rbm.gibbs(one, V, 3, np.random.default_rng(2)) for one in (ones, plain)]
    np.testing.assert_array_equal(*runs)


N = 20_000


def check_moments(v: np.ndarray, model: rbm.GaussianVarianceRBM) -> None:
    """Means and second moments of draws (N, 3), within five standard errors of those of the mixture."""
    p, means = mixture(model)
    assert p.sum() == pytest.approx(1)
    mean, n = p @ means, len(v)
    covariance = np.diag(model.sigma.astype(float) ** 2) + (means - mean).T @ (p[:, None] * (means - mean))
    assert np.all(np.abs(v.mean(axis=0) - mean) < 5 * np.sqrt(np.diag(covariance) / n))
    products = (v - mean)[:, :, None] * (v - mean)[:, None]
    assert np.all(np.abs(products.mean(axis=0) - covariance) < 5 * products.std(axis=0) / np.sqrt(n))


@pytest.mark.parametrize("sampler", ["hot loop", "one call a layer"])
def test_sampling_matches_the_mixture(sampler: str) -> None:
    model, rng = tiny(scale=0.6), np.random.default_rng(3)
    v = np.zeros((N, VISIBLE), dtype=np.float32)
    if sampler == "hot loop":
        v = rbm.gibbs(model, v, 40, rng)
    else:
        for _ in range(40):
            v = rbm.sample_visible(model, rbm.sample_hidden(model, v, rng), rng)
    check_moments(v.astype(float), model)


def test_tempered_chains_leave_the_mixture_as_it_is() -> None:
    """The cold ends of ladders of three, after 30 sweeps, of 5,000 chains."""
    model, rng = tiny(scale=0.6), np.random.default_rng(4)
    n = N // 4
    layers = model.layers(rng, 3 * n * HIDDEN)
    chains = Tempered(n, 3, model.parameters, np.float32([0.2, -0.1, 0.3]), layers, rng)
    v, h = np.empty((n, VISIBLE), np.float32), np.empty((n, HIDDEN), np.float32)
    chains.run(model.parameters, 30, h, v, h)
    check_moments(v.astype(float), model)
    assert (chains.swaps[:, 0] > n).all()  # of neighbours, made


def test_the_bracket_holds_the_truth() -> None:
    model = tiny(7, 11, scale=0.5)
    truth = rbm.exact.log_partition(model)
    found = rbm.likelihood.bracket(
        model, np.random.default_rng(5), betas=rbm.likelihood.schedule((300, 1.0)), base=np.full(7, 0.3), sweeps=50
    )
    assert found.trusted
    assert found.lower <= truth <= found.upper
    assert abs(found.log_partition - truth) < 4 * found.standard_error
    assert found.upper - found.lower < 0.5


def test_a_likelihood_is_a_density() -> None:
    axis = np.arange(-12, 12, 0.2)
    v = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    assert np.exp(rbm.exact.log_likelihood(tiny(2, 3), v)).sum() * 0.2**2 == pytest.approx(1, rel=1e-6)


def test_a_deep_net_on_top_bounds_what_it_can_sum() -> None:
    """One layer alone is bounded by itself; with a layer on top that leaves all open, by no more than its own."""
    bottom = tiny()
    top = rbm.RBM(np.zeros((HIDDEN, 2)), np.zeros(HIDDEN), np.zeros(2))
    net, alone = rbm.DeepBeliefNet((bottom, top)), rbm.DeepBeliefNet((bottom,))
    assert net.up(V, 1) == pytest.approx(bottom.mean_hidden(V), abs=1e-6)
    own = alone.bound(V, rbm.exact.log_partition(bottom), np.random.default_rng(6), samples=1)
    assert own == pytest.approx(rbm.exact.log_likelihood(bottom, V), abs=1e-9)
    # the top makes every hidden state as likely: p(v) = 2^-5 Σ_h N(v; μ + W h, σ²)
    bound = net.bound(V, rbm.exact.log_partition(top), np.random.default_rng(6), samples=3000)
    means, sigma = mixture(bottom)[1], bottom.sigma.astype(float)
    density = np.exp(-np.square((V[:, None] - means) / sigma).sum(axis=2) / 2) / np.prod(sigma * np.sqrt(2 * np.pi))
    assert bound == pytest.approx(np.log(density.mean(axis=1)), abs=0.2)


def test_what_a_hidden_unit_adds_up() -> None:
    from rbm.measures.arithmetic import lit, unit_sum

    model = tiny()
    for unit in range(HIDDEN):
        assert unit_sum(model, V[0], unit).chance == pytest.approx(float(lit(model, V[0])[unit]), abs=1e-6)


def test_only_temperature_one() -> None:
    with pytest.raises(BadValue, match=r"keep the variances they learned at temperature 1 only, got 2.0"):
        rbm.gibbs(tiny(), V, 1, np.random.default_rng(7), temperature=2.0)


def test_on_the_scale_of_the_data_it_is_the_same_machine() -> None:
    """p(h | x) = p(h | v), the means are those of v moved, and log p(x) = log p(v) - Σ log scale."""
    standard = rbm.Standard(np.array([0.4, 0.1, 0.7]), np.array([0.25, 0.5, 0.1]))
    x = standard.undo(V)
    model = tiny()
    moved = model.rescaled(standard.mean, standard.scale)
    assert moved.mean_hidden(x) == pytest.approx(model.mean_hidden(V), abs=2e-5)
    h = np.array(brute.states(HIDDEN))
    assert moved.mean_visible(h) == pytest.approx(standard.undo(model.mean_visible(h)), abs=1e-5)
    assert moved.sigma == pytest.approx(model.sigma * standard.scale, rel=1e-5)
    change = rbm.exact.log_likelihood(moved, x) - rbm.exact.log_likelihood(model, V)
    assert change == pytest.approx(np.full(len(V), -np.log(standard.scale).sum()), abs=1e-4)
    with pytest.raises(BadValue, match="pixels of a GaussianRBM have one scale"):
        rbm.GaussianRBM(model.weights, model.visible_bias, model.hidden_bias).rescaled(standard.mean, standard.scale)
    with pytest.raises(ValueError, match="between -20 and 20"):
        model.rescaled(standard.mean, 1e9 * standard.scale)


def test_whole_grey_levels_are_numbers_from_0_to_1() -> None:
    grey = np.uint8([[0, 255, 51], [102, 0, 255]])
    model = tiny()
    assert model.guess(grey) == pytest.approx(grey / 255, abs=1e-7)
    assert rbm.diagnostics.hidden_activations(model, grey) == pytest.approx(model.mean_hidden(grey / 255), abs=1e-6)
    with pytest.raises(ValueError, match="need real values"):
        model.guess(grey.astype(int))


def test_a_model_file_keeps_all_of_it() -> None:
    file = io.BytesIO()
    rbm.save(file, tiny(), {"name": "mine"})
    file.seek(0)
    loaded, note = rbm.io.read(file)
    assert type(loaded) is rbm.GaussianVarianceRBM
    assert note == {"name": "mine"}
    for name in ("weights", "visible_bias", "hidden_bias", "log_variance"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(tiny(), name))


def test_a_net_stands_on_it_in_a_file() -> None:
    net, file = rbm.DeepBeliefNet((tiny(), rbm.RBM(np.ones((HIDDEN, 2)), np.ones(HIDDEN), np.ones(2)))), io.BytesIO()
    rbm.save(file, net)
    file.seek(0)
    loaded = rbm.load(file)
    assert [type(layer).__name__ for layer in loaded.layers] == ["GaussianVarianceRBM", "RBM"]
    np.testing.assert_array_equal(loaded.layers[0].log_variance, tiny().log_variance)


def crafted(kind: str, **arrays: np.ndarray) -> io.BytesIO:
    """A file as `save` writes it, of whatever arrays."""
    own = {name: getattr(tiny(), name) for name in ("weights", "visible_bias", "hidden_bias")} | arrays
    own["info"] = np.frombuffer(json.dumps({"version": 1, "kind": kind}).encode(), dtype=np.uint8)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in own.items():
            inner = io.BytesIO()
            np.save(inner, array)
            archive.writestr(f"{name}.npy", inner.getvalue())
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("kind", "log_variance", "said"),
    [
        ("GaussianVarianceRBM", [0, np.nan, 0], "log_variance holds NaN or infinite"),
        ("GaussianVarianceRBM", [0, -np.inf, 0], "log_variance holds NaN or infinite"),
        ("GaussianVarianceRBM", [0, 88, 0], "between -20 and 20; it holds ±88"),
        ("GaussianVarianceRBM", [0, -21, 0], "between -20 and 20; it holds ±21"),
        ("GaussianVarianceRBM", [0, 0], r"must hold 3 numbers, one a pixel; got shape \(2,\)"),
        ("GaussianVarianceRBM", None, "its kind is GaussianVarianceRBM, and only one of the two has log_variance"),
        ("RBM", [0, 0, 0], "its kind is RBM, and only one of the two has log_variance"),
    ],
)
def test_a_file_with_absurd_variances_is_refused(kind: str, log_variance: list[float] | None, said: str) -> None:
    arrays = {} if log_variance is None else {"log_variance": np.array(log_variance, dtype=np.float32)}
    with pytest.raises(BadModelFile, match=said):
        rbm.load(crafted(kind, **arrays))


def test_a_file_that_holds_it_whole_is_read() -> None:
    assert rbm.load(crafted("GaussianVarianceRBM", log_variance=np.zeros(3, np.float32))).n_hidden == HIDDEN


def test_the_arrays_in_training_know_what_is_seen() -> None:
    for p, wanted in (
        (Parameters(*(np.float32([x]) for x in (1, 2, 3))), V),
        (VarianceParameters(*itertools.repeat(np.float32([0]), 3), np.log(np.float32([1, 2, 4]))), V / [1, 2, 4]),
    ):
        assert p.seen(V) == pytest.approx(wanted, rel=1e-6)
        assert p.seen(V).dtype == np.float32
        assert type(p.like(p)) is type(p)
