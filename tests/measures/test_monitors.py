"""The measures asked for by name, and the diagnostics behind them."""

import itertools
import math

import numpy as np
import pytest

from rbm import RBM, GaussianRBM, LabelRBM, TrainConfig, Trainer, train
from rbm.measures import diagnostics, monitors

RNG = np.random.default_rng(12)
MODEL = RBM(0.5 * RNG.standard_normal((7, 11)), RNG.standard_normal(7), RNG.standard_normal(11))
TRAIN = RNG.integers(0, 256, (31, 7), dtype=np.uint8)
HELD_OUT = RNG.integers(0, 256, (23, 7), dtype=np.uint8)
CONTEXT = monitors.make_context(MODEL, TRAIN, HELD_OUT, seed=0)
READER = LabelRBM(RNG.standard_normal((10, 5)), RNG.standard_normal(10), RNG.standard_normal(5), n_classes=3)


def minus_free_energy(model, v):
    w, b, c = model.weights.astype(float), model.visible_bias.astype(float), model.hidden_bias.astype(float)
    return v @ b + np.log1p(np.exp(v @ w + c)).sum(axis=-1)


def mean_log_likelihood(model, v):
    every = np.array(list(itertools.product((0, 1), repeat=model.n_visible)))
    return minus_free_energy(model, v).mean() - math.log(np.exp(minus_free_energy(model, every)).sum())


def test_every_monitor_gives_finite_numbers_and_is_a_pure_function():
    classes = np.arange(23) % 3
    reading = monitors.make_context(READER, TRAIN, HELD_OUT, seed=0, labels=classes)
    for name in monitors.MONITORS:
        model, context = (READER, reading) if name == "misread" else (MODEL, CONTEXT)
        first, again = (monitors.measure(model, [name], context) for _ in range(2))
        assert first == again
        assert all(isinstance(value, float) and math.isfinite(value) for value in first.values())


def test_several_come_together_in_the_order_asked_for():
    names = ["saturated_units", "exact", "pseudo_likelihood"]
    got = monitors.measure(MODEL, names, CONTEXT)
    assert list(got) == ["saturated_units", "exact_log_likelihood", "pseudo_likelihood"]
    assert monitors.measure(MODEL, [], CONTEXT) == {}


def test_the_exact_and_the_ais_monitor_agree():
    got = monitors.measure(MODEL, ["exact", "ais"], CONTEXT)
    assert got["exact_log_likelihood"] == pytest.approx(mean_log_likelihood(MODEL, CONTEXT.held_out), rel=1e-6)
    assert got["ais"] == pytest.approx(got["exact_log_likelihood"], abs=4 * got["ais_error"])
    assert 0 < got["ais_error"] < 0.02
    assert got["ais_lower"] < got["exact_log_likelihood"] < got["ais_upper"] < got["ais_lower"] + 0.1
    assert 90 < got["ais_sample_size"] <= 100


def test_ais_that_can_not_be_trusted_gives_bounds_only(monkeypatch):
    """One step to a model with strong weights: a few chains outweigh the rest."""
    monkeypatch.setattr(monitors.likelihood, "QUICK_SCHEDULE", np.array([0.0, 1.0]))
    strong = RBM(5 * MODEL.weights, MODEL.visible_bias, MODEL.hidden_bias)
    got = monitors.measure(strong, ["ais"], CONTEXT)
    assert got["ais_sample_size"] < 10
    assert sorted(got) == ["ais_lower", "ais_sample_size", "ais_upper"]
    assert got["ais_lower"] < mean_log_likelihood(strong, CONTEXT.held_out) < got["ais_upper"]


