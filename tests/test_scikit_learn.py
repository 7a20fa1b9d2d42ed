"""The scikit-learn face, beside scikit-learn's own BernoulliRBM, rbm.train and brute force."""

import copy
import inspect
import math
import pickle
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import sklearn.neural_network
from scipy.sparse import csr_array, csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

import rbm
from rbm import BernoulliRBM
from rbm.measures.pseudo_likelihood import pixel_of_each_row
from tests import brute

ROOT = Path(__file__).parents[1]
RNG = np.random.default_rng(11)
STRIPES = np.repeat([[1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1, 1]], 15, axis=0).astype(float)
STRIPES[RNG.random(STRIPES.shape) < 0.05] = 0  # 30 rows, 7 features
REFUSED = [
    STRIPES * 255,
    STRIPES - 0.5,
    (STRIPES * 255).astype(np.uint8),
    csr_array(STRIPES * 2),
    csr_array(-STRIPES),
    STRIPES * 1.001,
]


def fitted(**options):
    return BernoulliRBM(5, n_iter=3, random_state=0, **options).fit(STRIPES)


def of(model):
    """An estimator that holds `model`."""
    estimator = BernoulliRBM(model.n_hidden, n_iter=0, random_state=0).fit(np.eye(model.n_visible))
    estimator.components_ = model.weights.T
    estimator.intercept_visible_, estimator.intercept_hidden_ = model.visible_bias, model.hidden_bias
    return estimator


def theirs(estimator):
    """scikit-learn's estimator with the same parameters."""
    other = sklearn.neural_network.BernoulliRBM(estimator.n_components, n_iter=0).fit(STRIPES)
    other.components_ = estimator.components_.astype(float)
    other.intercept_visible_ = estimator.intercept_visible_.astype(float)
    other.intercept_hidden_ = estimator.intercept_hidden_.astype(float)
    return other


# ---- scikit-learn's own battery


