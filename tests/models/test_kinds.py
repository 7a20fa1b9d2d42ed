"""A kind of unit that nobody else knows: what it takes is its class here and its name in `io.KINDS`."""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import rbm
from rbm.models.io import KINDS, from_arrays, kind_of
from rbm.runs import checkpoint

ROOT = Path(__file__).parents[2]
VISIBLE, HIDDEN = 3, 2


class Spins:
    """Units that are -1 or +1: p(v = 1) = σ(2x) for the total input x, so the mean is tanh(x)."""

    def __init__(self, rng):
        self._rng = rng

    def mean_(self, x):
        return np.tanh(x, out=x)

    def draw(self, mean, out):
        return np.subtract(2.0 * (self._rng.random(mean.shape) < (1 + mean) / 2), 1, out=out, casting="unsafe")

    def sample(self, x, out):
        return self.draw(self.mean_(x), out)


@dataclass(frozen=True, eq=False)
class SpinRBM(rbm.RBM):
    """An RBM whose pixels are -1 or +1; its energy is the one of binary units."""

    pixel_kind = "spins"

    def mean_visible(self, h):
        return np.tanh(np.asarray(h, dtype=np.float32) @ self.weights.T + self.visible_bias)

    def draw_visible(self, mean, rng):
        return Spins(rng).draw(mean, out=np.empty_like(mean))

    def visible_units(self, rng, largest):
        return Spins(rng)

    @staticmethod
    def check_data(data):
        if not np.all(np.abs(data) == 1):
            raise ValueError("spins are -1 or +1")
        return np.asarray(data)

    @staticmethod
    def base_rates(mean, n, n_classes=0):
        return np.arctanh(n * mean / (n + 1))


@dataclass(frozen=True)
class SpinConfig(rbm.TrainConfig):
    """Settings with one more choice of `visible`, which a kind that stays would add to the list of them."""

    def __post_init__(self):
        pass


@pytest.fixture(autouse=True)
def _table(monkeypatch):
    monkeypatch.setitem(KINDS, "SpinRBM", SpinRBM)


def tiny(scale: float = 0.7) -> SpinRBM:
    rng = np.random.default_rng(0)
    return SpinRBM(*(scale * rng.standard_normal(shape) for shape in ((VISIBLE, HIDDEN), VISIBLE, HIDDEN)))


STATES = np.array(list(itertools.product([-1.0, 1.0], repeat=VISIBLE)))


def test_it_travels_in_files_and_checkpoints():
    model, file = tiny(), io.BytesIO()
    rbm.save(file, model, {"name": "toy"})
    loaded, note = rbm.io.read(file)
    assert type(loaded) is SpinRBM
    assert note == {"name": "toy"}
    arrays = {name: getattr(model, name) for name in ("weights", "visible_bias", "hidden_bias")}
    kept = checkpoint.model(rbm.TrainState(arrays, {}), SpinConfig(visible="spins"))
    assert type(kept) is SpinRBM
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(loaded, name), array)
        np.testing.assert_array_equal(getattr(kept, name), array)


def exact(model: SpinRBM) -> np.ndarray:
    """p(v) (8,) by summing exp(-E) over the hidden states, in plain loops."""
    w, b, c = (array.astype(float) for array in (model.weights, model.visible_bias, model.hidden_bias))
    weight = np.array(
        [
            sum(np.exp(v @ b + np.array(h) @ c + v @ w @ np.array(h)) for h in itertools.product([0, 1], repeat=HIDDEN))
            for v in STATES
        ]
    )
    return weight / weight.sum()


N = 20_000


@pytest.mark.parametrize("sampler", ["hot loop", "one call a layer"])
def test_it_is_sampled(sampler):
    """The share of each of the 8 states among 20,000 chains, within five standard errors."""
    model, rng = tiny(), np.random.default_rng(1)
    v = np.ones((N, VISIBLE), dtype=np.float32)
    if sampler == "hot loop":
        v = rbm.gibbs(model, v, 30, rng)
    else:
        for _ in range(30):
            v = rbm.sample_visible(model, rbm.sample_hidden(model, v, rng), rng)
    p = exact(model)
    share = np.array([(v == state).all(axis=1).mean() for state in STATES])
    assert np.all(np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / N))


