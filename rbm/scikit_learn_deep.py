"""`DeepBeliefTransformer`: a deep belief net behind scikit-learn's interface, trained by `rbm.train_deep`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from rbm.errors import BadValue
from rbm.models.deep import DeepBeliefNet
from rbm.training.config import TrainConfig
from rbm.training.deep import hidden_means, train_deep

ROUNDING = 1e-6  # so far outside [0, 1] is no mistake: MinMaxScaler itself returns 1 + 2e-16


class DeepBeliefTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Features of the top of a deep belief net (scikit-learn 1.6 or newer).

    n_components: hidden units of each layer, bottom first; a single number makes one layer.
    learning_rate, batch_size, n_iter: of every layer, `n_iter` in epochs, with the defaults of `rbm.BernoulliRBM`.
    tie: as in `rbm.train_deep`. random_state: an int gives the same net each time.
    config: an `rbm.TrainConfig` for all other settings, the same for every layer; None for its defaults with "pcd".
    clip: move data into [0, 1] instead of refusing them.

    `X` (n_samples, n_features): numbers in [0, 1], dense. Anything outside raises ValueError.
    Fitted: `net_`, an `rbm.DeepBeliefNet`; `n_features_in_`; `feature_names_in_` where the columns of X have names.
    """

    def __init__(
        self,
        n_components: Sequence[int] | int = (256, 256),
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        tie: bool = True,
        config: TrainConfig | None = None,
        random_state: Any = None,
        clip: bool = False,
    ) -> None:
        self.n_components, self.learning_rate, self.batch_size = n_components, learning_rate, batch_size
        self.n_iter, self.tie, self.config, self.random_state, self.clip = n_iter, tie, config, random_state, clip

    def fit(self, X: Any, y: Any = None) -> DeepBeliefTransformer:
        """Train all layers anew on X (n_samples, n_features); `y` is ignored.

        Raises ValueError for a bad parameter or bad X, `rbm.Diverged` if weights stop being finite.
        """
        X = self._checked(X, reset=True)
        layers = {depth: report.model for depth, report in train_deep(X, self._configs(), tie=self.tie)}
        self.net_ = DeepBeliefNet(tuple(layers.values()))
        self._n_features_out = self.net_.top.n_hidden
        return self

    def transform(self, X: Any) -> Any:
        """The means (n_samples, units of the top) of the top's hidden units, in the precision of X."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        return hidden_means(self.net_.layers, X).astype(X.dtype, copy=False)

    def inverse_transform(self, X: Any) -> Any:
        """Means (n_samples, n_features) of the features for units X (n_samples, units of the top): one pass down."""
        check_is_fitted(self)
        h = check_array(X, dtype=(np.float64, np.float32))
        return self.net_.down(h, self.net_.depth).astype(h.dtype, copy=False)

    def _configs(self) -> list[TrainConfig]:
        start = TrainConfig(algorithm="pcd") if self.config is None else self.config
        if start.visible != "binary":
            raise BadValue(f'config must have visible "binary", as X lies in [0, 1]; got {start.visible!r}')
        sizes = np.atleast_1d(np.asarray(self.n_components)).tolist()
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=len(sizes))
        common: dict[str, Any] = {
            "learning_rate": self.learning_rate,
            "batch_size": self.batch_size,
            "epochs": self.n_iter,
        }
        return [replace(start, n_hidden=n, seed=int(seed), **common) for n, seed in zip(sizes, seeds, strict=True)]

    def _checked(self, X: Any, reset: bool) -> Any:
        """X as floats in [0, 1]."""
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=reset)
        low, high = float(X.min()), float(X.max())
        if not self.clip and not (low >= -ROUNDING and high <= 1 + ROUNDING):
            negative = "Negative values in data: " if low < 0 else ""  # the words scikit-learn looks for
            raise ValueError(f"{negative}X must lie in [0, 1]; it runs from {low:g} to {high:g}. Divide grey levels "
                             "by 255, or set clip=True")  # fmt: skip
        return np.clip(X, 0, 1) if low < 0 or high > 1 else X

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = not self.clip
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