@parametrize_with_checks([BernoulliRBM(clip=True)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_without_clip_every_check_that_fails_does_so_because_its_data_lie_outside_the_unit_interval():
    results = check_estimator(BernoulliRBM(), on_fail=None)
    assert sum(result["status"] == "passed" for result in results) >= 20
    for result in results:
        error, messages = result["exception"], []
        while error is not None:
            messages.append(str(error))
            error = error.__cause__ or error.__context__
        if result["status"] == "failed":
            assert "X must lie in [0, 1]; it runs from" in " ".join(messages), result["check_name"]


def test_parameters_are_scikit_learns_with_its_defaults_then_those_of_train_config():
    ours = inspect.signature(BernoulliRBM).parameters
    for name, parameter in inspect.signature(sklearn.neural_network.BernoulliRBM).parameters.items():
        assert (ours[name].kind, ours[name].default) == (parameter.kind, parameter.default)
    renamed = {"n_hidden", "epochs", "seed", "learning_rate", "batch_size"}  # scikit-learn's names or defaults
    chosen = {"visible", "algorithm", "chains", "discriminative"}  # the last is for classes, which it doesn't learn
    for field in fields(rbm.TrainConfig):
        if field.name not in renamed | chosen:
            assert ours[field.name].default == field.default


def test_it_is_there_without_loading_scikit_learn_until_it_is_used():
    program = (
        "import sys, rbm\n"
        "assert 'BernoulliRBM' in dir(rbm) and 'train' in dir(rbm) and not hasattr(rbm, 'nonsense')\n"
        "assert 'sklearn' not in sys.modules\n"
        "from rbm import BernoulliRBM\n"
        "assert 'sklearn' in sys.modules and rbm.BernoulliRBM is BernoulliRBM"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


# ---- what it computes


def test_features_and_reconstructions():
    model = brute.tiny(7, 5)
    estimator, p = of(model), brute.params(model)
    np.testing.assert_allclose(estimator.transform(STRIPES), theirs(estimator).transform(STRIPES), rtol=1e-12)
    h = [brute.mean_hidden(p, tuple(v)) for v in STRIPES.tolist()]
    np.testing.assert_allclose(estimator.transform(STRIPES), h, rtol=1e-12)
    wanted = [brute.mean_visible(p, v) for v in h]
    np.testing.assert_allclose(estimator.inverse_transform(h), wanted, rtol=1e-12)
    np.testing.assert_allclose(estimator.reconstruct(STRIPES), wanted, rtol=1e-12)
    assert estimator.transform(STRIPES.astype(np.float32)).dtype == np.float32


def test_exact_scores_are_brute_force():
    model = brute.tiny(7, 5)
    p_of = brute.marginal(brute.params(model))
    wanted = []
    for v in STRIPES.tolist():
        flips = [tuple(1 - x if j == i else x for j, x in enumerate(v)) for i in range(7)]
        wanted.append(sum(math.log(p_of[tuple(v)] / (p_of[tuple(v)] + p_of[flip])) for flip in flips))
    np.testing.assert_allclose(of(model).score_samples(STRIPES, exact=True), wanted, rtol=1e-10)
    likelihood = np.mean([math.log(p_of[tuple(v)]) for v in STRIPES.tolist()])
    assert of(model).score(STRIPES) == pytest.approx(likelihood, rel=1e-10)


@pytest.mark.parametrize("data", [STRIPES, 0.8 * STRIPES + 0.1], ids=["binary", "grey"])
def test_stochastic_scores_are_scikit_learns_and_average_to_the_exact_ones(data):
    estimator = of(brute.tiny(7, 5))
    other = theirs(estimator)
    row = data[3:4]
    terms = sorted({other.score_samples(row)[0].round(9) for _ in range(100)})
    ours = [estimator.set_params(random_state=seed).score_samples(row)[0] for seed in range(600)]
    np.testing.assert_allclose(sorted(set(np.round(ours, 9))), terms, rtol=1e-8)
    assert np.mean(ours) == pytest.approx(estimator.score_samples(row, exact=True)[0], abs=4 * np.std(ours) / 600**0.5)


def test_the_pixel_of_a_row_is_uniform_and_independent_of_another_rows():
    rng = np.random.default_rng(0)
    v = np.array([[0.0] * 7, [1.0] + [0.0] * 6, [1.0] * 7, [0.5] * 7])
    draws = np.array([pixel_of_each_row(v, rng.integers(2**64, size=8, dtype=np.uint64)) for _ in range(20_000)])
    assert draws.min() == 0
    assert draws.max() == 6
    for i in range(4):
        for j in range(i):
            joint = np.histogram2d(draws[:, i], draws[:, j], bins=7)[0]
            chi_square = np.square(joint - 20_000 / 49).sum() / (20_000 / 49)
            assert chi_square < 48 + 5 * math.sqrt(2 * 48)


def test_score_of_a_model_too_large_to_enumerate_is_by_ais(monkeypatch):
    estimator = of(brute.tiny(7, 5))
    exact = estimator.score(STRIPES)
    log_z = rbm.likelihood.ais(estimator.model_, np.random.default_rng(0), betas=rbm.likelihood.QUICK_SCHEDULE)
    monkeypatch.setattr("rbm.measures.exact.MAX_UNITS", 4)
    estimated = estimator.score(STRIPES)
    assert estimated != exact
    assert estimated == pytest.approx(exact, abs=6 * log_z.standard_error)


def test_gibbs_and_sample_draw_from_the_model():
    model = brute.tiny(3, 2, seed=1)
    estimator, p = of(model), brute.params(model)
    n = 2000
    samples = estimator.sample(n, sweeps=50)
    assert samples.dtype == bool
    exact = brute.marginal(p)
    assert brute.total_variation(samples.astype(float), exact) < brute.monte_carlo_floor(exact, n)
    for steps in (0, 1, 2):
        after = brute.after_sweeps(p, (1.0, 0.0, 1.0), steps)
        moved = estimator.gibbs(np.tile([1, 0, 1], (20_000, 1)), steps=steps)
        assert brute.total_variation(moved.astype(float), dict.fromkeys(exact, 0.0) | after) <= (
            brute.monte_carlo_floor(after, 20_000)
        )
    hot = brute.marginal(p, temperature=3)
    warm = estimator.sample(n, sweeps=50, temperature=3).astype(float)
    assert brute.total_variation(warm, hot) < brute.monte_carlo_floor(hot, n)


def test_gibbs_takes_one_row_and_never_repeats_itself():
    estimator = fitted()
    assert estimator.gibbs(STRIPES[0]).shape == (7,)
    assert (estimator.gibbs(STRIPES) != estimator.gibbs(STRIPES)).any()


# ---- training


def test_fit_is_rbm_train():
    options = {"learning_rate": 0.05, "momentum": 0.5, "centering": True, "l2": 0.01}
    estimator = BernoulliRBM(5, batch_size=7, n_iter=3, random_state=3, **options).fit(STRIPES)  # 30 = 4 · 7 + 2
    seed = int(np.random.RandomState(3).randint(2**31 - 1))
    config = rbm.TrainConfig(n_hidden=5, algorithm="pcd", chains=7, batch_size=7, epochs=3, seed=seed, **options)
    *_, report = rbm.train(STRIPES, config)
    np.testing.assert_array_equal(estimator.components_, report.model.weights.T)
    np.testing.assert_array_equal(estimator.intercept_visible_, report.model.visible_bias)
    np.testing.assert_array_equal(estimator.intercept_hidden_, report.model.hidden_bias)
    np.testing.assert_array_equal(estimator.h_samples_, report.state.arrays["chains"])


@pytest.mark.parametrize("options", [{}, {"algorithm": "cd"}, {"algorithm": "pt", "temperatures": 3}], ids=str)
def test_partial_fit_of_the_same_batch_is_fit_bit_for_bit(options):
    options = {"momentum": 0.5, "final_momentum": 0.9, "momentum_epochs": 2, "sparsity_cost": 0.1, **options}
    whole = BernoulliRBM(5, batch_size=30, n_iter=5, random_state=0, **options).fit(STRIPES)
    steps = BernoulliRBM(5, batch_size=30, random_state=0, **options)
    for _ in range(5):
        assert steps.partial_fit(STRIPES) is steps
    np.testing.assert_array_equal(steps.components_, whole.components_)
    np.testing.assert_array_equal(steps.intercept_visible_, whole.intercept_visible_)
    whole.partial_fit(STRIPES)  # goes on after fit, too
    steps.partial_fit(STRIPES)
    np.testing.assert_array_equal(steps.components_, whole.components_)


def test_partial_fit_over_batches_of_any_size_learns_what_each_of_them_shows():
    estimator = BernoulliRBM(5, random_state=0, learning_rate=0.1)
    rng = np.random.default_rng(0)
    estimator.partial_fit(STRIPES[:2])
    before = estimator.score(STRIPES)
    for size in 60 * [3, 7, 13, 1]:
        estimator.partial_fit(STRIPES[rng.integers(30, size=size)])
        assert estimator.h_samples_.shape == (10, 5)
    assert before < -4.5
    assert estimator.score(STRIPES) > -2.9  # two patterns of 7 with 5 % noise: about 2 ln 2 + 1


def test_partial_fit_averages_over_the_batch_whatever_its_size():
    """All rows equal: data term and chains are the same however many rows; scikit-learn's is off by the ratio."""
    steps = []
    for n in (1, 2, 5, 10):
        estimator = BernoulliRBM(3, random_state=0, algorithm="pcd", batch_size=10, visible_bias="zero", weight_std=0)
        estimator.partial_fit(np.ones((n, 7)))  # the chains' side is at most 0.05 away from 0.05, sampled
        steps.append(estimator.intercept_visible_)
    assert np.abs(np.mean(steps, axis=1) - 0.05).max() < 0.025


def test_partial_fit_starts_from_parameters_that_were_changed_by_hand():
    estimator = fitted(learning_rate=1e-12)
    estimator.components_ = np.full((5, 7), 2.0)
    np.testing.assert_allclose(estimator.partial_fit(STRIPES).components_, 2.0)


@pytest.mark.parametrize(
    "options", [{}, {"algorithm": "cd", "momentum": 0.5}, {"centering": True, "sparsity_cost": 0.1}]
)
def test_partial_fit_on_small_batches_is_the_same_however_often_the_run_is_set_aside(options):
    """A copy has no trainer that lives on, and must make one."""
    lasting = BernoulliRBM(5, batch_size=7, random_state=0, **options)
    renewed = BernoulliRBM(5, batch_size=7, random_state=0, **options)
    for begin in range(0, 28, 7):
        lasting.partial_fit(STRIPES[begin : begin + 7])
        renewed = copy.deepcopy(renewed.partial_fit(STRIPES[begin : begin + 7]))
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        np.testing.assert_array_equal(getattr(lasting, name), getattr(renewed, name))


def test_after_a_blow_up_the_model_before_it_is_kept():
    estimator = BernoulliRBM(5, random_state=0).partial_fit(STRIPES).partial_fit(STRIPES)
    before = estimator.components_.copy()
    estimator.components_[0, 0] = 60
    with pytest.raises(rbm.Diverged, match="a weight has grown to 60"):
        estimator.partial_fit(STRIPES)
    estimator.components_[0, 0] = before[0, 0]
    np.testing.assert_array_equal(estimator.components_, before)
    assert np.isfinite(estimator.partial_fit(STRIPES).components_).all()


def test_partial_fit_refuses_another_kind_of_run_and_another_width():
    estimator = fitted()
    with pytest.raises(ValueError, match="the state is of another kind of run"):
        clone_state(estimator, algorithm="cd").partial_fit(STRIPES)
    with pytest.raises(ValueError, match="continue with the images and the settings"):
        clone_state(estimator, n_components=3).partial_fit(STRIPES)
    with pytest.raises(ValueError, match="7 features"):
        estimator.partial_fit(STRIPES[:, :3])


def clone_state(estimator, **options):
    return copy.deepcopy(estimator).set_params(**options)


def test_no_epochs_and_no_chains():
    estimator = BernoulliRBM(5, n_iter=0, weight_std=0, random_state=0).fit(STRIPES)
    assert not estimator.components_.any()
    assert not hasattr(fitted(algorithm="cd"), "h_samples_")
    assert fitted(algorithm="pt", chains=3).h_samples_.shape == (3, 5)


def test_random_state():
    assert (fitted().components_ == fitted().components_).all()
    free = [BernoulliRBM(5, n_iter=1).fit(STRIPES).components_ for _ in range(2)]
    assert (free[0] != free[1]).any()
    shared = np.random.RandomState(0)
    two = [BernoulliRBM(5, n_iter=1, random_state=shared).fit(STRIPES).components_ for _ in range(2)]
    assert (two[0] != two[1]).any()


def test_threshold_cuts_wherever_data_come_in():
    grey = 0.2 + 0.6 * STRIPES
    cut, plain = fitted(binarize="threshold"), fitted()
    np.testing.assert_array_equal(cut.transform(grey), plain.transform(STRIPES))
    assert cut.score(grey) == plain.score(STRIPES)


def test_verbose_prints_the_epoch_as_scikit_learn_does(capsys):
    BernoulliRBM(5, n_iter=2, verbose=1, random_state=0).fit(STRIPES)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(", time")[0].rsplit(" ", 1)[0] for line in lines] == [
        "[BernoulliRBM] Iteration 1, pseudo-likelihood =",
        "[BernoulliRBM] Iteration 2, pseudo-likelihood =",
    ]


# ---- what it refuses


@pytest.mark.parametrize(
    "method", ["fit", "partial_fit", "transform", "reconstruct", "gibbs", "score_samples", "score"]
)
@pytest.mark.parametrize("data", REFUSED, ids=range(len(REFUSED)))
def test_data_outside_the_unit_interval_are_refused(method, data):
    with pytest.raises(ValueError, match=r"X must lie in \[0, 1\]; it runs from .*clip=True"):
        getattr(fitted(), method)(data)


def test_rounding_is_no_reason_to_refuse_and_clip_moves_the_rest():
    wide = STRIPES * (1 + 2e-16) + 1e-9
    untouched = wide.copy()
    np.testing.assert_allclose(fitted().transform(wide), fitted().transform(STRIPES), atol=1e-7)
    np.testing.assert_array_equal(wide, untouched)
    far = 3 * STRIPES - 1
    np.testing.assert_array_equal(fitted(clip=True).transform(far), fitted().transform(STRIPES))
    np.testing.assert_array_equal(fitted(clip=True).transform(csr_array(3 * STRIPES)), fitted().transform(STRIPES))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_components": 0}, "^n_components must be between"),
        ({"n_iter": -1}, "^n_iter must be between"),
        ({"n_iter": "ten"}, "^n_iter must be a whole number"),
        ({"batch_size": 0}, "^batch_size must be"),
        ({"algorithm": "sgd"}, "^algorithm must be one of cd, pcd, pt, autoencoder; got 'sgd'"),
        ({"chains": 0}, "^chains must be between"),
    ],
)
def test_a_bad_parameter_is_named_as_the_caller_knows_it(options, message):
    with pytest.raises(ValueError, match=message):
        BernoulliRBM(**options).fit(STRIPES)


