"""The hybrid label RBM: its gradient against finite differences of ln p(y | x), summed over every state in float64."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest

import rbm
from rbm.models.layers import Parameters
from rbm.training import discriminative
from rbm.training.deep import train_deep
from rbm.training.discriminative import HybridGradient, slopes, without
from rbm.training.gradient import Gradient
from rbm.training.start import untrained
from tests import brute

N, M, PIXELS, CLASSES, HIDDEN = 13, 11, 5, 3, 7
VISIBLE = PIXELS + CLASSES
RNG = np.random.default_rng(1)
X, LABELS = RNG.random((N, PIXELS)).astype(np.float32).astype(float), RNG.integers(0, CLASSES, N)
V = np.hstack([X, np.eye(CLASSES)[LABELS]])
P = [RNG.normal(size=size) for size in ((VISIBLE, HIDDEN), VISIBLE, HIDDEN)]
IMAGES, CLASS_OF = RNG.integers(0, 256, (31, PIXELS), dtype=np.uint8), RNG.integers(0, CLASSES, 31)
NAMES = Parameters._fields
EVERYTHING = {
    "momentum": 0.5,
    "final_momentum": 0.9,
    "momentum_epochs": 1,
    "schedule": "inverse",
    "centering": True,
    "sparsity_cost": 0.3,
    "l1": 1e-3,
    "l2": 1e-3,
    "binarize": "sample",
    "final_gibbs_steps": 2,
    "chains": 5,
    "temperatures": 3,
}


def config(**changes: Any) -> rbm.TrainConfig:
    return rbm.TrainConfig(**{"n_hidden": HIDDEN, "batch_size": N, "epochs": 3, "weight_std": 0.3, **changes})


def small(parts: list[np.ndarray] = P) -> Parameters:
    return Parameters(*(part.astype(np.float32) for part in parts))


def log_p(w: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """Mean of ln p(y | x) over the images."""
    return float(brute.class_log_probabilities(w, b, c, X, CLASSES)[np.arange(N), LABELS].mean())


def differences(parts: list[np.ndarray] = P, at: Any = log_p, h: float = 1e-5) -> list[np.ndarray]:
    """Central differences in every single number: their own error is of the order of h² = 1e-10."""
    found = [np.empty(part.shape) for part in parts]
    for number, slope in enumerate(found):
        for place in np.ndindex(slope.shape):
            values = []
            for by in (h, -h):
                moved = [part.copy() for part in parts]
                moved[number][place] += by
                values.append(at(*moved))
            slope[place] = (values[0] - values[1]) / (2 * h)
    return found


# ---- the gradient


@pytest.mark.parametrize("block", [2**18, 4 * CLASSES * HIDDEN, 1])  # all images at once, four, one
def test_the_slopes_are_those_of_the_enumerated_probability(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discriminative, "BLOCK", block)
    found = slopes(small(), V.astype(np.float32), CLASSES)
    weights, visible_bias, hidden_bias = differences()
    assert min(np.abs(part).max() for part in (weights[:PIXELS], weights[PIXELS:], hidden_bias)) > 0.02
    np.testing.assert_allclose(X.T @ found.inputs / N, weights[:PIXELS], atol=1e-6)
    np.testing.assert_allclose(found.classes / N, weights[PIXELS:], atol=1e-6)
    np.testing.assert_allclose(found.surprise.mean(axis=0), visible_bias[PIXELS:], atol=1e-6)
    np.testing.assert_allclose(found.inputs.mean(axis=0), hidden_bias, atol=1e-6)
    np.testing.assert_allclose(visible_bias[:PIXELS], 0, atol=1e-9)  # they cancel


def test_the_slopes_stay_finite_and_right_where_units_are_far_on_or_off() -> None:
    parts = [P[0], P[1], np.array([300.0, -300, 90, -90, 20, -20, 0])]
    found = slopes(small(parts), V.astype(np.float32), CLASSES)
    weights, *_ = differences(parts)
    np.testing.assert_allclose(found.classes / N, weights[PIXELS:], atol=2e-5)  # sums of 410 in float32
    np.testing.assert_allclose(X.T @ found.inputs / N, weights[:PIXELS], atol=2e-5)


# ---- the step


def rows(gradient: Gradient) -> tuple[np.ndarray, np.ndarray]:
    """V and, below it, M rows of a chain; beside each some p(h | v)."""
    rng = np.random.default_rng(3)
    chain = np.hstack([rng.integers(0, 2, (M, PIXELS)), np.eye(CLASSES)[rng.integers(0, CLASSES, M)]])
    gradient.visible[: N + M] = np.vstack([V, chain])
    gradient.hidden[: N + M] = rng.random((N + M, HIDDEN))
    return gradient.visible[: N + M].astype(float), gradient.hidden[: N + M].astype(float)


MEANS = [RNG.random(size).astype(np.float32) for size in (VISIBLE, HIDDEN)]


def step(share: float, rate: float = 1.0, before: list[np.ndarray] | None = None, keep: float = 0, **changes: Any):
    """The step of the hybrid; with a share of 0 that of the generative machine."""
    settings, p, means = config(discriminative=share, **changes), small(), [mean.copy() for mean in MEANS]
    gradient = HybridGradient(settings, N, M, *means, p, CLASSES) if share else Gradient(settings, N, M, *means)
    rows(gradient)
    out = small([np.full(part.shape, np.nan) for part in P] if before is None else before)
    gradient.step(N, M, rate, p.weights, out, keep)
    return [array.astype(float) for array in out]


PENALTIES = [{}, {"l1": 0.1, "l2": 0.2}, {"sparsity_cost": 0.3, "sparsity_target": 0.2}]


@pytest.mark.parametrize("changes", PENALTIES, ids=lambda changes: "-".join(changes) or "plain")
@pytest.mark.parametrize("share", [0.25, 1.0])
def test_the_step_is_the_mix_and_penalties_count_in_full(share: float, changes: dict[str, Any]) -> None:
    plain, penalised = step(0, 0.7), step(0, 0.7, **changes)
    found = step(share, 0.7, **changes)
    for part, generative, both, slope in zip(found, plain, penalised, differences(), strict=True):
        wanted = (1 - share) * generative + share * 0.7 * slope + (both - generative)
        np.testing.assert_allclose(part, wanted, atol=2e-6)


@pytest.mark.parametrize("keep", [1, 0.75])
def test_a_step_is_added_to_what_is_kept_of_the_one_before(keep: float) -> None:
    before = [np.random.default_rng(4).normal(size=part.shape).astype(np.float32).astype(float) for part in P]
    for part, was, alone in zip(step(0.25, before=before, keep=keep), before, step(0.25), strict=True):
        np.testing.assert_allclose(part, keep * was + alone, atol=2e-6)


def test_centring_climbs_in_the_centred_parametrisation() -> None:
    """b = b' - W λ, c = c' - Wᵀ μ: the slopes at fixed b', c', carried back to b and c, and mixed with the other's."""
    v, h = rows(Gradient(config(), N, M, *MEANS))
    mu, lam = (mean + 0.01 * (seen[:N].mean(axis=0) - mean) for mean, seen in zip(MEANS, (v, h), strict=True))
    primed = [P[0], P[1] + P[0] @ lam, P[2] + P[0].T @ mu]
    w, b, c = differences(primed, at=lambda w, b, c: log_p(w, b - w @ lam, c - w.T @ mu))
    carried = (w, b - w @ lam, c - w.T @ mu)
    generative = step(0, centering=True)
    for part, other, slope in zip(step(0.25, centering=True), generative, carried, strict=True):
        np.testing.assert_allclose(part, 0.75 * other + 0.25 * slope, atol=2e-6)


