"""Parallel chains, clamps, annealing and tempering against enumeration."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rbm
from rbm.app.sample_page import hold
from rbm.measures import likelihood
from rbm.models.film import TILES, Film, SamplingPlan, compare_samplers, film_of, kept, tempered_film
from tests import brute

CHAINS = 20_000


def tiny_label(seed: int = 0) -> rbm.LabelRBM:
    rng = np.random.default_rng(seed)
    return rbm.LabelRBM(*(rng.standard_normal(s) for s in ((8, 7), 8, 7)), n_classes=3)


def end(film: Film) -> np.ndarray:
    return film.states[-1] / 255


def assert_drawn_from(samples: np.ndarray, exact: dict[brute.State, float]) -> None:
    assert brute.total_variation(samples, exact) < brute.monte_carlo_floor(exact, len(samples))


# ---- films


@pytest.mark.parametrize(("steps", "chains"), [(1, 1), (1, 100), (1000, 1), (1000, 100), (7, 3), (500, 16), (997, 61)])
def test_a_film_is_bounded_evenly_spaced_and_ends_at_the_last_sweep(steps: int, chains: int) -> None:
    numbers = kept(steps, chains)
    assert numbers[0] == 0
    assert numbers[-1] == steps
    assert len(numbers) * chains <= TILES
    assert len(set(np.diff(numbers[1:]).tolist())) <= 1
    assert np.diff(numbers).min() >= 1


def test_a_film_keeps_the_states_of_the_chain_it_thins() -> None:
    model, start = brute.tiny(7, 3), np.zeros((11, 7))
    plan = SamplingPlan(steps=20, temperature=1.7)
    whole = list(rbm.models.sampling.chain(model, start, 20, plan.rng("chain"), temperature=1.7))
    film = film_of(model, start, plan.temperatures(), plan.rng("chain"), tiles=55)
    assert film.sweeps.tolist() == [0, 5, 10, 15, 20]
    assert film.every == 5
    for number, states, means in zip(film.sweeps[1:], film.states[1:], film.means[1:], strict=True):
        np.testing.assert_array_equal(states, whole[number - 1].visible * 255)
        np.testing.assert_array_equal(means, np.rint(whole[number - 1].mean * 255))


# ---- clamps


def test_clamped_pixels_never_change_in_any_frame() -> None:
    rng = np.random.default_rng(1)
    start = np.tile(np.rint(rng.random(48) * 15) / 15, (5, 1))
    clamp = hold.half((6, 8), "Upper half")
    film = film_of(brute.tiny(48, 7), start, np.ones(60), rng, clamp)
    fixed = np.rint(start[0, clamp] * 255)
    assert (film.states[:, :, clamp] == fixed).all()
    assert (film.means[:, :, clamp] == fixed).all()
    assert (film.states[1:, :, ~clamp] != film.states[:1, :, ~clamp]).any()


def test_clamped_dreams_match_the_enumerated_conditional() -> None:
    model, clamp, values = brute.tiny(7, 3, seed=6), np.array([1, 0, 0, 1, 0, 1, 0], bool), (1.0, 0, 0, 0, 0, 1.0, 0)
    fits = {
        v: q
        for v, q in brute.marginal(brute.params(model)).items()
        if all(np.array(v)[clamp] == np.array(values)[clamp])
    }
    exact = {v: q / sum(fits.values()) for v, q in fits.items()}
    film = film_of(model, [values] * CHAINS, np.ones(100), np.random.default_rng(2), clamp, tiles=1)
    assert_drawn_from(end(film), exact)


def test_a_clamped_class_stays_and_the_pixels_match_their_conditional() -> None:
    model, label = tiny_label(), 2
    start = model.join(np.zeros((CHAINS, 5)), np.full(CHAINS, label))
    film = film_of(model, start, np.ones(100), np.random.default_rng(3), model.class_mask, tiles=1)
    assert (end(film)[:, 5:].argmax(axis=1) == label).all()
    w, b, c = (x.tolist() for x in (model.weights, model.visible_bias, model.hidden_bias))
    one_hot = tuple(float(y == label) for y in range(3))
    log_p = {
        x: sum(map(math.prod, zip((*x, *one_hot), b, strict=True)))
        + sum(math.log1p(math.exp(c[j] + sum(v * w[i][j] for i, v in enumerate((*x, *one_hot))))) for j in range(7))
        for x in brute.states(5)
    }
    total = brute.logsumexp(list(log_p.values()))
    assert_drawn_from(end(film)[:, :5], {x: math.exp(value - total) for x, value in log_p.items()})


# ---- annealing and tempering


def test_schedules() -> None:
    assert SamplingPlan(steps=7, temperature=0.5).temperatures().tolist() == [0.5] * 7
    cooling = SamplingPlan(steps=9, temperature=1, schedule="cooling", hot=4).temperatures()
    np.testing.assert_allclose(cooling, 4 ** (1 - np.arange(9) / 8))
    restarts = SamplingPlan(steps=20, schedule="restarts", hot=4, period=6).temperatures()
    np.testing.assert_allclose(restarts[:6], [4, 2, 1, 1, 1, 1])
    np.testing.assert_allclose(restarts, np.resize(restarts[:6], 20))


def test_each_sweep_has_its_own_temperature() -> None:
    """From one state, one sweep at T = 3 and one at T = 0.5: the enumerated kernels, one after the other."""
    model, start = brute.tiny(3, 7, seed=4), brute.states(3)[1]
    p = brute.params(model)
    exact = dict.fromkeys(brute.states(3), 0.0)
    for middle, weight in brute.after_sweeps(p, start, 1, 3.0).items():
        for last, q in brute.after_sweeps(p, middle, 1, 0.5).items():
            exact[last] += weight * q
    film = film_of(model, [start] * CHAINS, np.array([3, 0.5]), np.random.default_rng(5), tiles=1)
    assert_drawn_from(end(film), exact)


def test_the_tempering_sampler_leaves_the_exact_distribution_unchanged() -> None:
    """From one state to the exact distribution, and there it stays."""
    model = brute.tiny(3, 7, seed=7, scale=1.5)
    exact = brute.marginal(brute.params(model))
    base = np.array([0.3, -1, 2])
    for steps in (60, 61, 90):
        film = tempered_film(model, [brute.states(3)[5]] * CHAINS, steps, np.random.default_rng(8), 5, base, tiles=1)
        assert_drawn_from(end(film), exact)


def test_the_tempering_sampler_on_images_with_classes() -> None:
    model = tiny_label(1)
    film = tempered_film(model, model.join(np.zeros((7, 5)), np.arange(7) % 3), 20, np.random.default_rng(9), 4)
    assert film.states.shape == (21, 7, 8)
    assert (film.states[1:, :, 5:].sum(axis=2) == 255).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"chains": 0}, {"chains": 101}, {"steps": 1001}, {"temperature": 0.0}, {"temperature": math.nan},
        {"hot": 11.0}, {"period": 1}, {"seed": -1},
    ],
)  # fmt: skip
def test_a_plan_names_what_cannot_be(wrong: dict[str, float]) -> None:
    (name, value) = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=f"{name} must be between .* got {value}"):
        SamplingPlan(**wrong)  # type: ignore[arg-type]


def test_temperatures_must_be_as_many_as_steps() -> None:
    with pytest.raises(ValueError, match=r"3 steps take one temperature, or 3; got shape \(2,\)"):
        rbm.gibbs(brute.tiny(7, 3), np.zeros((1, 7)), 3, np.random.default_rng(0), temperature=np.ones(2))
    with pytest.raises(ValueError, match="temperature must be above 0, got nan"):
        rbm.gibbs(brute.tiny(7, 3), np.zeros((1, 7)), 2, np.random.default_rng(0), temperature=np.array([1, np.nan]))


@pytest.mark.parametrize("kind", ["plain", "label", "label without data"])
def test_own_samples_are_states_of_the_model(kind: str) -> None:
    rng = np.random.default_rng(0)
    model = brute.tiny(8, 7) if kind == "plain" else tiny_label()
    images, labels = rng.integers(0, 256, (9, 5), dtype=np.uint8), np.arange(9) % 3
    known = (images, labels) if kind == "label" else (None, None)
    samples = likelihood.own_samples(model, 13, rng, *known)
    assert samples.shape == (13, 8)
    assert np.isin(samples, (0, 1)).all()
    assert kind == "plain" or (samples[:, 5:].sum(axis=1) == 1).all()


def test_a_contest_starts_all_at_the_same_place() -> None:
    model, start = brute.tiny(7, 3), np.tile([1.0, 0, 0, 1, 0, 1, 1], (5, 1))
    contest = compare_samplers(model, start, SamplingPlan(steps=20, period=10), rungs=3)
    assert [entry.name for entry in contest] == ["Plain Gibbs", "Annealed restarts", "Parallel tempering"]
    for entry in contest:
        assert entry.film.states.shape == (21, 5, 7)
        assert entry.seconds > 0
        np.testing.assert_array_equal(entry.film.states[0], start * 255)
