"""What a hidden unit computes over one picture, and what the pixels answer to it: the two conditionals, spelt out.

p(h_j = 1 | v) = σ(w_j·v + c_j)            p(v | h) with h_j = 1, and with h_j = 0
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rbm.models.arrays import Array, Floats, sigmoid
from rbm.models.binary import RBM


class UnitSum(NamedTuple):
    """Of hidden unit `unit`: `products` w_ij v_i (n_pixels,), the sum `classes` over class units (0 without any), and
    the `bias` c_j."""

    unit: int
    products: Floats
    classes: float
    bias: float

    @property
    def pixels(self) -> float:
        """w·v over the pixels."""
        return float(self.products.sum())

    @property
    def total(self) -> float:
        """What the unit adds up to, its bias included."""
        return self.pixels + self.classes + self.bias

    @property
    def chance(self) -> float:
        """p(h_j = 1 | v), in [0, 1]."""
        return float(sigmoid(np.array([self.total]))[0])


class Answers(NamedTuple):
    """Means of the pixels (n_pixels,) given the hidden layer, with the unit on and off."""

    on: Floats
    off: Floats


def states(model: RBM, image: ArrayLike) -> Array:
    """The visible units (n_visible,) of an image (n_pixels,): class units, if there are any, at p(y | x)."""
    visible: Array = model.guess(np.asarray(image, dtype=np.float32)[None])[0]
    return visible


def lit(model: RBM, image: ArrayLike) -> Floats:
    """p(h = 1 | v) (n_hidden,) of an image (n_pixels,), as the sums below give it."""
    return model.mean_hidden(states(model, image))


def unit_sum(model: RBM, image: ArrayLike, unit: int) -> UnitSum:
    """What hidden unit `unit` makes of an image (n_pixels,). IndexError where there is no such unit."""
    products = model.weights[:, unit].astype(np.float64) * model.parameters.seen(states(model, image))
    pixels, classes = np.split(products, [model.n_pixels])
    return UnitSum(unit, pixels, float(classes.sum()), float(model.hidden_bias[unit]))


def answers(model: RBM, hidden: Floats, unit: int) -> Answers:
    """What the pixels answer to the hidden layer `hidden` (n_hidden,) with one unit switched on, and off."""
    both = np.stack([hidden, hidden])
    both[:, unit] = 1, 0
    on, off = model.mean_visible(both)[:, : model.n_pixels]
    return Answers(on, off)