# ---- the trainer


def expected_cd(p: list[np.ndarray], v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of CD-1's step (W, b, c in one row) from the state `v` (n_visible,), whose class is one of a
    group: p(v' | h) is a product over pixels times a softmax over classes."""
    w, b, c = p
    h = np.array(brute.states(HIDDEN))
    up = 1 / (1 + np.exp(-(v @ w + c)))
    p_h = np.prod(np.where(h == 1, up, 1 - up), axis=1)
    x = h @ w.T + b
    ink, classes = 1 / (1 + np.exp(-x[:, :PIXELS])), np.exp(x[:, PIXELS:])
    classes /= classes.sum(axis=1, keepdims=True)
    mean, square = 0.0, 0.0
    for pixels in brute.states(PIXELS):
        p_x = np.prod(np.where(np.array(pixels) == 1, ink, 1 - ink), axis=1)
        for k in range(CLASSES):
            chance = p_h @ (p_x * classes[:, k])
            end = np.array([*pixels, *np.eye(CLASSES)[k]])
            again = 1 / (1 + np.exp(-(end @ w + c)))
            change = np.concatenate([(np.outer(v, up) - np.outer(end, again)).ravel(), v - end, up - again])
            mean, square = mean + chance * change, square + chance * change**2
    return mean, square - mean**2


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_the_trainers_update_is_the_mix_of_both_expected_steps(share: float) -> None:
    """One batch of many copies of two images and their classes, as in test_trainer.py: of each of the 71 numbers the
    update stays within 6.5 standard deviations but for a probability of 71 · 8e-11, and rounding."""
    copies, patterns, classes = 3001, np.array([[1.0, 0, 1, 1, 0], [0, 0, 0.25, 1, 0.75]]), np.array([2, 0])
    settings = config(batch_size=2 * copies, epochs=1, weight_std=1.0, visible_bias="zero", hidden_bias=-0.5,
                      learning_rate=1.0, discriminative=share)  # fmt: skip
    trainer = rbm.Trainer(np.tile(patterns, (copies, 1)), settings, labels=np.tile(classes, copies))
    before = [getattr(trainer.model, name).astype(float) for name in NAMES]
    trainer.step()
    update = np.concatenate(
        [(getattr(trainer.model, name) - was).ravel() for name, was in zip(NAMES, before, strict=True)]
    )

    cd = [expected_cd(before, v) for v in np.hstack([patterns, np.eye(CLASSES)[classes]])]
    deviation = (1 - share) * np.sqrt(sum(variance for _, variance in cd) / (4 * copies))

    def both(*p: np.ndarray) -> float:
        return float(brute.class_log_probabilities(*p, patterns, CLASSES)[[0, 1], classes].mean())

    slope = np.concatenate([part.ravel() for part in differences(before, at=both)])
    expected = (1 - share) * (cd[0][0] + cd[1][0]) / 2 + share * slope
    floor = 6.5 * deviation + 2 * copies * 2.0**-24 + 2.0**-22
    assert (np.abs(update - expected) < floor).all()
    assert np.abs(expected).max() > 3 * floor.max()  # there is something to see


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt"])
def test_a_share_of_next_to_nothing_is_the_generative_run_with_its_random_stream(algorithm: str) -> None:
    runs = [
        list(rbm.train(IMAGES, config(algorithm=algorithm, discriminative=share, **EVERYTHING), labels=CLASS_OF))[-1]
        for share in (0.0, 1e-9)
    ]
    generative, hybrid = (run.state for run in runs)
    assert generative.values["generator"] == hybrid.values["generator"]
    assert generative.arrays.keys() == hybrid.arrays.keys()
    for name, array in generative.arrays.items():
        np.testing.assert_allclose(hybrid.arrays[name], array, atol=1e-4)


def test_alone_it_moves_no_pixel_bias() -> None:
    *_, report = rbm.train(IMAGES, config(discriminative=1), labels=CLASS_OF)
    before = untrained(IMAGES, config(discriminative=1), CLASS_OF)
    np.testing.assert_array_equal(report.model.visible_bias[:PIXELS], before.visible_bias[:PIXELS])
    assert np.abs(report.model.visible_bias - before.visible_bias)[PIXELS:].min() > 1e-3


def logistic_limit(x: np.ndarray, labels: np.ndarray) -> float:
    """The largest mean ln p(y | x) that straight lines allow, by plain ascent: the function is concave."""
    inputs, classes = np.hstack([x, np.ones((len(x), 1))]), np.eye(CLASSES)[labels]
    w, velocity = np.zeros((PIXELS + 1, CLASSES)), 0.0
    for _ in range(500):
        chances = np.exp(inputs @ w)
        chances /= chances.sum(axis=1, keepdims=True)
        velocity = 0.9 * velocity + 0.3 * inputs.T @ (classes - chances) / len(x)
        w += velocity
    return float(np.log(chances[np.arange(len(x)), labels]).mean())


def test_alone_it_tells_the_classes_apart_as_well_as_logistic_regression_can() -> None:
    """Classes that a logistic model drew for each of the 32 images: hidden units that stay almost linear reach it."""
    rng = np.random.default_rng(5)
    images = np.array(brute.states(PIXELS)).repeat(11, axis=0)
    scores = 2 * images @ rng.normal(size=(PIXELS, CLASSES))
    labels = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    settings = config(discriminative=1, batch_size=len(images), epochs=70, learning_rate=1.0, momentum=0.9,
                      final_momentum=0.9)  # fmt: skip
    *_, report = rbm.train(images, settings, labels=labels)
    reached = report.model.class_log_probabilities(images)[np.arange(len(images)), labels].mean()
    limit = logistic_limit(images, labels)
    assert limit - 0.01 < reached
    assert limit > np.log(np.bincount(labels) / len(labels))[labels].mean() + 0.3


# ---- stop and continue, and what can't be


def through_a_file(state: rbm.TrainState) -> rbm.TrainState:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **state.arrays)
    buffer.seek(0)
    return rbm.TrainState(dict(np.load(buffer, allow_pickle=False)), json.loads(json.dumps(state.values)))


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt"])
@pytest.mark.parametrize("stop", [1, 3, 7])  # batches done of 3 an epoch
def test_stop_and_continue_is_bit_for_bit_the_uninterrupted_run(algorithm: str, stop: int) -> None:
    settings = config(algorithm=algorithm, discriminative=0.7, **EVERYTHING)
    straight, first = (rbm.Trainer(IMAGES, settings, labels=CLASS_OF) for _ in range(2))
    for _ in range(stop):
        first.step()
    second = rbm.Trainer(IMAGES, settings, labels=CLASS_OF, state=through_a_file(first.snapshot()))
    for trainer in (straight, second):
        while not trainer.finished:
            trainer.step()
    ends = [trainer.snapshot().arrays for trainer in (straight, second)]
    for name, array in ends[0].items():
        np.testing.assert_array_equal(ends[1][name], array)


def test_a_blow_up_is_noticed_and_the_last_good_model_kept() -> None:
    with pytest.raises(rbm.Diverged, match=r"Lower learning_rate \(now 1e\+06\)") as caught:
        list(rbm.train(IMAGES, config(discriminative=1, learning_rate=1e6), labels=CLASS_OF))
    assert np.isfinite(caught.value.model.weights).all()


def test_a_single_class_leaves_nothing_to_tell_apart() -> None:
    before = untrained(IMAGES, config(), np.zeros(31, int))
    *_, report = rbm.train(IMAGES, config(discriminative=1), labels=np.zeros(31, int))
    for name in NAMES:
        np.testing.assert_array_equal(getattr(report.model, name), getattr(before, name))


def test_without_labels_it_is_refused_in_one_sentence() -> None:
    for make in (rbm.Trainer, untrained):
        with pytest.raises(
            ValueError, match=r"^discriminative 0.5 is for telling .* none to learn here; give labels, or"
        ):
            make(IMAGES, config(discriminative=0.5))


@pytest.mark.parametrize(("name", "other"), [("algorithm", "autoencoder"), ("visible", "gaussian")])
def test_what_learns_no_classes_refuses_it(name: str, other: str) -> None:
    with pytest.raises(ValueError, match=f'got 0.5 with {name} "{other}", which learns no classes; use 0'):
        config(discriminative=0.5, **{name: other})


def test_of_a_net_the_top_alone_tells_classes_apart() -> None:
    settings = config(discriminative=0.5, epochs=1)
    reports = dict(train_deep(IMAGES, [without(settings), settings], labels=CLASS_OF))
    assert reports[2].model.n_classes == CLASSES
    with pytest.raises(ValueError, match="none to learn here"):
        dict(train_deep(IMAGES, [settings, settings], labels=CLASS_OF))
