"""`BernoulliRBM`: the core behind scikit-learn's interface. It trains by `rbm.training.Trainer`, nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from rbm.errors import BadValue
from rbm.measures import exact, likelihood
from rbm.measures.diagnostics import BLOCK
from rbm.measures.pseudo_likelihood import all_flips, one_flip, pixel_of_each_row
from rbm.models.arrays import Array, Float64, Floats, bernoulli, log_odds, sigmoid
from rbm.models.binary import RBM
from rbm.models.layers import Parameters
from rbm.models.sampling import gibbs
from rbm.training.config import Algorithm, Binarize, Negative, Schedule, TrainConfig, VisibleBias
from rbm.training.lasting import Lasting
from rbm.training.settings import document, settings_of
from rbm.training.state import Diverged, TrainState

ROUNDING = 1e-6  # so far outside [0, 1] is no mistake: MinMaxScaler itself returns 1 + 2e-16
_OUR_NAME = {"n_components": "n_hidden", "n_iter": "epochs"}  # and random_state makes the seed

Binary = NDArray[np.bool_]


class BernoulliRBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Drop-in for `sklearn.neural_network.BernoulliRBM` (scikit-learn 1.6 or newer).

    Its parameters, with its defaults, then those of `rbm.TrainConfig`, checked by `fit`, and `clip`. Other than
    there, `algorithm` is "pcd", as scikit-learn's is, and `chains` None means `batch_size`.

    `X` (n_samples, n_features): numbers in [0, 1], dense or CSR, which `fit` makes dense at 4 bytes a value.
    Integers are numbers too: divide images by 255. Anything outside raises ValueError in every method, so
    `sklearn.utils.estimator_checks.check_estimator`, which feeds such data, is passed with `clip=True`.

    Fitted: `components_` (n_components, n_features), `intercept_hidden_` (n_components,),
    `intercept_visible_` (n_features,), all float32; `h_samples_` (chains, n_components); `model_`, an
    `rbm.RBM`; `n_features_in_`; `feature_names_in_` where the columns of X have names.
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: Any = None,
        algorithm: Algorithm = "pcd",
        gibbs_steps: int = 1,
        final_gibbs_steps: int | None = None,
        chains: int | None = None,
        temperatures: int = 10,
        negative: Negative = "sample",
        centering: bool = False,
        binarize: Binarize = "none",
        schedule: Schedule = "constant",
        momentum: float = 0.0,
        final_momentum: float = 0.0,
        momentum_epochs: int = 5,
        l1: float = 0.0,
        l2: float = 0.0,
        sparsity_target: float = 0.1,
        sparsity_cost: float = 0.0,
        sparsity_decay: float = 0.9,
        weight_std: float = 0.01,
        visible_bias: VisibleBias = "log-odds",
        hidden_bias: float = 0.0,
        clip: bool = False,
    ) -> None:
        self.n_components, self.learning_rate, self.batch_size = n_components, learning_rate, batch_size
        self.n_iter, self.verbose, self.random_state, self.clip = n_iter, verbose, random_state, clip
        self.algorithm, self.gibbs_steps, self.final_gibbs_steps = algorithm, gibbs_steps, final_gibbs_steps
        self.chains, self.temperatures, self.negative = chains, temperatures, negative
        self.centering, self.binarize, self.schedule, self.l1, self.l2 = centering, binarize, schedule, l1, l2
        self.momentum, self.final_momentum, self.momentum_epochs = momentum, final_momentum, momentum_epochs
        self.sparsity_target, self.sparsity_cost, self.sparsity_decay = sparsity_target, sparsity_cost, sparsity_decay
        self.weight_std, self.visible_bias, self.hidden_bias = weight_std, visible_bias, hidden_bias

    _trainer: Lasting | None = None  # of the last `partial_fit`

    def fit(self, X: Any, y: Any = None) -> BernoulliRBM:
        """Train anew for `n_iter` epochs on X (n_samples, n_features), shuffled in each; `y` is ignored.

        Raises ValueError for a bad parameter or bad X, `rbm.Diverged` if weights stop being finite. A rising
        error alone does not stop it as it does `rbm.train`: with batches of ten that is often noise.
        """
        X = self._checked(X, reset=True)
        seed = self._seed()
        self.random_state_ = np.random.default_rng(seed)
        trainer = _trainer(X, self._config(seed))
        begin = time.perf_counter()
        while trainer.epoch < self.n_iter:
            report = trainer.step()
            if self.verbose and report is not None:
                value = self._flips(report.model, X, self._rng()).mean()
                seconds, begin = time.perf_counter() - begin, time.perf_counter()
                print(
                    f"[{type(self).__name__}] Iteration {report.epoch}, pseudo-likelihood = {value:.2f}, "
                    f"time = {seconds:.2f}s"
                )
        self._state, self._trainer = trainer.snapshot(), None  # the trainer holds X
        return self._keep(trainer)

    def partial_fit(self, X: Any, y: Any = None) -> BernoulliRBM:
        """One update, with all of X (n_samples, n_features) as the batch; `y` is ignored.

        Chains, momentum and random numbers go on from the call, or the `fit`, before. The learning rate stays
        as it is, as no schedule knows how many batches will come; `momentum_epochs` counts calls. The first
        call sets the visible biases. Raises ValueError as `fit` does, and for options changed in between that
        ask for other chains or shapes.
        """
        first = not hasattr(self, "components_")
        X = self._checked(X, reset=first)
        seed = self._seed() if first else 0  # any: the stream goes on
        if first:
            self.random_state_ = np.random.default_rng(seed)
        config = replace(self._config(seed), batch_size=X.shape[0], schedule="constant")
        own = None if first else self._own()
        if own is None or self._trainer is None or not self._trainer.serves(config, own):
            self._trainer = trainer = _trainer(X, config, None if own is None else self._resumed(X.shape[0], own))
            trainer.step()
            self._state = trainer.snapshot()
        else:
            trainer = self._step_on(self._trainer, X, own)
        return self._keep(trainer)

    def transform(self, X: Any) -> Any:
        """p(h = 1 | v) (n_samples, n_components) of X, in the precision of X."""
        return self._mean_hidden(self._seen(X))

    def inverse_transform(self, X: Any) -> Any:
        """p(v = 1 | h) (n_samples, n_features) of hidden X (n_samples, n_components), in the precision of X."""
        check_is_fitted(self)
        h = check_array(X, dtype=(np.float64, np.float32))
        if h.shape[1] != len(self.components_):
            raise ValueError(f"this model has {len(self.components_)} hidden units; got X of shape {h.shape}")
        return sigmoid(h @ self.components_ + self.intercept_visible_)

    def reconstruct(self, X: Any) -> Any:
        """p(v = 1 | p(h = 1 | X)) (n_samples, n_features): X as the model sees it."""
        return self.inverse_transform(self._mean_hidden(self._seen(X)))

    def gibbs(self, v: Any, steps: int = 1) -> Binary:
        """Binary v after `steps` sweeps v -> h -> v from `v` (n_samples, n_features) or (n_features,)."""
        X = self._seen(v if np.ndim(v) > 1 else [v])
        start = X.toarray() if issparse(X) else X
        drawn: Binary = gibbs(self.model_, start, steps, self.random_state_).astype(bool)
        return drawn.reshape(np.shape(v))

    def sample(self, n_samples: int = 1, *, sweeps: int = 500, temperature: float = 1.0) -> Binary:
        """Binary samples (n_samples, n_features) of the model: Gibbs sweeps from the ends of a quick AIS run.

        `temperature` as in `rbm.gibbs`. Each call draws others.
        """
        model = self.model_.tempered(temperature)
        return likelihood.model_samples(model, n_samples, self.random_state_, sweeps=sweeps).astype(bool)

    def score_samples(self, X: Any, *, exact: bool = False) -> Float64:
        """log pseudo-likelihood (n_samples,) of X in nats, at most 0: `n_features` times one random pixel's term,
        as scikit-learn does, or with `exact` the sum over all pixels, which is its expectation.

        Which pixel is drawn depends on `random_state` and the row alone, not on its place. Grey levels enter
        the formula as they are; only for binary X is it a log-probability.
        """
        X = self._seen(X)
        return self._flips(self.model_, X, None if exact else self._rng())

    def score(self, X: Any, y: Any = None) -> float:
        """Mean log-likelihood of X (n_samples, n_features) in nats; `y` is ignored.

        Exact where a layer has at most 20 units. Otherwise log Z comes from AIS with 100 chains at the quick
        schedule, which on average flatters, by nats for a large well-trained model: `rbm.likelihood.bracket`
        of `model_` tells by how much. Grey levels are drawn black or white once.
        """
        X, rng, model = self._seen(X), self._rng(), self.model_
        v = np.concatenate([bernoulli(block, rng).astype(bool) for block in _dense_blocks(X, BLOCK)])
        return likelihood.average_log_likelihood(model, v, _log_partition(model, v, rng))

    @property
    def model_(self) -> RBM:
        """The fitted parameters as an `rbm.RBM`, a copy."""
        check_is_fitted(self)
        return RBM(self.components_.T, self.intercept_visible_, self.intercept_hidden_)

    @property
    def h_samples_(self) -> Array:
        """The hidden draws (chains, n_components) of the persistent chains. AttributeError without any."""
        check_is_fitted(self)
        arrays = self._now().arrays
        if "chains" not in arrays:
            raise AttributeError(f'algorithm {self.algorithm!r} keeps no chains; use "pcd" or "pt"')
        chains: Array = arrays["chains"]
        return chains[arrays["rungs"][0]] if "rungs" in arrays else chains

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = not self.clip
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _config(self, seed: int) -> TrainConfig:
        options = {_OUR_NAME.get(name, name): value for name, value in self.get_params(deep=False).items()}
        options |= {
            "chains": self.batch_size if self.chains is None else self.chains,
            "epochs": self.n_iter or 1,  # 0 is scikit-learn's "just initialise"
            "seed": seed,
        }
        try:
            return TrainConfig(**{name: value for name, value in options.items() if name in _SETTINGS})
        except BadValue as error:
            name, rest = str(error).split(" ", 1)
            theirs = {ours: theirs for theirs, ours in _OUR_NAME.items()}
            if self.chains is None:
                theirs["chains"] = "batch_size"
            raise BadValue(f"{theirs.get(name, name)} {rest}") from None

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self._seed())

    def _keep(self, trainer: Lasting) -> BernoulliRBM:
        weights, visible_bias, hidden_bias = trainer.parameters
        self.components_ = weights.copy().T
        self.intercept_visible_, self.intercept_hidden_ = visible_bias.copy(), hidden_bias.copy()
        self._n_features_out = len(hidden_bias)
        return self

    def _own(self) -> Parameters:
        """The public arrays, which count, should someone have changed them."""
        arrays = self.components_.T, self.intercept_visible_, self.intercept_hidden_
        return Parameters(*(np.asarray(array, dtype=np.float32) for array in arrays))

    def _step_on(self, trainer: Lasting, X: Any, own: Parameters) -> Lasting:
        try:
            trainer.step_on(_dense(X), own)
        except Diverged as error:
            error.model = self.model_
            self._trainer = None  # the next call goes on from the public arrays, with the chains of `_state`
            raise
        return trainer

    def _now(self) -> TrainState:
        """The state of the run, to go on from."""
        state: TrainState = self._state if self._trainer is None else self._trainer.snapshot()
        return state

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if state.get("_trainer") is not None:
            state = {**state, "_state": self._now(), "_trainer": None}
        return state

    def _resumed(self, n: int, own: Parameters) -> TrainState:
        """The state to go on from with a batch of n."""
        state = self._now()
        order = state.arrays["order"]
        if len(order) != n:
            order = np.arange(n)
        return TrainState({**state.arrays, **own._asdict(), "order": order}, {**state.values, "batch_size": n})

    def _seen(self, X: Any) -> Any:
        check_is_fitted(self)
        return self._checked(X, reset=False)

    def _checked(self, X: Any, reset: bool) -> Any:
        """X as floats in [0, 1], cut at 0.5 for `binarize="threshold"`; dense or CSR as it came."""
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=reset)
        low, high = float(X.min()), float(X.max())
        if not self.clip and not (low >= -ROUNDING and high <= 1 + ROUNDING):
            negative = "Negative values in data: " if low < 0 else ""  # the words scikit-learn looks for
            raise ValueError(
                f"{negative}X must lie in [0, 1]; it runs from {low:g} to {high:g}. Divide grey levels by 255, or "
                "scale by sklearn.preprocessing.MinMaxScaler(clip=True), or set clip=True"
            )
        if low < 0 or high > 1:
            X = X.copy()
            values = X.data if issparse(X) else X
            np.clip(values, 0, 1, out=values)
        return (X > 0.5).astype(X.dtype) if self.binarize == "threshold" else X

    def _mean_hidden(self, X: Any) -> Floats:
        return sigmoid(X @ self.components_.T + self.intercept_hidden_)

    def _flips(self, model: RBM, X: Any, rng: np.random.Generator | None) -> Float64:
        """log PL of the rows of X: over all pixels, or with a generator from one pixel a row."""
        blocks = _dense_blocks(X, exact.block_size(max(model.weights.shape)))
        if rng is None:
            return np.concatenate([all_flips(model, v) for v in blocks])
        key = rng.integers(2**64 - 1, size=model.n_visible + 1, dtype=np.uint64, endpoint=True)
        return np.concatenate([one_flip(model, v, pixel_of_each_row(v, key)) for v in blocks])


_SETTINGS = settings_of(TrainConfig)
_OWN = {  # the parameters that are not TrainConfig's, or not quite
    "n_iter": ("int", "Epochs: how often every sample is used. 0 or more."),
    "verbose": ("int", "Print the pseudo-likelihood after every epoch."),
    "random_state": ("int, RandomState or None", "An int gives the same model and scores each time."),
    "chains": ("int or None", "Persistent chains of pcd and pt. None: as many as batch_size."),
    "clip": ("bool", "Move data into [0, 1] instead of refusing them, as held-out data after MinMaxScaler may need."),
}
document(BernoulliRBM, {**_SETTINGS, "n_components": _SETTINGS["n_hidden"]}, _OWN)


def _trainer(X: Any, config: TrainConfig, state: TrainState | None = None) -> Lasting:
    trainer = Lasting(_dense(X), config, state=state)
    trainer.start_error = math.inf  # the error of few rows, or of another batch, is no measure for the next
    return trainer


def _dense(X: Any) -> Any:
    return X.toarray() if issparse(X) else X


def _log_partition(model: RBM, v: Binary, rng: np.random.Generator) -> float:
    if min(model.weights.shape) <= exact.MAX_UNITS:
        return exact.log_partition(model)
    return likelihood.ais(model, rng, betas=likelihood.QUICK_SCHEDULE, base=log_odds(v)).log_partition


def _dense_blocks(X: Any, size: int) -> Iterator[Float64]:
    for begin in range(0, X.shape[0], size):
        block = X[begin : begin + size]
        yield (block.toarray() if issparse(block) else block).astype(np.float64)