def test_models_with_classes_and_real_pixels_are_measured_too():
    rng = np.random.default_rng(13)
    with_classes = LabelRBM(rng.standard_normal((10, 5)), rng.standard_normal(10), rng.standard_normal(5), n_classes=3)
    real = GaussianRBM(0.3 * rng.standard_normal((7, 5)), rng.standard_normal(7), rng.standard_normal(5))
    standard = rng.standard_normal((31, 7)).astype(np.float32)
    for model, images in ((with_classes, TRAIN), (real, standard)):
        context = monitors.make_context(model, images, images[::2], seed=0)
        names = ["exact", "ais", "free_energy_gap", "dead_units", "saturated_units"]
        got = monitors.measure(model, names, context)
        assert got["ais"] == pytest.approx(got["exact_log_likelihood"], abs=4 * got["ais_error"] + 1e-5)
        with pytest.raises(ValueError, match=f"'pseudo_likelihood' can't be measured on a {type(model).__name__}"):
            monitors.measure(model, ["pseudo_likelihood"], context)
    np.testing.assert_array_equal(context.held_out, standard[::2])


@pytest.mark.parametrize("threshold", [False, True])
def test_misread_is_the_share_of_held_out_images_whose_most_probable_class_is_another(threshold):
    """ln p(y | x) up to a constant is d_y + Σ log(1 + exp(xW + c + U_y)), of grey levels or of cut ones."""
    x = (HELD_OUT > 127).astype(float) if threshold else HELD_OUT / 255
    w, b, c = (a.astype(float) for a in (READER.weights, READER.visible_bias, READER.hidden_bias))
    scores = [b[7 + k] + np.log1p(np.exp(x @ w[:7] + c + w[7 + k])).sum(axis=1) for k in range(3)]
    labels = np.argmax(scores, axis=0)
    few = monitors.make_context(READER, TRAIN, HELD_OUT, seed=0, labels=labels, threshold=threshold, subset=13)
    assert monitors.measure(READER, ["misread"], few) == {"misread": 0.0}
    labels[:4] = (labels[:4] + 1) % 3
    context = monitors.make_context(READER, TRAIN, HELD_OUT, seed=0, labels=labels, threshold=threshold)
    assert monitors.measure(READER, ["misread"], context) == {"misread": 4 / 23}


def test_misread_needs_classes_and_labels():
    with pytest.raises(
        ValueError, match=r"'misread' needs classes to read, .* none here; learn labels, or leave it out"
    ):
        monitors.measure(MODEL, ["misread"], CONTEXT)
    with pytest.raises(ValueError, match="'misread' compares with the labels of held-out images; give them"):
        monitors.measure(READER, ["misread"], CONTEXT)
    with pytest.raises(ValueError, match="labels must be 23 whole numbers"):
        monitors.make_context(READER, TRAIN, HELD_OUT, seed=0, labels=np.zeros(5, int))


def test_a_run_that_learns_classes_tells_what_it_misreads():
    classes = {"labels": np.arange(31) % 3, "validation_labels": np.arange(23) % 3}
    watched = run(monitors=["misread"], **classes)
    for report in watched:
        wrong = report.model.classify(HELD_OUT) != classes["validation_labels"]
        assert report.metrics == {"misread": wrong.mean()}
    np.testing.assert_array_equal(run(**classes)[-1].model.weights, watched[-1].model.weights)


def test_the_pseudo_likelihood_is_near_the_likelihood_of_a_model_without_weights():
    model = RBM(np.zeros((7, 11)), np.full(7, 2.0), np.zeros(11))
    context = monitors.make_context(MODEL, np.full((5, 7), 255, np.uint8), np.full((5, 7), 255, np.uint8), seed=1)
    got = monitors.measure(model, ["pseudo_likelihood"], context)
    assert got["pseudo_likelihood"] == pytest.approx(-7 * math.log1p(math.exp(-2)))


def test_the_free_energy_gap():
    wanted = minus_free_energy(MODEL, CONTEXT.train).mean() - minus_free_energy(MODEL, CONTEXT.held_out).mean()
    got = monitors.measure(MODEL, ["free_energy_gap"], CONTEXT)["free_energy_gap"]
    assert got == pytest.approx(wanted, abs=1e-5)
    assert diagnostics.free_energy_gap(MODEL, TRAIN, TRAIN) == 0


