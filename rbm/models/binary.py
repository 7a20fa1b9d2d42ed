"""The restricted Boltzmann machine: its closed-form formulas, and what sets its units apart from other kinds.

    E(v, h) = - v·b - h·c - v·W·h            p(v, h) = exp(-E(v, h)) / Z

With binary visible units v, binary hidden units h, weights W, visible biases b and hidden biases c
(Smolensky 1986; notation of Fischer & Igel, Pattern Recognition 47, 2014).

Another kind of unit is a class derived from RBM, in a file of its own, which says otherwise where it differs;
`rbm.models.io.KINDS` lists them all. Nobody else asks for a model's class: they ask the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.models import notebook
from rbm.models.arrays import (
    Array,
    Float64,
    Floats,
    Labels,
    as_floats,
    bernoulli,
    check_images,
    sigmoid,
    softplus,
    sum_softplus_,
)
from rbm.models.layers import Bernoulli, Layers, Learned, Parameters, Units


@dataclass(frozen=True, eq=False, repr=False)
class RBM:
    """An RBM with binary units.

    `weights` (n_visible, n_hidden), `visible_bias` (n_visible,), `hidden_bias` (n_hidden,): kept as
    read-only float32 copies. Raises ValueError where shapes disagree or a value is not finite.
    """

    weights: Array
    visible_bias: Array
    hidden_bias: Array

    arrays: ClassVar[tuple[str, ...]] = ("weights", "visible_bias", "hidden_bias")  # what a file keeps, by name
    pixel_kind = "binary"  # what a pixel holds, as TrainConfig.visible calls it
    n_classes = 0  # visible units that stand for classes; they come after the pixels

    def __post_init__(self) -> None:
        for name in self.arrays:
            object.__setattr__(self, name, _frozen(name, getattr(self, name)))
        expected = (self.visible_bias.size, self.hidden_bias.size)
        if self.weights.ndim != 2 or self.visible_bias.ndim != 1 or self.hidden_bias.ndim != 1:
            raise ValueError("weights must be a matrix and both biases vectors")
        if self.weights.shape != expected or 0 in expected:
            raise ValueError(
                f"weights are {self.weights.shape}, but the biases ask for (n_visible, n_hidden) = {expected}"
            )

    @property
    def n_visible(self) -> int:
        return len(self.visible_bias)

    @property
    def n_hidden(self) -> int:
        return len(self.hidden_bias)

    @property
    def parameters(self) -> Learned:
        """The arrays by themselves, shared and read-only."""
        return Parameters(self.weights, self.visible_bias, self.hidden_bias)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_visible} visible, {self.n_hidden} hidden)"

    def _repr_html_(self) -> str:
        """The filters as a picture: what a notebook shows of a model."""
        return notebook.filters_html(repr(self), self.weights[: self.n_pixels])

    @property
    def n_pixels(self) -> int:
        """How many visible units are pixels."""
        return self.n_visible - self.n_classes

    @property
    def all_binary(self) -> bool:
        """Whether every unit is 0 or 1 by itself, given the other layer: what pixel flips and gradients ask for."""
        return type(self) is RBM  # whatever is derived from it has other units

    def energy(self, v: ArrayLike, h: ArrayLike) -> Floats:
        """E(v, h) (n,) in nats for v (n, n_visible) and h (n, n_hidden), or of one pair of vectors."""
        v, h = self._visible(v), np.asarray(h, dtype=np.float32)
        energy: Floats = (
            self.visible_energy(v) - h @ self.hidden_bias - ((self._seen(v) @ self.weights) * h).sum(axis=-1)
        )
        return energy

    def free_energy(self, v: ArrayLike) -> Floats:
        """F(v) = -log Σ_h exp(-E(v, h)) (n,) in nats: minus the log-probability of v, up to log Z."""
        v = self._visible(v)
        hidden_part: Floats = softplus(self._seen(v) @ self.weights + self.hidden_bias).sum(axis=-1)
        return self.visible_energy(v) - hidden_part

    def visible_energy(self, v: Floats) -> Floats:
        """What the energy (n,) holds of v (n, n_visible) alone, in the precision of `v`: -v·b."""
        energy: Floats = -(v @ self.visible_bias)
        return energy

    def mean_hidden(self, v: ArrayLike) -> Floats:
        """p(h = 1 | v) (n, n_hidden), in [0, 1]."""
        return sigmoid(self._seen(self._visible(v)) @ self.weights + self.hidden_bias)

    def mean_visible(self, h: ArrayLike) -> Floats:
        """p(v = 1 | h) (n, n_visible), in [0, 1]."""
        return sigmoid(np.asarray(h, dtype=np.float32) @ self.weights.T + self.visible_bias)

    def tempered(self, temperature: float) -> RBM:
        """The RBM of p(v, h)^(1/T): every parameter over T. Above 1 flatter, below 1 more peaked."""
        if not 0 < temperature < np.inf:
            raise BadValue(f"temperature must be above 0, got {temperature}")
        return replace(self, **{name: getattr(self, name) / temperature for name in self.arrays})

    def rescaled(self, mean: Float64, scale: Float64) -> RBM:
        """The same machine of pixels x = scale·v + mean; raises BadValue, for only pixels with a variance of their own
        have another scale."""
        raise BadValue(f"the pixels of a {type(self).__name__} have one scale; learn their variances to have others")

    # ---- what exact sums and AIS know of the visible units: see rbm.measures

    @property
    def has_closed_sums(self) -> bool:
        """Whether `log_visible_sum_` is right of this class; of one that is derived from RBM only where it says so."""
        return self.all_binary

    def log_visible_sum_(self, x: Float64) -> Float64:
        """log Σ_v exp(v·x) (m,) over all v, for total inputs x (n_visible, m) = b + W·h, which are overwritten."""
        return sum_softplus_(x)

    def check_states(self, v: Floats) -> None:
        """Raises ValueError unless `v` (n, n_visible) are states that the visible units can have."""
        _check_binary(v)

    def draw_states(self, images: ArrayLike, rng: np.random.Generator) -> Array:
        """Pixels (n, n_pixels) that `check_states` passes, where grey levels are chances of ink."""
        return bernoulli(self._pixels(images), rng)

    # ---- how visible units draw, and what they learn from

    def draw_visible(self, mean: Floats, rng: np.random.Generator) -> Array:
        """v (n, n_visible) from its mean given h."""
        return bernoulli(mean, rng)

    def visible_units(self, rng: np.random.Generator, largest: int) -> Units:
        """The visible layer of the hot loop; `largest` is the size of the largest array that it will draw."""
        return Bernoulli(rng, largest)

    def layers(self, rng: np.random.Generator, largest: int, live: Learned | None = None) -> Layers:
        """Both layers of the hot loop. `live`: parameters in training, for units that draw by some of them."""
        return Layers(self.visible_units(rng, largest), Bernoulli(rng, largest))

    @staticmethod
    def check_data(data: ArrayLike) -> NDArray[np.uint8] | NDArray[np.floating]:
        """`data` as they are, if they are a non-empty (n, pixels) of uint8 or of floats in [0, 1]; else ValueError."""
        return check_images(data)

    @staticmethod
    def base_rates(mean: Float64, n: int, n_classes: int = 0) -> Float64:
        """Visible biases (n_visible,) of the best model without hidden units (UTML TR 2010-003, section 8.1).

        The log-odds of the pixels and the logs of the classes from their `mean` (n_visible,) over n images. An
        imaginary grey image among the n, of no class in particular, keeps each of them finite.
        """
        n_pixels = len(mean) - n_classes
        even = np.repeat([0.5, 1 / max(n_classes, 1)], [n_pixels, n_classes])
        pixels, classes = np.split((n * mean + even) / (n + 1), [n_pixels])
        return np.concatenate([np.log(pixels / (1 - pixels)), np.log(classes)])

    # ---- images and their classes: see rbm.LabelRBM

    @property
    def marginal(self) -> RBM:
        """The model of the pixels alone: this one, where there are no classes to sum out."""
        return self

    @property
    def joint(self) -> RBM:
        """The model that Gibbs chains run in: this one, unless it is the marginal of another."""
        return self

    @property
    def class_mask(self) -> NDArray[np.bool_]:
        """Which visible units (n_visible,) are class units: what to clamp to sample images of a class."""
        return np.arange(self.n_visible) >= self.n_pixels

    def join(self, images: ArrayLike, labels: ArrayLike) -> Array:
        """Visible states (n, n_visible) of images (n, n_pixels) and their labels, for which there is no unit here."""
        return self._pixels(images)

    def guess(self, images: ArrayLike) -> Array:
        """Visible states (n, n_visible) of images (n, n_pixels) alone."""
        return self._pixels(images)

    def class_log_probabilities(self, images: ArrayLike) -> NDArray[np.float64]:
        """log p(y | x) (n, n_classes) in nats for images (n, n_pixels): no column, where there are no classes."""
        return np.empty((len(self._pixels(images)), 0))

    def classify(self, images: ArrayLike) -> Labels:
        """The most probable class (n,) of each image. Raises ValueError where there are no classes."""
        raise ValueError(f"a {type(self).__name__} has no classes to tell apart; train one with labels")

    def _pixels(self, images: ArrayLike) -> Array:
        pixels = as_floats(self.check_data(images))
        if pixels.shape[1] != self.n_pixels:
            raise ValueError(f"this model has {self.n_pixels} pixels; got images of {pixels.shape[1]}")
        return pixels

    def _seen(self, v: Floats) -> Floats:
        return self.parameters.seen(v)

    def _visible(self, v: ArrayLike) -> Array:
        v = np.asarray(v, dtype=np.float32)
        if v.shape[-1:] != (self.n_visible,):
            raise ValueError(f"this model has {self.n_visible} visible units; got an array of shape {v.shape}")
        return v


def _check_binary(v: Floats) -> None:
    other = v[(v != 0) & (v != 1)]
    if other.size:
        raise ValueError(f"v must be binary, 0 or 1; it holds {other[0]}. Binarise first: images > 127")


def _frozen(name: str, value: ArrayLike) -> Array:
    array = np.array(value, dtype=np.float32, order="C")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values")
    array.setflags(write=False)
    return array
