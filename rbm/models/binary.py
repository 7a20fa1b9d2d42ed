"""The restricted Boltzmann machine and its closed-form formulas. No random number is drawn here.

    E(v, h) = - v·b - h·c - v·W·h            p(v, h) = exp(-E(v, h)) / Z

With binary visible units v, binary hidden units h, weights W, visible biases b and hidden biases c
(Smolensky 1986; notation of Fischer & Igel, Pattern Recognition 47, 2014).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from rbm.errors import BadValue
from rbm.models import notebook
from rbm.models.arrays import Array, Floats, sigmoid, softplus


@dataclass(frozen=True, eq=False, repr=False)
class RBM:
    """An RBM with binary units.

    `weights` (n_visible, n_hidden), `visible_bias` (n_visible,), `hidden_bias` (n_hidden,): kept as
    read-only float32 copies. Raises ValueError where shapes disagree or a value is not finite.
    """

    weights: Array
    visible_bias: Array
    hidden_bias: Array

    def __post_init__(self) -> None:
        for name in ("weights", "visible_bias", "hidden_bias"):
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_visible} visible, {self.n_hidden} hidden)"

    def _repr_html_(self) -> str:
        """The filters as a picture: what a notebook shows of a model."""
        return notebook.filters_html(repr(self), self.weights)

    def energy(self, v: ArrayLike, h: ArrayLike) -> Floats:
        """E(v, h) (n,) in nats for v (n, n_visible) and h (n, n_hidden), or of one pair of vectors."""
        v, h = self._visible(v), np.asarray(h, dtype=np.float32)
        energy: Floats = -(v @ self.visible_bias) - h @ self.hidden_bias - ((v @ self.weights) * h).sum(axis=-1)
        return energy

    def free_energy(self, v: ArrayLike) -> Floats:
        """F(v) = -log Σ_h exp(-E(v, h)) (n,) in nats: minus the log-probability of v, up to log Z."""
        v = self._visible(v)
        hidden_part: Floats = softplus(v @ self.weights + self.hidden_bias).sum(axis=-1)
        return -(v @ self.visible_bias) - hidden_part

    def mean_hidden(self, v: ArrayLike) -> Floats:
        """p(h = 1 | v) (n, n_hidden), in [0, 1]."""
        return sigmoid(self._visible(v) @ self.weights + self.hidden_bias)

    def mean_visible(self, h: ArrayLike) -> Floats:
        """p(v = 1 | h) (n, n_visible), in [0, 1]."""
        return sigmoid(np.asarray(h, dtype=np.float32) @ self.weights.T + self.visible_bias)

    def tempered(self, temperature: float) -> RBM:
        """The RBM of p(v, h)^(1/T): every parameter over T. Above 1 flatter, below 1 more peaked."""
        if not 0 < temperature < np.inf:
            raise BadValue(f"temperature must be above 0, got {temperature}")
        names = ("weights", "visible_bias", "hidden_bias")
        return replace(self, **{name: getattr(self, name) / temperature for name in names})

    def _visible(self, v: ArrayLike) -> Array:
        v = np.asarray(v, dtype=np.float32)
        if v.shape[-1:] != (self.n_visible,):
            raise ValueError(f"this model has {self.n_visible} visible units; got an array of shape {v.shape}")
        return v


def _frozen(name: str, value: ArrayLike) -> Array:
    array = np.array(value, dtype=np.float32, order="C")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values")
    array.setflags(write=False)
    return array
