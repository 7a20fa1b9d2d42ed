"""Training against hand-written recursions where chance is switched off, enumeration where it isn't."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest

import rbm
from rbm import TrainConfig
from rbm.training.start import untrained
from rbm.training.trainer import Trainer
from tests import brute

STILL = 1e-12  # a learning rate that moves no float32 weight: the weights stay at their start
GREY = np.random.default_rng(0).random((13, 7))
LEVELS = np.random.default_rng(1).integers(0, 256, (13, 7)).astype(np.uint8)


def config_of(settings) -> TrainConfig:
    return TrainConfig(**{"n_hidden": 3, "batch_size": 5, "epochs": 3, **settings})


def run(images, validation=None, **settings) -> list[rbm.Report]:
    return list(rbm.train(images, config_of(settings), validation=validation))


def start_of(images, **settings) -> rbm.RBM:
    """The model before its first update."""
    return Trainer(images, config_of(settings)).model


def arrays(model: rbm.RBM) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return model.weights, model.visible_bias, model.hidden_bias


def same(one: rbm.RBM, other: rbm.RBM) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(arrays(one), arrays(other), strict=True))


# ---- what is learned


def bars_and_stripes() -> np.ndarray:
    """The 14 images of 3 × 3 pixels in which every row, or every column, is of one colour."""
    images = {line * 3 for line in brute.states(3)} | {
        tuple(x for x in line for _ in range(3)) for line in brute.states(3)
    }
    return np.array(sorted(images))


def mean_log_likelihood(model: rbm.RBM, images: np.ndarray) -> float:
    """Σ_h exp(-E) is e^(v·b) Π_j (1 + e^(c_j + v·W_j)): the hidden units are independent given v."""
    p = brute.params(model)

    def unnormalised(v):
        total = sum(x * b for x, b in zip(v, p.b, strict=True))
        for j, c in enumerate(p.c):
            total += math.log1p(math.exp(c + sum(v[i] * p.w[i][j] for i in range(len(v)))))
        return total

    log_z = brute.logsumexp([unnormalised(v) for v in brute.states(len(p.b))])
    return sum(unnormalised(v) for v in images.tolist()) / len(images) - log_z


@pytest.mark.parametrize("negative", ["sample", "mean"])
def test_the_exact_likelihood_of_a_tiny_model_rises(negative):
    images = bars_and_stripes()
    settings = {"n_hidden": 11, "negative": negative, "momentum": 0.5, "final_momentum": 0.5}
    reports = run(images, epochs=400, learning_rate=0.1, **settings)
    start, middle, end = (
        mean_log_likelihood(model, images)
        for model in (start_of(images, **settings), reports[199].model, reports[-1].model)
    )
    # Every pixel is on in half of the images, so no model of independent pixels is above -9 log 2, where
    # training starts (0.01 for its random weights); the best of all models has -log 14, 3.6 nats above.
    assert start == pytest.approx(-9 * math.log(2), abs=0.01)
    assert start < middle < end
    assert end > start + 1


# ---- one update


def chain_ends(p: brute.Params, image: brute.State, steps: int, negative: str) -> dict[brute.State, float]:
    """The distribution of the chain's last v; in the mode "mean" v is p(v | h) of the h that was drawn."""
    if negative == "sample":
        return brute.after_sweeps(p, image, steps)
    now = {image: 1.0}
    for _ in range(steps):
        after: dict[brute.State, float] = {}
        for v, p_v in now.items():
            up = brute.mean_hidden(p, v)
            for h in brute.states(len(p.c)):
                down = brute.mean_visible(p, h)
                after[down] = after.get(down, 0.0) + p_v * brute.product(up, h)
        now = after
    return now