def test_dead_and_saturated_units_are_counted():
    model = RBM(np.zeros((7, 5)), np.zeros(7), [-9, -9, -9, 9, 0])
    got = monitors.measure(model, ["dead_units", "saturated_units"], CONTEXT)
    assert got == {"dead_units": 3.0, "saturated_units": 1.0}


def test_an_unknown_name_is_answered_with_the_names():
    with pytest.raises(ValueError, match=r"'loss'; choose from pseudo_likelihood, .*ais, exact"):
        monitors.measure(MODEL, ["dead_units", "loss"], CONTEXT)


def test_exact_is_refused_before_training_starts():
    large = RBM(np.zeros((29, 23)), np.zeros(29), np.zeros(23))
    monitors.check(["ais", "dead_units"], large)
    with pytest.raises(ValueError, match="at most 20 units"):
        monitors.check(["exact"], large)


def test_the_context_is_fixed_binary_and_small():
    again = monitors.make_context(MODEL, TRAIN, HELD_OUT, seed=0)
    np.testing.assert_array_equal(again.train, CONTEXT.train)
    small = monitors.make_context(MODEL, TRAIN, HELD_OUT, seed=0, subset=13)
    assert small.train.shape == small.held_out.shape == (13, 7)
    assert set(np.unique(CONTEXT.train)) == {0.0, 1.0}


def test_thresholding_draws_nothing():
    context = monitors.make_context(MODEL, TRAIN, HELD_OUT, seed=3, threshold=True)
    np.testing.assert_array_equal(context.held_out, HELD_OUT > 127)


def test_images_of_different_sizes_are_refused():
    with pytest.raises(ValueError, match="7 pixels and held-out images 5"):
        monitors.make_context(MODEL, TRAIN, HELD_OUT[:, :5], seed=0)


def test_the_update_ratio():
    assert diagnostics.update_ratio(np.array([[0.1, -0.3]]), np.array([[10.0, -30.0]])) == pytest.approx(0.01)
    assert diagnostics.update_ratio(np.ones(3), np.zeros(3)) == math.inf
    assert math.isnan(diagnostics.update_ratio(np.zeros(3), np.zeros(3)))


def run(**options):
    config = TrainConfig(n_hidden=5, batch_size=11, epochs=5, momentum=0.5, final_momentum=0.5)
    return list(train(TRAIN, config, validation=HELD_OUT, **options))


def test_a_run_measures_when_asked_and_is_the_same_run():
    plain, watched = run(), run(monitors=["free_energy_gap", "exact"], monitor_every=3)
    assert [sorted(report.metrics) for report in plain] == [[]] * 5
    names = ["exact_log_likelihood", "free_energy_gap"]
    assert [sorted(report.metrics) for report in watched] == [[], [], names, [], names]
    for a, b in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(a.model.weights, b.model.weights)


def test_the_update_ratio_is_that_of_the_last_step():
    trainer = Trainer(TRAIN, TrainConfig(n_hidden=5, batch_size=11, momentum=0.5), monitors=["update_ratio"])
    report, before = None, trainer.model
    while report is None:
        before = trainer.model
        report = trainer.step()
    for name in ("weights", "visible_bias", "hidden_bias"):
        step = getattr(report.model, name).astype(float) - getattr(before, name)
        expected = np.abs(step).sum() / np.abs(getattr(report.model, name)).sum(dtype=float)
        assert report.metrics[f"update_ratio_{name}"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitors": ["loss"]}, "unknown monitor 'loss'; choose from .*update_ratio"),
        ({"monitors": ["ais"], "validation": None}, "the monitors ais measure held-out images"),
        ({"monitor_every": 0}, "monitor_every must be at least 1, got 0"),
    ],
)
def test_what_a_run_cannot_measure(options, message):
    with pytest.raises(ValueError, match=message):
        Trainer(TRAIN, TrainConfig(n_hidden=5), **{"validation": HELD_OUT, **options})
