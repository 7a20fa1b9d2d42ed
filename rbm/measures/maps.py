"""Maps of many images in the plane, and who is whose neighbour in the full space.

A map shows what is near; what is far apart on it says little, and sizes of clusters and gaps between them say nothing
(Wattenberg, Viégas & Johnson, How to Use t-SNE Effectively, Distill 2016). So neighbours are counted where nothing has
been flattened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rbm.errors import BadValue
from rbm.models.arrays import Array, Float64, Floats

SLICES, STEPS = 4, 250  # of gradient descent; scikit-learn has no fewer at once
EXAGGERATION = 12.0  # of attractions in the first slice (van der Maaten & Hinton 2008, section 3.4)
FROM = 50  # principal components that t-SNE starts from
FEWEST_RATE = 50.0
NEIGHBOURS = 10  # that are looked at


@dataclass(frozen=True, eq=False)
class Principal:
    """The directions in which images differ most: `mean` (d,), `axes` (d, k) of length 1, the widest first."""

    mean: Array
    axes: Array

    def of(self, images: Array) -> Array:
        """Coordinates (n, k) of images (n, d)."""
        return np.asarray((images - self.mean) @ self.axes, dtype=np.float32)


def principal(images: Array, count: int) -> Principal:
    """The first `count` principal axes of images (n, d): eigenvectors of their covariance, or, where there are fewer
    images than values, right singular vectors, which stand upright on each other even where the images differ in less.

    An axis points to where its largest entry is positive. Raises BadValue for more than n or d.
    """
    if not 1 <= count <= min(images.shape):
        raise BadValue(f"{len(images)} images of {images.shape[1]} values have no {count} principal axes")
    mean = images.mean(axis=0, dtype=np.float64)
    centred: Float64 = images - mean
    if len(centred) < centred.shape[1]:
        axes: Float64 = np.linalg.svd(centred, full_matrices=False)[2][:count].T
    else:
        axes = np.linalg.eigh(centred.T @ centred)[1][:, : -count - 1 : -1]  # they come from the narrowest on
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0)
    return Principal(mean.astype(np.float32), (axes * np.sign(largest)).astype(np.float32))


def tsne(features: Array, perplexity: float, seed: int = 0) -> Iterator[Array]:
    """t-SNE of features (n, d) from their first FROM principal components: coordinates (n, 2) after each of SLICES.

    scikit-learn's, which can't be watched: so it goes on in slices, each from where the last one ended (with its
    momentum lost). The first exaggerates attractions. Stop by asking for no more. Raises BadValue.
    """
    from sklearn.manifold import TSNE  # here, as it takes a second to import

    if not 1 <= perplexity < len(features):
        raise BadValue(f"perplexity must be from 1 to below the number of images, {len(features)}, got {perplexity:g}")
    small = principal(features, min(FROM, *features.shape)).of(features)
    rate = max(len(features) / EXAGGERATION / 4, FEWEST_RATE)
    place = (small[:, :2] / max(float(small[:, 0].std()), 1e-12) * 1e-4).astype(np.float32)
    for number in range(SLICES):
        slice_ = TSNE(
            perplexity=perplexity, init=place, early_exaggeration=1.0 if number else EXAGGERATION,
            learning_rate=rate, max_iter=STEPS, random_state=seed,
        )  # fmt: skip
        with threadpool_limits(1, user_api="openmp"):  # beside trainings its threads would spin
            place = slice_.fit_transform(small)
        yield place


def same_class(features: Array, labels: NDArray[np.int64], k: int = NEIGHBOURS) -> float:
    """The share of an image's `k` nearest neighbours that are of its own class: mean over images (n, d).

    Near is a large cosine, as in `reader.nearest`; nobody is their own neighbour. Raises BadValue for too few images.
    """
    sizes = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.maximum(sizes, np.finfo(np.float32).tiny)
    return _share(unit @ unit.T, labels, k)


def same_class_nearby(places: Array, labels: NDArray[np.int64], k: int = NEIGHBOURS) -> float:
    """The same share where near is what the eye finds near on a map, places (n, 2): a small distance."""
    centred = places.astype(np.float64) - places.mean(axis=0)
    squares = np.square(centred).sum(axis=1)
    return _share(2 * centred @ centred.T - squares[:, None] - squares, labels, k)


def _share(closeness: Floats, labels: NDArray[np.int64], k: int) -> float:
    """Of the `k` others with the largest entries in each row of `closeness` (n, n): how many share its label."""
    if not 1 <= k < len(labels):
        raise BadValue(f"k neighbours need k from 1 to below the number of images, {len(labels)}, got {k}")
    np.fill_diagonal(closeness, -np.inf)
    nearest = np.argpartition(-closeness, k - 1, axis=1)[:, :k]
    return float((labels[nearest] == labels[:, None]).mean())
