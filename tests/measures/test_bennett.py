"""Bennett's acceptance ratio, and the bracket that is made of it, against sums over every state."""

import math

import numpy as np
import pytest

import rbm
from rbm.measures.bennett import acceptance_ratio
from rbm.measures.likelihood import Estimate, bracket, combine, log_likelihood, schedule
from tests import brute

CONFIDENCE = 1.96  # standard errors on either side of a 95 % interval


def normal_weights(rng, n, m, deviation, d=0.7):
    """Log-weights of two normals whose ratio is exp(d): w ~ N(d - s²/2, s²) up and -w ~ N(d + s²/2, s²) down."""
    spread = deviation**2 / 2
    return rng.normal(d - spread, deviation, n), -rng.normal(d + spread, deviation, m)


def test_the_solution_solves_bennetts_equation():
    """With twice as many chains up as down; the sums are written out in Python."""
    forward, reverse = normal_weights(np.random.default_rng(0), 26, 13, 1.5)
    d, _ = acceptance_ratio(forward, reverse)
    shift = math.log(26 / 13)
    up = math.fsum(1 / (1 + math.exp(-(w - d - shift))) for w in forward.tolist())
    down = math.fsum(1 / (1 + math.exp(-(w + d + shift))) for w in reverse.tolist())
    assert up == pytest.approx(down, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(101, 101), (211, 53), (53, 211)])
@pytest.mark.parametrize("deviation", [0.1, 1.0, 2.5])
def test_it_is_right_and_knows_its_error(n, m, deviation):
    """400 repeats: no bias beyond 4 of its own errors, and the deviation is what is claimed, within a tenth or two."""
    rng = np.random.default_rng(1)
    found = [acceptance_ratio(*normal_weights(rng, n, m, deviation)) for _ in range(400)]
    values, errors = np.array(found).T
    assert values.mean() == pytest.approx(0.7, abs=4 * values.std() / 20 + deviation**2 / n / 10)
    assert np.sqrt(np.square(errors).mean()) == pytest.approx(values.std(), rel=0.15)


def test_it_is_better_than_either_direction():
    rng, both, up, down = np.random.default_rng(2), [], [], []
    for _ in range(300):
        forward, reverse = normal_weights(rng, 101, 101, 1.5)
        both.append(acceptance_ratio(forward, reverse).log_ratio)
        up.append(math.log(np.exp(forward).mean()))
        down.append(-math.log(np.exp(reverse).mean()))
    assert np.std(both) < 0.75 * min(np.std(up), np.std(down))


def test_weights_that_agree_have_no_error_and_far_ones_no_overflow():
    same = np.full(7, 800.0)
    assert acceptance_ratio(same, -same) == (pytest.approx(800.0, rel=1e-15), 0.0)
    d, error = acceptance_ratio(np.full(3, -2000.0), np.full(3, -2000.0))  # no overlap at all
    assert d == pytest.approx(0, abs=1e-9)
    assert math.isfinite(error)


MODELS = {  # sizes, scale of the parameters, annealing steps: where both directions are good, middling and poor
    "easy": (brute.tiny(7, 5, seed=1, scale=0.5), 10),
    "middling": (brute.tiny(11, 7, seed=2), 20),
    "hard": (brute.tiny(7, 11, seed=3, scale=1.5), 20),
}


@pytest.mark.parametrize("name", MODELS)
def test_intervals_and_bounds_hold_the_truth(name):
    """The sure limits of 200 draws at 95 % are 180 and 199; ours ask for 184, and 196 of the bounds."""
    model, steps = MODELS[name]
    exact = exact_log_z(model)
    held = inside = 0
    for seed in range(200):
        found = bracket(model, np.random.default_rng(seed), betas=schedule((steps, 1.0)), sweeps=50, chains=101)
        assert found.trusted
        held += abs(found.log_partition - exact) < CONFIDENCE * found.standard_error
        inside += found.lower <= exact <= found.upper
        assert found.lower <= found.log_partition - CONFIDENCE * found.standard_error
        assert found.upper >= found.log_partition + CONFIDENCE * found.standard_error
    assert held >= 184
    assert inside >= 196


def exact_log_z(model):
    """By every state of both layers; written with NumPy, for the larger of these models have 2^18."""
    v, h = (np.array(brute.states(n)) for n in model.weights.shape)
    w, b, c = (np.array(part) for part in brute.params(model))
    minus = (v @ b)[:, None] + h @ c + v @ w @ h.T
    return minus.max() + math.log(np.exp(minus - minus.max()).sum())


def test_on_the_hard_model_single_directions_do_not_bracket():
    """Why the bounds are made of mean log-weights: the two estimates lie on the wrong sides now and then."""
    model, steps = MODELS["hard"]
    swapped = 0
    for seed in range(30):
        found = bracket(model, np.random.default_rng(seed), betas=schedule((steps, 1.0)), sweeps=50, chains=101)
        swapped += found.forward.log_partition > found.reverse.log_partition
        assert found.lower < found.upper
    assert 0 < swapped < 30


def of(log_weights):
    weights = np.exp(np.array(log_weights) - max(log_weights))
    return Estimate(0.0, 0.0, float(weights.sum() ** 2 / np.square(weights).sum()), np.array(log_weights))


def test_few_effective_chains_give_bounds_only():
    one_counts = [50.0, *np.linspace(0, 1, 29)]
    for forward, reverse in ((one_counts, [0.0] * 30), ([0.0] * 30, one_counts)):
        found = combine(of(forward), of(reverse), base_log_partition=3.0)
        assert found.effective_sample_size == pytest.approx(1)
        assert not found.trusted
        assert math.isnan(found.standard_error)
        assert found.lower < found.upper
    assert combine(of([0.0] * 30), of([0.0] * 30), 3.0).trusted