def test_it_is_judged():
    model = tiny()
    assert model.n_pixels == VISIBLE
    assert model.marginal is model
    rebuilt = np.tanh(
        (1 / (1 + np.exp(-(STATES @ model.weights + model.hidden_bias)))) @ model.weights.T + model.visible_bias
    )
    np.testing.assert_allclose(rbm.diagnostics.reconstruct(model, STATES), rebuilt, atol=1e-5)
    wanted = ((rebuilt - STATES) ** 2).sum(axis=1)
    np.testing.assert_allclose(rbm.diagnostics.reconstruction_error(model, STATES), wanted, atol=1e-4)
    relative = -rbm.diagnostics.free_energy(model, STATES)
    np.testing.assert_allclose(relative - relative[0], np.log(exact(model) / exact(model)[0]), atol=1e-4)
    with pytest.raises(ValueError, match="spins are -1 or"):
        rbm.diagnostics.reconstruction_error(model, np.zeros((1, VISIBLE)))


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt"])
def test_it_is_trained(algorithm):
    """Two spins that always agree, and a third that is mostly down: the model puts most of its weight there."""
    rng = np.random.default_rng(2)
    pair = np.where(rng.random(1000) < 0.5, 1.0, -1.0)
    data = np.stack([pair, pair, np.where(rng.random(1000) < 0.1, 1.0, -1.0)], axis=1)
    config = SpinConfig(
        visible="spins", n_hidden=HIDDEN, algorithm=algorithm, epochs=60, batch_size=20, learning_rate=0.05,
        weight_std=0.1, chains=50, temperatures=3,
    )  # fmt: skip
    *_, report = rbm.train(data, config)
    assert type(report.model) is SpinRBM
    p = exact(report.model)
    assert p[STATES[:, 0] == STATES[:, 1]].sum() > 0.9
    assert p[STATES[:, 2] == -1].sum() == pytest.approx(0.9, abs=0.05)


def test_what_only_binary_units_allow_is_refused():
    with pytest.raises(ValueError, match="a SpinRBM has others"):
        rbm.exact.log_partition(tiny())
    with pytest.raises(ValueError, match="a SpinRBM has others"):
        rbm.likelihood.ais(tiny(), np.random.default_rng(3))
    with pytest.raises(ValueError, match="labels need binary pixels"):
        kind_of("spins", classes=True)


def test_a_model_without_classes_says_so():
    model, images = rbm.RBM(np.ones((5, 3)), np.zeros(5), np.zeros(3)), np.full((2, 5), 255, np.uint8)
    assert model.n_classes == 0
    assert not model.class_mask.any()
    for v in (model.join(images, [0, 1]), model.guess(images)):
        np.testing.assert_array_equal(v, np.ones((2, 5), np.float32))
    assert model.class_log_probabilities(images).shape == (2, 0)
    with pytest.raises(ValueError, match="a RBM has no classes to tell apart"):
        model.classify(images)
    with pytest.raises(ValueError, match="this model has 5 pixels; got images of 4"):
        model.guess(images[:, 1:])


def test_arrays_that_make_no_model_are_refused():
    arrays = {"weights": np.ones((5, 3)), "visible_bias": np.zeros(5), "hidden_bias": np.zeros(3)}
    assert from_arrays("LabelRBM", arrays, 2).n_pixels == 3
    with pytest.raises(TypeError, match="n_classes"):
        rbm.LabelRBM(**arrays)
    with pytest.raises(ValueError, match="a GaussianRBM has no classes, got n_classes = 2"):
        from_arrays("GaussianRBM", arrays, 2)
    with pytest.raises(ValueError, match="n_classes must be between 1 and 4"):
        from_arrays("LabelRBM", arrays)
    with pytest.raises(ValueError, match=r"its kind is 'Deep', and this program knows RBM, .* and SpinRBM"):
        from_arrays("Deep", arrays)


def files_with(pattern: str) -> list[str]:
    code = [*ROOT.glob("rbm/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "README.md"]
    return sorted(str(path.relative_to(ROOT)) for path in code if re.search(pattern, path.read_text()))


def test_hardly_a_file_names_a_kind():
    named = files_with("GaussianRBM")
    assert "rbm/models/gaussian.py" in named
    assert len(named) <= 6, named  # its own, and at most five


def test_nobody_asks_for_the_class_of_a_model():
    pattern = r"isinstance\([^)]*(RBM|Marginal)\b|type\([^)]*\) (is|is not|in|==) \(?\w*RBM"
    assert files_with(pattern) == ["rbm/models/binary.py"]  # RBM.all_binary
