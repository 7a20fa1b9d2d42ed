"""Trajectory AIS against enumeration, and against the work written out from the parameters of every update."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

import rbm
from rbm import TrainConfig, Trainer
from rbm.errors import BadValue
from rbm.measures import monitors
from rbm.measures import trajectory as measure
from rbm.models.layers import down
from rbm.training import trajectory
from tests import brute

RNG = np.random.default_rng(1)
PLACES = RNG.random((5, 7)) > 0.5
IMAGES = ((RNG.random((203, 7)) < 0.1) ^ PLACES[RNG.integers(0, 5, 203)]).astype(float)
LABELS = (IMAGES[:, 0] + IMAGES[:, 1]).astype(int)
PCD = TrainConfig(n_hidden=5, algorithm="pcd", chains=499, batch_size=23, epochs=13, learning_rate=0.05)
KINDS = {
    "k = 1": {},
    "k = 2": {"gibbs_steps": 2},
    "k grows": {"final_gibbs_steps": 3},
    "centred": {"centering": True, "learning_rate": 0.2},
    "few chains": {"chains": 101},
    "decay, sparse": {"l2": 0.01, "l1": 0.001, "sparsity_cost": 0.1},
}


def trainer_of(config: TrainConfig, **more) -> Trainer:
    return Trainer(IMAGES, config, **{"validation": IMAGES, "monitors": ["trajectory"], **more})


def finish(trainer: Trainer) -> rbm.Report:
    while not trainer.finished:
        report = trainer.step()
    assert report is not None
    return report


def log_partition(model: rbm.RBM) -> float:
    """log Σ_h e^(h·c) Π_i (1 + e^(b_i + W_i·h)): the visible units are independent given h."""
    p = brute.params(model)

    def unnormalised(h):
        total = sum(x * c for x, c in zip(h, p.c, strict=True))
        for i, b in enumerate(p.b):
            total += math.log1p(math.exp(b + sum(p.w[i][j] * h[j] for j in range(len(h)))))
        return total

    return brute.logsumexp([unnormalised(h) for h in brute.states(len(p.c))])


def told(report: rbm.Report, chains: int) -> tuple[float, float, float]:
    """log Z that the report's likelihood stands for, its standard error by the sample size, and the exact one."""
    p, found = brute.params(report.model), report.metrics
    minus_free = 0.0
    for v in IMAGES.tolist():
        minus_free += sum(x * b for x, b in zip(v, p.b, strict=True))
        for j, c in enumerate(p.c):
            minus_free += math.log1p(math.exp(c + sum(v[i] * p.w[i][j] for i in range(len(v)))))
    error = math.sqrt(1 / found["trajectory_sample_size"] - 1 / chains)
    return minus_free / len(IMAGES) - found["trajectory"], error, log_partition(report.model)


# ---- against enumeration


@pytest.mark.parametrize("settings", KINDS.values(), ids=KINDS)
def test_it_is_the_exact_one_within_its_own_error(settings):
    """The estimate is off by a few of its own errors at most in each run, and not to one side: the mean over three
    seeds of a standard normal stays within 2 in all but 6e-4 of cases. Without the correction for the chains' own push
    it is below by 4 to 20 errors, in all of them."""
    off = []
    for seed in range(3):
        config = replace(PCD, seed=seed, **settings)
        estimate, error, exact = told(finish(trainer_of(config, monitor_every=99)), config.chains)
        off.append((estimate - exact) / error)
    assert max(map(abs, off)) < 4
    assert abs(np.mean(off)) < 2


def test_without_the_correction_the_chains_seem_to_know_a_smaller_log_z(monkeypatch):
    """What the correction is for: the same run, with as large a sample size, and wrong."""
    monkeypatch.setattr(measure, "overlaps", lambda v, *_: np.zeros(len(v)))
    estimate, error, exact = told(finish(trainer_of(replace(PCD, chains=101))), 101)
    assert (estimate - exact) / error < -5


def test_a_model_with_classes_is_told_of_its_pixels():
    config = replace(PCD, learning_rate=0.1)
    report = finish(trainer_of(config, labels=LABELS, validation_labels=LABELS, monitors=["trajectory", "exact"]))
    error = math.sqrt(1 / report.metrics["trajectory_sample_size"] - 1 / config.chains)
    assert abs(report.metrics["trajectory"] - report.metrics["exact_log_likelihood"]) < 4 * error