def test_bounds_are_the_mean_log_weights_where_those_are_wider_than_the_noise():
    forward, reverse = normal_weights(np.random.default_rng(4), 1009, 1009, 1.0)
    found = combine(of(forward.tolist()), of(reverse.tolist()), base_log_partition=3.0)
    assert found.lower == pytest.approx(3 + np.mean(forward))
    assert found.upper == pytest.approx(3 - np.mean(reverse))


def test_bounds_are_never_swapped():
    """Reverse chains that do not start at samples of the model may end on the wrong side."""
    found = combine(of([2.0] * 30), of([-1.0] * 30), base_log_partition=0.0)
    assert found.lower < found.log_partition < found.upper
    assert (found.lower, found.upper) == (pytest.approx(1), pytest.approx(2))


def test_the_likelihood_of_images_takes_log_z_off():
    model, images = brute.tiny(5, 3), np.array(brute.states(5))[::3]
    found = bracket(model, np.random.default_rng(5), betas=schedule((20, 1.0)), sweeps=20)
    got = log_likelihood(model, images, found)
    minus_f = np.log(
        [
            sum(math.exp(-brute.energy(brute.params(model), tuple(v), h)) for h in brute.states(3))
            for v in images.tolist()
        ]
    )
    assert got.value == pytest.approx(minus_f.mean() - found.log_partition)
    assert got.standard_error == found.standard_error
    assert got.lower == pytest.approx(minus_f.mean() - found.upper)
    assert got.upper == pytest.approx(minus_f.mean() - found.lower)


def label_model(n_pixels, n_hidden):
    rng = np.random.default_rng(6)
    n = n_pixels + 3
    return rbm.LabelRBM(rng.normal(size=(n, n_hidden)), rng.normal(size=n), rng.normal(size=n_hidden), n_classes=3)


def gaussian_model(n_hidden=5):
    rng = np.random.default_rng(7)
    return rbm.GaussianRBM(rng.normal(size=(2, n_hidden)), rng.normal(size=2), rng.normal(size=n_hidden))


OTHERS = {  # with the truth: classes with few pixels and with few hidden units, and real pixels
    "few pixels": (label_model(2, 7), lambda p: brute.label_log_partition(p, 3)),
    "few hidden": (label_model(7, 5), lambda p: brute.label_log_partition(p, 3)),
    "gaussian": (gaussian_model(), brute.gaussian_log_partition),
}
of_other_kinds = pytest.mark.parametrize(("model", "truth"), OTHERS.values(), ids=OTHERS)


@of_other_kinds
def test_exact_sums_of_other_kinds(model, truth):
    log_z = truth(brute.params(model))
    assert rbm.exact.log_partition(model) == pytest.approx(log_z, rel=1e-12)
    assert rbm.exact.log_partition(model.marginal) == pytest.approx(log_z, rel=1e-12)


@of_other_kinds
@pytest.mark.parametrize("with_base", [False, True])
def test_annealing_of_other_kinds(model, truth, with_base):
    log_z, rng = truth(brute.params(model)), np.random.default_rng(8)
    base = np.linspace(-0.5, 0.5, model.n_pixels) if with_base else None
    found = bracket(model, rng, chains=1009, betas=schedule((50, 1.0)), base=base, sweeps=50)
    assert found.trusted
    for side in (found, found.forward, found.reverse):
        assert side.log_partition == pytest.approx(log_z, abs=4 * side.standard_error)
    assert 0 < found.standard_error < 0.03
    assert found.lower < log_z < found.upper < found.lower + 0.5


def test_a_gaussian_likelihood_is_a_density():
    """Over a grid it adds up to one."""
    axis = np.arange(-20, 20, 0.25)
    v = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    assert np.exp(rbm.exact.log_likelihood(gaussian_model(), v)).sum() * 0.25**2 == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(("n_pixels", "n_hidden"), [(2, 7), (7, 5)])
def test_likelihoods_of_images_and_of_images_with_classes_are_probabilities(n_pixels, n_hidden):
    model, images = label_model(n_pixels, n_hidden), np.array(brute.states(n_pixels))
    joint = [np.exp(rbm.exact.log_likelihood(model, model.join(images, np.full(len(images), k)))) for k in range(3)]
    assert np.sum(joint) == pytest.approx(1, rel=1e-10)
    alone = np.exp(rbm.exact.log_likelihood(model.marginal, images))
    np.testing.assert_allclose(alone, np.sum(joint, axis=0), rtol=1e-10)


def test_no_class_or_two_are_no_state():
    model = label_model(2, 7)
    for v in ([1, 0, 0, 0, 0], [1, 0, 1, 1, 0]):
        with pytest.raises(ValueError, match="of 3 classes one must be on"):
            rbm.exact.log_likelihood(model, v)
    with pytest.raises(ValueError, match="binary"):
        rbm.exact.log_likelihood(model, [1, 0.5, 0, 1, 0])


def test_gaussian_models_are_enumerated_over_their_hidden_units_only():
    with pytest.raises(ValueError, match="the smaller one here has 23"):
        rbm.exact.log_partition(rbm.GaussianRBM(np.zeros((2, 23)), np.zeros(2), np.zeros(23)))
    assert rbm.exact.log_partition(label_model(2, 23)) > 0