def test_hidden_states_of_another_width_and_an_unfitted_model():
    with pytest.raises(ValueError, match="5 hidden units; got X of shape"):
        fitted().inverse_transform(np.ones((2, 7)))
    for method in ("transform", "reconstruct", "inverse_transform", "gibbs", "score_samples", "score"):
        with pytest.raises(NotFittedError):
            getattr(BernoulliRBM(), method)(STRIPES)
    with pytest.raises(NotFittedError):
        BernoulliRBM().sample()


# ---- how it lives with others


@pytest.mark.parametrize("sparse", [csr_array, csr_matrix])
def test_sparse_data_give_what_dense_ones_give(sparse):
    dense, ours = fitted(), BernoulliRBM(5, n_iter=3, random_state=0).fit(sparse(STRIPES))
    np.testing.assert_array_equal(ours.components_, dense.components_)
    np.testing.assert_allclose(ours.transform(sparse(STRIPES)), dense.transform(STRIPES), rtol=1e-12)
    np.testing.assert_array_equal(ours.score_samples(sparse(STRIPES)), dense.score_samples(STRIPES))
    np.testing.assert_array_equal(ours.gibbs(sparse(STRIPES)), dense.gibbs(STRIPES))
    assert ours.score(sparse(STRIPES)) == dense.score(STRIPES)
    np.testing.assert_array_equal(ours.partial_fit(sparse(STRIPES)).components_, dense.partial_fit(STRIPES).components_)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_goes_on_as_the_original(duplicate):
    estimator = fitted(momentum=0.5)
    other = duplicate(estimator)
    np.testing.assert_array_equal(estimator.gibbs(STRIPES), other.gibbs(STRIPES))
    np.testing.assert_array_equal(estimator.partial_fit(STRIPES).components_, other.partial_fit(STRIPES).components_)
    assert not hasattr(clone(estimator), "components_")


