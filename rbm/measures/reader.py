"""What pictures look like to the hidden units: which digit, how typical, who is near.

Works on plain RBMs and on a LabelRBM, whose class units are then unknown and summed out
(`rbm.models.labelled.Marginal`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.models.arrays import Array, as_unit_interval

Classes = NDArray[np.int64]

NONE = -1  # the class of a picture that looks like no digit
SURE = 0.4  # of a score that is 1 for a perfect digit and 0 for another; 3 % of real digits stay below
RIDGE = 10.0  # pulls the reader's weights towards 0; from 1 to 100 its errors hardly change


@dataclass(frozen=True, eq=False)
class Reader:
    """Tells which class a picture looks like, by a straight cut through feature space (ridge regression).

    `weights` (n_hidden, classes) and `bias` (classes,) map features to scores; `classes` (classes,) name the
    columns; a picture with less ink than `least_ink` (sum over pixels), or no score above SURE, is NONE.
    """

    weights: Array
    bias: Array
    classes: Classes
    least_ink: float

    @classmethod
    def fit(cls, features: Array, labels: Classes, images: ArrayLike) -> Reader:
        """From features (n, n_hidden) of labelled images (n, n_pixels): one-hot targets, least squares.

        Too little ink is less than half of the ink of the faintest of `images`. Raises ValueError where lengths differ.
        """
        pixels = as_unit_interval(images)
        if not len(features) == len(labels) == len(pixels):
            raise ValueError(f"{len(features)} features, {len(labels)} labels and {len(pixels)} images must be as many")
        classes, column = np.unique(labels, return_inverse=True)
        targets = np.eye(len(classes))[column]
        mean, centre = features.mean(axis=0, dtype=np.float64), targets.mean(axis=0)
        deviation = features - mean
        normal = deviation.T @ deviation + RIDGE * np.eye(features.shape[1])
        weights = np.linalg.solve(normal, deviation.T @ (targets - centre))
        faintest = float(pixels.sum(axis=1).min())
        return cls(weights.astype(np.float32), (centre - mean @ weights).astype(np.float32), classes, faintest / 2)

    def read(self, features: Array, images: ArrayLike) -> Classes:
        """The class (n,) of each image with its features (n, n_hidden), or NONE."""
        scores = features @ self.weights + self.bias
        unsure = (as_unit_interval(images).sum(axis=1) < self.least_ink) | (scores.max(axis=1) < SURE)
        return np.where(unsure, NONE, self.classes[scores.argmax(axis=1)])


def nearest(features: Array, query: Array, count: int) -> NDArray[np.int64]:
    """Indices of the `count` rows of `features` (n, n_hidden) of the largest cosine with `query` (n_hidden,)."""
    size = np.linalg.norm(features, axis=1) * np.linalg.norm(query)
    cosine = features @ query / np.maximum(size, np.finfo(np.float32).tiny)
    order: NDArray[np.int64] = np.argsort(-cosine, kind="stable")[:count]
    return order


def typicality(value: float, reference: NDArray[np.floating]) -> float:
    """The share of pictures of free energy `reference` (n,) that are less typical than one of `value`."""
    return float((reference > value).mean())
