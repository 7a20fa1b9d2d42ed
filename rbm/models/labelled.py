"""An RBM over images and their classes: the visible layer is the pixels, then one unit a class, one of them on.

    p(y | x) = exp(-F(x, y)) / Σ_y' exp(-F(x, y'))

The hidden units sum out in closed form, so this is exact (Larochelle & Bengio, ICML 2008; Hinton, UTML TR
2010-003, section 16).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.models.arrays import (
    Array,
    Float64,
    Floats,
    Labels,
    bernoulli,
    check_labels,
    one_of,
    sigmoid,
    softmax,
    softplus,
    sum_softplus_,
)
from rbm.models.binary import RBM
from rbm.models.layers import Bernoulli, Units


@dataclass(frozen=True, eq=False, repr=False)
class LabelRBM(RBM):
    """An RBM whose last `n_classes` visible units are a softmax group: exactly one of them is on.

    Everything but the group is as in `rbm.RBM`. Raises ValueError as that does, or without room for a pixel.
    """

    n_classes: int = field()  # without a default, whatever the class attribute of RBM

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n_classes < self.n_visible:
            raise ValueError(
                f"n_classes must be between 1 and {self.n_visible - 1}, one less than the visible units; "
                f"got {self.n_classes}"
            )

    def __repr__(self) -> str:
        return f"LabelRBM({self.n_pixels} pixels, {self.n_classes} classes, {self.n_hidden} hidden)"

    @property
    def marginal(self) -> RBM:
        """The model of the pixels alone, a `Marginal`."""
        pixels = slice(self.n_pixels)
        return Marginal(self.weights[pixels], self.visible_bias[pixels], self.hidden_bias, self)

    @property
    def has_closed_sums(self) -> bool:
        return True

    def log_visible_sum_(self, x: Float64) -> Float64:
        """As in `rbm.RBM` for the pixels; of the classes one is on: log Σ_k exp(x_k)."""
        classes: Float64 = np.logaddexp.reduce(x[self.n_pixels :], axis=0)
        return sum_softplus_(x[: self.n_pixels]) + classes

    def check_states(self, v: Floats) -> None:
        """Raises ValueError unless all are 0 or 1, and of the classes one is on."""
        super().check_states(v)
        on = v[:, self.n_pixels :].sum(axis=1)
        if (on != 1).any():
            raise ValueError(
                f"of {self.n_classes} classes one must be on; here {on[on != 1][0]:g} are. model.join does it"
            )

    def join(self, images: ArrayLike, labels: ArrayLike) -> Array:
        """Visible states (n, n_visible) of images (n, n_pixels), uint8 or in [0, 1], and labels (n,).

        Raises ValueError for other images, or labels outside 0..n_classes-1.
        """
        pixels = self._pixels(images)
        classes = check_labels(labels, len(pixels), self.n_classes)
        return np.concatenate([pixels, np.eye(self.n_classes, dtype=np.float32)[classes]], axis=1)

    def mean_visible(self, h: ArrayLike) -> Floats:
        """p(v = 1 | h) (n, n_visible): a sigmoid for pixels, a softmax over classes."""
        x = np.asarray(h, dtype=np.float32) @ self.weights.T + self.visible_bias
        pixels, classes = x[..., : self.n_pixels], x[..., self.n_pixels :]
        return np.concatenate([sigmoid(pixels), softmax(classes)], axis=-1)

    def draw_visible(self, mean: Floats, rng: np.random.Generator) -> Array:
        """v (n, n_visible) from its mean given h: binary, with one class on."""
        drawn = bernoulli(mean, rng)
        drawn[..., self.n_pixels :] = one_of(mean[..., self.n_pixels :].cumsum(axis=-1), rng)
        return drawn

    def visible_units(self, rng: np.random.Generator, largest: int) -> Units:
        """Bernoulli pixels, then the group; the rest as in `rbm.RBM`."""
        return PixelsAndClass(rng, largest, self.n_classes)

    def class_log_probabilities(self, images: ArrayLike) -> NDArray[np.float64]:
        """log p(y | x) (n, n_classes) in nats for images (n, n_pixels), uint8 or in [0, 1]."""
        scores = self._class_scores(self._pixels(images))
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)

    def _class_scores(self, pixels: Array) -> NDArray[np.float64]:
        """-F(x, y) - x·b (n, n_classes): what the classes add to the pixels' own biases b."""
        from_pixels = pixels @ self.weights[: self.n_pixels] + self.hidden_bias
        by_class = zip(self.weights[self.n_pixels :], self.visible_bias[self.n_pixels :], strict=True)
        minus_energy = [bias + softplus(from_pixels + row).sum(axis=1, dtype=np.float64) for row, bias in by_class]
        return np.stack(minus_energy, axis=1)

    def guess(self, images: ArrayLike) -> Array:
        """Visible states (n, n_visible) of images (n, n_pixels), the class units at p(y | x)."""
        return np.hstack([self._pixels(images), np.exp(self.class_log_probabilities(images))]).astype(np.float32)

    def classify(self, images: ArrayLike) -> Labels:
        """The most probable class (n,) of each image: the one of least free energy."""
        best: Labels = self.class_log_probabilities(images).argmax(axis=1)
        return best


class PixelsAndClass(Bernoulli):
    """Bernoulli pixels, then a softmax group of `n_classes` units of which one is on."""

    def __init__(self, rng: np.random.Generator, largest: int, n_classes: int) -> None:
        super().__init__(rng, largest)
        self._n_classes = n_classes

    def mean_(self, x: Array) -> Array:
        classes = softmax(x[:, -self._n_classes :])
        super().mean_(x)
        x[:, -self._n_classes :] = classes
        return x

    def draw(self, mean: Array, out: Array) -> Array:
        edges = mean[:, -self._n_classes :].cumsum(axis=1)
        super().draw(mean, out=out)
        out[:, -self._n_classes :] = one_of(edges, self._rng)
        return out

    def sample(self, x: Array, out: Array) -> Array:
        edges = softmax(x[:, -self._n_classes :]).cumsum(axis=1)
        super().sample(x, out=out)
        out[:, -self._n_classes :] = one_of(edges, self._rng)
        return out


@dataclass(frozen=True, eq=False, repr=False)
class Marginal(RBM):
    """A LabelRBM that is shown images without their classes, which are summed out.

    p(h | x) = Σ_y p(y | x) p(h | x, y)  and  F(x) = -log Σ_y exp(-F(x, y)); its visible units are the pixels.
    """

    whole: LabelRBM

    @property
    def joint(self) -> RBM:
        return self.whole

    def free_energy(self, v: ArrayLike) -> Floats:
        """F(x) (n,) in nats for images (n, n_pixels)."""
        x = np.atleast_2d(self._visible(v))
        scores = self.whole._class_scores(x)
        return _as(v, -(x @ self.visible_bias) - np.logaddexp.reduce(scores, axis=1))

    def mean_hidden(self, v: ArrayLike) -> Floats:
        """p(h = 1 | x) (n, n_hidden), in [0, 1]."""
        x = np.atleast_2d(self._visible(v))
        from_pixels, mixed = x @ self.weights + self.hidden_bias, np.zeros((len(x), self.n_hidden), np.float32)
        chances = np.exp(self.whole.class_log_probabilities(x)).astype(np.float32)
        for chance, row in zip(chances.T, self.whole.weights[self.n_visible :], strict=True):
            mixed += chance[:, None] * sigmoid(from_pixels + row)
        return _as(v, mixed)


def _as(v: ArrayLike, result: Floats) -> Floats:
    """Without the first axis where `v` has none."""
    return result if np.ndim(v) > 1 else result[0]