def test_before_the_first_update_only_the_weights_noise_is_annealed_away():
    """The draws of hidden units without weights, weighted, are those of the first model: whatever its noise."""
    model = brute.tiny(7, 5, seed=3, scale=0.5)
    hidden = (np.random.default_rng(4).random((99_991, 5)) < 1 / (1 + np.exp(-model.hidden_bias))).astype(np.float32)
    found = measure.Trajectory(model, hidden).standing(model)
    error = math.sqrt(1 / found.sample_size - 1 / len(hidden))
    assert 0 < error < 0.01
    assert found.log_partition == pytest.approx(brute.log_partition(brute.params(model)), abs=4 * error)


# ---- against the work, written out


def first_weights(trainer) -> np.ndarray:
    """Σ_j log(1 + e^c_j) + Σ_i log(1 + e^x_i) (chains,), with x = b + W·h of where the chains start."""
    p = brute.params(trainer.model)
    hidden = sum(math.log1p(math.exp(c)) for c in p.c)
    found = []
    for h in trainer._chains.hidden.tolist():
        x = [b + sum(p.w[i][j] * h[j] for j in range(len(h))) for i, b in enumerate(p.b)]
        found.append(hidden + sum(math.log1p(math.exp(each)) for each in x))
    return np.array(found)


def features(v, h, offsets):
    """f (n_visible · n_hidden + n_visible + n_hidden,) of one chain."""
    return np.concatenate([np.outer(v - offsets[0], h - offsets[1]).ravel(), v, h])


@pytest.mark.parametrize("settings", [{}, {"gibbs_steps": 3}, {"centering": True}], ids=["plain", "k = 3", "centred"])
def test_the_log_weights_are_the_work_of_every_update_less_each_chain_s_own_push(settings, monkeypatch):
    trainer = trainer_of(replace(PCD, chains=11, learning_rate=0.1, epochs=1, **settings))
    chains, taken, move = trainer._chains, {}, trainer._move

    def watched(n, m, rate):
        taken["v"], taken["mean"] = (
            rows[n : n + m].astype(float) for rows in (trainer._gradient.visible, trainer._gradient.hidden)
        )
        taken["rate"] = rate
        move(n, m, rate)

    monkeypatch.setattr(trainer, "_move", watched)
    expected = first_weights(trainer)
    for _ in range(7):  # of 9 batches
        before = brute.params(trainer.model)
        trainer.step()
        after, v, mean, h = brute.params(trainer.model), taken["v"], taken["mean"], chains.hidden.astype(float)
        offsets = trainer._gradient.offsets or (np.zeros(7), np.zeros(5))
        for i in range(11):
            own = features(v[i], mean[i], offsets)
            push = own @ (features(v[i], h[i], offsets) - features(v[i - 1], h[i - 1], offsets))
            work = brute.energy(before, v[i], h[i]) - brute.energy(after, v[i], h[i])
            expected[i] += work + taken["rate"] / 11 * push
    p = trainer.parameters
    found = trainer._trajectory._weights(p, down(p, chains.hidden, out=np.empty((11, 7), np.float32)))
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.ptp(expected) > 0.05


# ---- the run is the same run


@pytest.mark.parametrize("settings", [{}, {"gibbs_steps": 2, "binarize": "sample", "centering": True}])
def test_it_draws_nothing_and_changes_no_bit(settings):
    config = replace(PCD, epochs=2, **settings)
    grey = np.random.default_rng(0).random((61, 7))
    plain, watched = (
        list(rbm.train(grey, config, validation=grey, monitors=names)) for names in ([], ["trajectory", "update_ratio"])
    )
    for a, b in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(a.model.weights, b.model.weights)
        assert a.state.values["generator"] == b.state.values["generator"]


def test_looking_at_the_next_update_counts_nothing_twice():
    """`see` makes the sweep of the next update; a step after it counts the update before once."""
    trainer = trainer_of(PCD)
    trainer.step()
    known = trainer._trajectory.standing(trainer.model)
    trainer.see()
    trainer.see()
    seen = trainer._trajectory.standing(trainer.model)
    assert seen.log_partition == pytest.approx(known.log_partition, abs=1e-5)
    assert seen.sample_size == pytest.approx(known.sample_size, rel=1e-5)


