"""Can a straight line read it? How many digits logistic regression misreads, over the number of labels it may see.

One reader for every description of the images (pixels, principal components, hidden units): what differs between two
curves is the description alone. Regression by squares would flatter hidden units: on pixels it is far worse than this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rbm.errors import BadValue
from rbm.models import threads
from rbm.models.arrays import Array

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Classes = NDArray[np.int64]

SIZES = (20, 50, 100, 300, 1000, 4000)  # labels
DRAWS, MANY = 5, 1000  # draws of the labelled images, below so many labels; from there on one
STEPS = 1000  # of the solver, at most; it needs less than half of them on digits


@dataclass(frozen=True)
class Point:
    """After `labels` labels: the mean share of held-out images misread, from 0 to 1, over `draws` draws of the labelled
    ones, and its standard error (0 where there was but one draw, which tells nothing of it)."""

    labels: int
    error: float
    standard_error: float
    draws: int


def classifier() -> LogisticRegression:
    """The reader of every curve: scikit-learn's logistic regression as it comes (an L2 penalty with C = 1)."""
    from sklearn.linear_model import LogisticRegression  # here, as it takes a second to import

    return LogisticRegression(max_iter=STEPS)


def learning_curve(
    features: Array,
    labels: Classes,
    held_out: Array,
    held_out_labels: Classes,
    sizes: Sequence[int] = SIZES,
    seed: int = 0,
) -> Iterator[Point]:
    """A point for each of `sizes` that is at least the number of classes and at most that of the images.

    features (n, d) with labels (n,), and held_out (m, d) with theirs (m,). Every curve of one seed is drawn on the same
    images. Raises BadValue where there is nothing to tell apart, or lengths differ.
    """
    check_labels(labels)
    if len(features) != len(labels) or len(held_out) != len(held_out_labels):
        raise BadValue(
            f"{len(features)} features with {len(labels)} labels, {len(held_out)} held out with "
            f"{len(held_out_labels)}: there must be as many"
        )
    for size in sizes:
        if len(np.unique(labels)) <= size <= len(labels):
            yield _point(features, labels, held_out, held_out_labels, size, seed)


def check_labels(labels: Classes) -> None:
    """Raises BadValue where labels tell nothing apart."""
    if (count := len(np.unique(labels))) < 2:
        raise BadValue(f"these images have {count} class; reading takes at least two, so choose images with labels")


def _point(features: Array, labels: Classes, held_out: Array, truth: Classes, size: int, seed: int) -> Point:
    errors = []
    for number in range(DRAWS if size < MANY else 1):
        chosen = draw(labels, size, np.random.default_rng([seed, size, number]))
        errors.append(misread(features[chosen], labels[chosen], held_out, truth))
    spread = float(np.std(errors, ddof=1) / np.sqrt(len(errors))) if len(errors) > 1 else 0.0
    return Point(size, float(np.mean(errors)), spread, len(errors))


def misread(features: Array, labels: Classes, held_out: Array, truth: Classes) -> float:
    """The share of `held_out` (m, d) misread by a classifier that has seen `features` (n, d) with `labels` (n,)."""
    with threads.one_thread():  # beside trainings, as they are
        reader: Any = classifier().fit(features, labels)
        return float((reader.predict(held_out) != truth).mean())


def draw(labels: Classes, size: int, rng: np.random.Generator) -> Classes:
    """Indices (size,) of images of which every class has its share, to within one: a stratified draw.

    The i-th of the s images of a class, in random order, stands at (i + 1/2) / s; those that stand first are drawn.
    A class too rare for its turn still gives one image, in place of the last: without it a reader could see one class.
    """
    order = rng.permutation(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        members = order[labels[order] == label]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    ranked = order[np.argsort(place[order], kind="stable")]
    first_of_each = np.unique(labels[ranked], return_index=True)[1]
    others = np.setdiff1d(np.arange(len(ranked)), first_of_each)
    drawn: Classes = ranked[np.sort(np.concatenate([first_of_each, others])[:size])]
    return drawn