def test_pandas_in_and_out():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(STRIPES, columns=list("abcdefg"))
    estimator = BernoulliRBM(2, random_state=0).set_output(transform="pandas").fit(frame)
    assert list(estimator.transform(frame).columns) == ["bernoullirbm0", "bernoullirbm1"]
    assert list(estimator.feature_names_in_) == list("abcdefg")
    assert estimator.reconstruct(frame).shape == (30, 7)


def test_grid_search_by_likelihood_and_in_a_pipeline():
    estimator = BernoulliRBM(3, n_iter=30, random_state=0)
    search = GridSearchCV(estimator, {"learning_rate": [1e-6, 0.1]}, cv=KFold(3, shuffle=True, random_state=0))
    search.fit(STRIPES)
    assert search.best_params_ == {"learning_rate": 0.1}
    y = STRIPES[:, 0] + STRIPES[:, 1] > 0
    chain = make_pipeline(MinMaxScaler(clip=True), BernoulliRBM(3, random_state=0), LogisticRegression())
    grid = {"bernoullirbm__algorithm": ["cd", "pcd"], "bernoullirbm__gibbs_steps": [1, 2]}
    assert GridSearchCV(chain, grid, cv=3).fit(STRIPES * 255, y).best_score_ > 0.9


def test_changing_the_import_of_a_digits_pipeline_is_enough():
    """As accurate as scikit-learn's, and no more than that: over 20 seeds, 2 lengths and 3 penalties the mean
    paired difference was between -0.0016 and +0.0040, with a standard error of 0.002 (0.0085 a pair).
    """
    images, labels = load_digits(return_X_y=True)
    images = MinMaxScaler().fit_transform(images)
    differences = []
    for seed in range(5):
        train, test, train_labels, test_labels = train_test_split(images, labels, test_size=0.3, random_state=seed)
        accuracy = []
        for kind in (sklearn.neural_network.BernoulliRBM, BernoulliRBM):
            features = kind(n_components=100, learning_rate=0.06, n_iter=20, random_state=seed)
            chain = Pipeline([("rbm", features), ("logistic", LogisticRegression(C=100, max_iter=5000))])
            accuracy.append(chain.fit(train, train_labels).score(test, test_labels))
        differences.append(accuracy[1] - accuracy[0])
    assert np.mean(differences) > -4 * 0.0085 / 5**0.5