def gradient_moments(p: brute.Params, image: brute.State, steps: int, negative: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance, over the chain, of (ΔW, Δb, Δc) in one row: data less model, p(h | v) in both."""

    def statistics(v):
        h = brute.mean_hidden(p, v)
        return np.array([v_i * h_j for v_i in v for h_j in h] + list(v) + list(h))

    ends = [(q, statistics(image) - statistics(v)) for v, q in chain_ends(p, image, steps, negative).items()]
    mean = sum(q * g for q, g in ends)
    return mean, sum(q * (g - mean) ** 2 for q, g in ends)


@pytest.mark.parametrize(("steps", "negative"), [(1, "sample"), (2, "sample"), (5, "sample"), (1, "mean"), (2, "mean")])
def test_the_expected_update_is_that_of_the_enumerated_chain(steps, negative):
    """One batch of n copies of each of three images: the update is the mean of 3n independent chains.

    Its variance is Σ_images var/(9 n), enumerated too; by the central limit theorem each of the 31 numbers
    stays within 6.5 standard deviations but for a probability of 31 · 8e-11. Rounding: sums of 3n terms in
    [0, 1], float32, then the mean: below 3n · 2^-24, plus 2^-22 for reading a change off a weight below 4.
    """
    copies, patterns = 7001, [(1.0, 0.0, 1.0), (0.0, 0.0, 1.0), (0.25, 0.75, 0.5)]
    images = np.tile(patterns, (copies, 1))
    settings = {"n_hidden": 7, "batch_size": len(images), "epochs": 1, "weight_std": 1.0, "hidden_bias": -0.5}
    settings["visible_bias"] = "zero"  # where the log-odds start would make most of the update vanish
    before = start_of(images, **settings)
    after = run(images, learning_rate=1.0, gibbs_steps=steps, negative=negative, **settings)[0].model
    update = np.concatenate([(a - b).ravel() for a, b in zip(arrays(after), arrays(before), strict=True)])

    moments = [gradient_moments(brute.params(before), image, steps, negative) for image in patterns]
    expected = sum(mean for mean, _ in moments) / 3
    deviation = np.sqrt(sum(variance for _, variance in moments) / (9 * copies))
    floor = 6.5 * deviation + len(images) * 2.0**-24 + 2.0**-22
    assert (np.abs(update - expected) < floor).all()
    assert np.abs(expected).max() > 10 * floor.max()  # there is something to see


ALWAYS_ON = {"hidden_bias": 100.0, "negative": "mean"}  # p(h) is exactly 1 and v is p(v | h): nothing is drawn


def by_hand(start: rbm.RBM, batches, rate: float, momenta) -> tuple[np.ndarray, np.ndarray]:
    """W and b after CD-1 on `batches` with hidden units that are always on; in float64, one update a batch.

    A batch shorter than the first takes a step that much shorter: an image counts the same in any.
    """
    w, b = start.weights.astype(float), start.visible_bias.astype(float)
    velocity_w, velocity_b = np.zeros_like(w), np.zeros_like(b)
    for batch, momentum in zip(batches, momenta, strict=True):
        model = np.array([brute.logistic(x) for x in w.sum(axis=1) + b])
        gradient = sum(np.array(image) - model for image in batch) / len(batches[0])
        velocity_b = momentum * velocity_b + rate * gradient
        velocity_w = momentum * velocity_w + rate * np.outer(gradient, np.ones(w.shape[1]))
        w, b = w + velocity_w, b + velocity_b
    return w, b


def close(model: rbm.RBM, w: np.ndarray, b: np.ndarray, updates: int) -> bool:
    """Within float32 rounding: some ten roundings of numbers below 4 an update, none of them amplified."""
    atol = 10 * updates * 4 * 2.0**-24
    return bool(np.abs(model.weights - w).max() < atol and np.abs(model.visible_bias - b).max() < atol)


def test_momentum_follows_the_schedule():
    images = np.tile(GREY[:1], (7, 1))  # equal images: the order doesn't matter
    settings = {"batch_size": 3, "visible_bias": "zero", **ALWAYS_ON}
    schedule = {"momentum": 0.5, "final_momentum": 0.75, "momentum_epochs": 2}
    reports = run(images, epochs=4, learning_rate=0.05, **schedule, **settings)
    batches = [images[:3], images[:3], images[:1]] * 4
    momenta = [0.5] * 6 + [0.75] * 6
    w, b = by_hand(start_of(images, **settings), batches, 0.05, momenta)
    assert close(reports[-1].model, w, b, 12)
    assert (reports[-1].model.hidden_bias == 100).all()
    for wrong in ([0.5] * 5 + [0.75] * 7, [0.5] * 7 + [0.75] * 5, [0.5] * 12):  # a batch sooner, later, never
        assert not close(reports[-1].model, *by_hand(start_of(images, **settings), batches, 0.05, wrong), 12)


def test_an_image_of_a_short_last_batch_counts_as_much_as_any_other():
    images = GREY[:5]
    settings = {"batch_size": 3, "visible_bias": "zero", "epochs": 1, **ALWAYS_ON}
    start = start_of(images, **settings)
    model = run(images, learning_rate=0.5, **settings)[0].model
    fits = [
        order
        for order in itertools.permutations(range(5))
        if close(model, *by_hand(start, [images[list(order[:3])], images[list(order[3:])]], 0.5, [0, 0]), 2)
    ]
    # the orders that put the same two images last, and no other, give the model: 3! · 2! of them
    assert len(fits) == 12
    assert len({frozenset(order[3:]) for order in fits}) == 1


def test_every_epoch_has_its_own_order():
    """Which image comes last, in the only batch of one, read off the model of each epoch."""
    images, settings = GREY[:5], {"batch_size": 4, "visible_bias": "zero", **ALWAYS_ON}
    start, last = start_of(images, **settings), []
    for report in run(images, epochs=11, learning_rate=0.5, **settings):
        for i in range(5):
            batches = [np.delete(images, i, axis=0), images[i : i + 1]]
            if close(report.model, *by_hand(start, batches, 0.5, [0, 0]), 2):
                last.append(i)
        start = report.model
    assert len(last) == 11
    assert len(set(last)) > 2  # 5 equally likely: two or fewer in 11 has a probability below 10 (2/5)^11 = 4e-4


# ---- where it starts


def test_visible_biases_start_at_the_log_odds_of_the_pixel_means():
    images = np.vstack([GREY, np.zeros((2, 7)), np.ones((1, 7))])
    images[:, 0], images[:, 1] = 0, 1  # never and always on: finite all the same, by one imaginary grey image
    for given in (images, np.rint(images * 255).astype(np.uint8)):
        pixels = given / 255 if given.dtype == np.uint8 else given
        with_grey = [[*column, 0.5] for column in pixels.T.tolist()]
        mean = [math.fsum(column) / len(column) for column in with_grey]
        np.testing.assert_allclose(
            start_of(given).visible_bias, [math.log(m / (1 - m)) for m in mean], rtol=2.0**-22, atol=2.0**-22
        )


def test_biases_can_start_elsewhere():
    model = start_of(GREY, visible_bias="zero", hidden_bias=-2.5)
    assert (model.visible_bias == 0).all()
    assert (model.hidden_bias == -2.5).all()
    assert (start_of(GREY).hidden_bias == 0).all()


@pytest.mark.parametrize("std", [0.01, 0.1, 0.0])
def test_weights_start_at_a_normal_of_the_given_deviation(std):
    """Over N draws the mean has deviation std/sqrt(N) and the sample deviation std/sqrt(2N); 6.5 of them.

    The fraction within one std of 0 is that of a normal, with a deviation below 1/sqrt(4N).
    """
    weights = start_of(np.zeros((2, 101)), n_hidden=997, weight_std=std).weights.astype(float)
    n = weights.size
    assert abs(weights.mean()) <= 6.5 * std / math.sqrt(n)
    assert abs(weights.std() - std) <= 6.5 * std / math.sqrt(2 * n)
    if std:
        within = (np.abs(weights) < std).mean()
        assert abs(within - math.erf(math.sqrt(0.5))) < 6.5 / math.sqrt(4 * n)


# ---- what is reported


@pytest.mark.parametrize("images", [GREY, LEVELS], ids=["float", "uint8"])
def test_the_reported_errors_are_means_over_images_of_the_summed_squares(images):
    validation = images[::-2]  # 7 of them
    report = run(images, validation, learning_rate=STILL, weight_std=1.0)[-1]
    p = brute.params(report.model)

    def mean_error(these):
        unit = these / 255 if these.dtype == np.uint8 else these
        return sum(brute.reconstruction_error(p, tuple(v)) for v in unit.tolist()) / len(unit)

    atol = 14 * brute.rounding(p)  # as in test_diagnostics.py
    assert report.reconstruction_error == pytest.approx(mean_error(images), abs=atol)
    assert report.validation_error == pytest.approx(mean_error(validation), abs=atol)


def test_the_validation_error_is_that_of_the_reported_model():
    for report in run(GREY, GREY[:7], learning_rate=0.1, epochs=5):
        p = brute.params(report.model)
        expected = sum(brute.reconstruction_error(p, tuple(v)) for v in GREY[:7].tolist()) / 7
        assert report.validation_error == pytest.approx(expected, abs=14 * brute.rounding(p))


def test_reports_count_epochs_and_keep_their_own_models():
    reports = run(GREY, learning_rate=0.1, epochs=5)
    assert [report.epoch for report in reports] == [1, 2, 3, 4, 5]
    assert not same(reports[0].model, reports[1].model)  # the first is not overwritten by the second
    assert all(report.validation_error is None for report in reports)
    for report in reports:
        assert report.seconds > 0
        assert report.images_per_second == pytest.approx(13 / report.seconds)


def test_a_trainer_reports_at_the_end_of_an_epoch_only():
    trainer = Trainer(GREY, TrainConfig(n_hidden=3, batch_size=5, epochs=2))
    reports = []
    while not trainer.finished:
        reports.append(trainer.step())
    assert [report is not None for report in reports] == [False, False, True] * 2
    assert same(trainer.model, reports[-1].model)


# ---- what it depends on


def test_the_same_seed_gives_the_same_weights():
    one, again, other = (run(GREY, seed=seed)[-1].model for seed in (1, 1, 2))
    assert same(one, again)
    assert not any(np.array_equal(a, b) for a, b in zip(arrays(one), arrays(other), strict=True))


def test_held_out_images_change_nothing():
    assert same(run(GREY)[-1].model, run(GREY, GREY[:7])[-1].model)


@pytest.mark.parametrize("negative", ["sample", "mean"])
def test_bytes_and_floats_of_the_same_images_give_the_same_training(negative):
    one, other = (run(images, images, negative=negative)[-1] for images in (LEVELS, LEVELS / 255))
    assert same(one.model, other.model)
    assert one.reconstruction_error == other.reconstruction_error
    assert one.validation_error == other.validation_error


def test_memory_layout_does_not_matter():
    assert same(run(LEVELS)[-1].model, run(np.asfortranarray(LEVELS))[-1].model)


@pytest.mark.parametrize("images", [LEVELS, GREY, GREY.astype(np.float32)], ids=["uint8", "float64", "float32"])
def test_the_callers_images_are_never_changed(images):
    training, validation = images.copy(), images[:7].copy()
    run(training, validation)
    np.testing.assert_array_equal(training, images)
    np.testing.assert_array_equal(validation, images[:7])
    for array in (training, validation):
        array.setflags(write=False)
    run(training, validation)  # and need not be writable


def test_a_batch_larger_than_the_data_is_the_data():
    assert same(run(GREY, batch_size=13)[-1].model, run(GREY, batch_size=1000)[-1].model)


# ---- what goes wrong


@pytest.mark.parametrize("rate", [100.0, 1e6])
def test_a_blow_up_is_noticed_within_one_epoch(rate):
    with pytest.raises(rbm.Diverged, match=r"in epoch 1: .*learning_rate \(now " + re.escape(f"{rate:g}")) as caught:
        run(GREY, learning_rate=rate)
    assert same(caught.value.model, start_of(GREY))


def test_after_a_later_blow_up_the_last_reported_model_is_kept():
    settings = {"learning_rate": 0.3, "momentum_epochs": 2, "final_momentum": 0.999}  # a rate of 300, in the end
    images, config = np.tile(bars_and_stripes(), (20, 1)), config_of({"n_hidden": 11, "epochs": 30, **settings})
    reports = []
    with pytest.raises(rbm.Diverged, match="learning_rate") as caught:  # noqa: PT012
        for report in rbm.train(images, config):
            reports.append(report)  # noqa: PERF402
    assert reports[-1].epoch >= 2
    assert same(caught.value.model, reports[-1].model)
    assert f"in epoch {reports[-1].epoch + 1}:" in str(caught.value)
    assert f"the model of epoch {reports[-1].epoch} is kept" in str(caught.value)


@pytest.mark.parametrize("name", ["weights", "visible_bias", "hidden_bias"])
@pytest.mark.parametrize(("when", "noticed"), [(1, 2), (3, 3)])
def test_parameters_that_are_not_finite_are_noticed_a_batch_later_or_with_the_epoch(name, when, noticed):
    """No learning rate gets there in a few updates, so the batch number `when` of three puts a NaN in."""
    trainer = Trainer(GREY, config_of({"batch_size": 5}))
    update = trainer._update

    def poisoned():
        update()
        if trainer.batch == when - 1:
            getattr(trainer._parameters, name).flat[1] = np.nan

    trainer._update = poisoned  # type: ignore[method-assign]
    message = r"epoch 1: the weights are no longer finite\. Lower learning_rate"
    with pytest.raises(rbm.Diverged, match=message) as caught:
        list(iter(trainer.step, "no report"))  # step for as long as it goes
    assert trainer.batch == noticed
    assert same(caught.value.model, start_of(GREY))


@pytest.mark.parametrize("name", ["digits-8x8", "bars-and-stripes", "shifter"])
def test_an_error_that_rises_above_that_of_the_base_rates_is_no_blow_up(name):
    """With biases at the log-odds the first epochs may be worse than the start, and the rest learns well."""
    data = rbm.datasets.load(name)
    reports = list(rbm.train(data.train_images, rbm.TrainConfig(epochs=40), validation=data.test_images))
    assert [report.epoch for report in reports] == list(range(1, 41))
    assert reports[-1].validation_error < 0.7 * reports[0].validation_error


@pytest.mark.parametrize("algorithm", ["cd", "pcd", "pt"])
@pytest.mark.parametrize("labels", [None, np.arange(len(GREY)) % 3])
def test_the_untrained_model_is_what_training_begins_with(algorithm, labels):
    config = config_of({"algorithm": algorithm, "seed": 7, "hidden_bias": -1.0})
    assert same(untrained(GREY, config, labels), Trainer(GREY, config, labels=labels).model)


def test_a_blow_up_tells_the_error_that_it_led_to():
    with pytest.raises(rbm.Diverged) as caught:
        run(GREY, learning_rate=100.0)
    assert caught.value.error > 0


def test_images_sorted_by_ink_are_no_blow_up():
    """The first thousand blank: an error at the start measured on those alone would be all but 0."""
    images = np.vstack([np.zeros((1000, 7)), np.random.default_rng(2).random((500, 7)) < 0.5])
    assert len(run(images, batch_size=128, learning_rate=0.01)) == 3


@pytest.mark.parametrize(
    ("images", "validation", "message"),
    [
        (np.zeros((3, 7), np.int64), None, "images must be uint8 or floats .* got int64"),
        (np.zeros((0, 7)), None, r"got shape \(0, 7\)"),
        (np.full((3, 7), np.nan), None, "from nan to nan"),
        (np.full((3, 7), 2.0), None, "from 2 to 2"),
        (GREY, GREY[0], r"got shape \(7,\)"),
        (GREY, np.full((3, 7), -1.0), "from -1 to -1"),
        (GREY, np.zeros((3, 11)), "training images have 7 pixels and validation images 11"),
    ],
)
def test_bad_images_are_refused_before_training(images, validation, message):
    with pytest.raises(ValueError, match=message):
        run(images, validation)