@pytest.mark.parametrize("steps", [1, 4, 9, 13])
def test_a_run_goes_on_bit_for_bit_from_any_mini_batch(steps):
    config = replace(PCD, epochs=3, centering=True)
    whole, cut = trainer_of(config), trainer_of(config)
    for _ in range(steps):
        cut.step()
    state = cut.snapshot()
    expected, got = finish(whole), finish(trainer_of(config, state=state))
    assert got.metrics == expected.metrics
    assert "trajectory" in got.metrics
    np.testing.assert_array_equal(got.model.weights, expected.model.weights)


def test_a_state_that_followed_no_chains_is_refused_in_a_sentence():
    state = Trainer(IMAGES, PCD).snapshot()
    with pytest.raises(BadValue, match="'trajectory' follows the chains from the first update on, and the state is of"):
        trainer_of(PCD, state=state)


def test_a_run_may_go_on_without_it():
    trainer = trainer_of(replace(PCD, epochs=2))
    trainer.step()
    plain = finish(trainer_of(replace(PCD, epochs=2), monitors=[], state=trainer.snapshot()))
    np.testing.assert_array_equal(plain.model.weights, finish(trainer).model.weights)


# ---- when it is lost


def test_where_too_few_chains_count_it_says_no_more_than_that():
    """Steps so large that a few chains outweigh the rest; they are lost for good, and the run goes on as ever."""
    config = replace(PCD, chains=13, learning_rate=2.0, epochs=5)
    reports = list(rbm.train(IMAGES, config, validation=IMAGES, monitors=["trajectory"]))
    assert all("trajectory" not in report.metrics for report in reports)
    sizes = {report.metrics["trajectory_sample_size"] for report in reports}
    assert len(sizes) == 1  # that at which they were lost
    assert 1 <= sizes.pop() < 10


def test_a_lost_one_stays_lost_after_a_pause():
    config = replace(PCD, chains=13, learning_rate=2.0, epochs=5)
    trainer = trainer_of(config)
    for _ in range(11):
        trainer.step()
    assert trainer._trajectory.lost
    assert finish(trainer_of(config, state=trainer.snapshot())).metrics == finish(trainer).metrics


def test_how_many_chains_count():
    assert measure.sample_size(np.zeros(7)) == pytest.approx(7)
    assert measure.sample_size(np.array([1000.0, 0, 0])) == pytest.approx(1)
    assert measure.sample_size(np.log([3.0, 1.0])) == pytest.approx(16 / 10)


# ---- what can't be followed


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"algorithm": "cd"}, 'algorithm "cd" has none that it could; use "pcd", or leave it out'),
        ({"algorithm": "pt"}, 'algorithm "pt" has none that it could; use "pcd"'),
        ({"algorithm": "autoencoder"}, 'algorithm "autoencoder" has none'),
        ({"visible": "gaussian"}, 'is for binary pixels, got visible "gaussian"; use "ais"'),
        ({"negative": "mean"}, 'needs chains that draw their pixels, got negative "mean"; use "sample"'),
        ({"momentum": 0.5}, "needs steps that don't go on from earlier ones, got momentum; set it to 0"),
        ({"final_momentum": 0.5}, "got momentum; set it to 0"),
        ({"chains": 7}, "needs 10 chains or more that count, got 7 in all; use 200"),
    ],
)
def test_what_has_no_such_chains_is_refused(settings, message):
    config = replace(PCD, **settings)
    with pytest.raises(BadValue, match=re.escape(message)):
        trajectory.check(config)
    with pytest.raises(BadValue, match=re.escape(message)):
        trainer_of(config)


def test_a_hybrid_whose_steps_are_not_the_chains_alone_is_refused():
    with pytest.raises(BadValue, match="needs steps of the generative machine"):
        trajectory.check(replace(PCD, discriminative=0.5))


def test_a_run_from_a_given_model_is_refused():
    start = Trainer(IMAGES, PCD).model
    with pytest.raises(BadValue, match="begins where log Z is known, at random weights, and this run starts from a mo"):
        trainer_of(PCD, start=start)


def test_it_measures_held_out_images_of_a_run_and_no_model_by_itself():
    with pytest.raises(BadValue, match="the monitors trajectory measure held-out images"):
        trainer_of(PCD, validation=None)
    with pytest.raises(BadValue, match="unknown monitor 'trajectory'"):
        monitors.check(["trajectory"], Trainer(IMAGES, PCD).model)
    assert monitors.found_by(["trajectory"]) == ("trajectory", "trajectory_sample_size")
