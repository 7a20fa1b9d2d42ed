"""The deep belief net: RBMs in a tower, of which only the top one still is an undirected machine.

    p(v, h1, ..., hL) = p(v | h1) p(h1 | h2) ... p(h_{L-1}, hL)

The last factor is the top RBM with its own energy and Z; every other layer lends its p(lower | upper) alone. What goes
up, q(h1 | v) q(h2 | h1) ..., is each RBM's own p(hidden | visible): right for the top, an approximation below
(Hinton, Osindero & Teh, Neural Computation 18, 2006).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.models.arrays import Array, Float64, Floats, Labels, bernoulli, sigmoid, sum_softplus_
from rbm.models.binary import RBM
from rbm.models.sampling import sweeps

MAX_LAYERS = 10  # of a net: more learn nothing new of such images
BLOCK = 500  # images at a time, so that float64 arrays of either layer stay small


@dataclass(frozen=True, eq=False, repr=False)
class DeepBeliefNet:
    """A deep belief net of `layers`, bottom first; the top may be an `rbm.LabelRBM`. One layer alone is its RBM.

    "Depth" d counts layers of hidden units: 0 is the pixels, `depth` the hidden units of the top. Raises BadValue
    where a layer has not as many visible units as the one below has hidden ones, for layers of another kind above the
    first, classes below the top, and none or more than 10 layers.
    """

    layers: tuple[RBM, ...]

    def __post_init__(self) -> None:
        layers = tuple(self.layers)
        object.__setattr__(self, "layers", layers)
        if not 1 <= len(layers) <= MAX_LAYERS:
            raise BadValue(f"a deep belief net has 1 to {MAX_LAYERS} layers, got {len(layers)}")
        for number, (lower, upper) in enumerate(pairwise(layers), 2):
            if lower.n_classes or lower.joint is not lower:
                raise BadValue(f"only the top layer may have classes; layer {number - 1} is a {type(lower).__name__}")
            if upper.pixel_kind != "binary" or upper.joint is not upper:
                raise BadValue(f"layer {number} must be an RBM or a LabelRBM of binary units, got {upper!r}")
            if upper.n_pixels != lower.n_hidden:
                raise BadValue(
                    f"layer {number} has {upper.n_pixels} units for the {lower.n_hidden} hidden ones of the layer below"
                )

    def __repr__(self) -> str:
        sizes = "-".join(str(n) for n in (self.n_pixels, *(layer.n_hidden for layer in self.layers)))
        return f"DeepBeliefNet({sizes}{f', {self.n_classes} classes' if self.n_classes else ''})"

    @property
    def depth(self) -> int:
        """How many layers of hidden units there are."""
        return len(self.layers)

    @property
    def top(self) -> RBM:
        """The RBM on top, in which dreams begin."""
        return self.layers[-1]

    @property
    def n_pixels(self) -> int:
        return self.layers[0].n_pixels

    @property
    def n_classes(self) -> int:
        """Classes that the top knows; 0 where it was trained without labels."""
        return self.top.n_classes

    # ---- up and down

    def up(self, v: ArrayLike, depth: int | None = None) -> Array:
        """Features: the means (n, units at `depth`) of images v (n, n_pixels), uint8 or as the first layer learned.

        Each layer is given the means of the one below; of classes nothing is known, and they are summed out. Without
        `depth` up to the top's hidden units. Raises ValueError for other images, BadValue for a depth that isn't there.
        """
        means = self.layers[0].marginal.guess(v)
        for layer in self.layers[: self._checked(self.depth if depth is None else depth)]:
            means = layer.marginal.mean_hidden(means).astype(np.float32, copy=False)
        return means

    def down(self, h: ArrayLike, depth: int, rng: np.random.Generator | None = None) -> Array:
        """Pixel means (n, n_pixels) of units h (n, units at `depth`), one pass down.

        On the way units are drawn where a generator is given, which is what p(v | h) of a net means; without one each
        layer is given means. Raises BadValue for a depth or for units that aren't there.
        """
        units = np.asarray(h, dtype=np.float32)
        if units.shape[-1:] != (wanted := self._units(self._checked(depth)),):
            raise BadValue(f"at depth {depth} there are {wanted} units; got an array of shape {units.shape}")
        for level in range(depth, 0, -1):
            layer = self.layers[level - 1]
            units = layer.mean_visible(units)[..., : layer.n_pixels].astype(np.float32, copy=False)
            if rng is not None and level > 1:
                units = bernoulli(units, rng)
        return units

    def reconstruct(self, v: ArrayLike, depth: int) -> Array:
        """Pixel means (n, n_pixels) of images v (n, n_pixels) that went up to `depth` and down again, all by means."""
        return self.down(self.up(v, depth), depth)

    def receptive(self, depth: int) -> Array:
        """W1 W2 ... (n_pixels, units at `depth`): what each unit looks for, as if every unit in between were linear.

        Raises BadValue for a depth that isn't there, or 0: a pixel looks for itself.
        """
        if self._checked(depth) == 0:
            raise BadValue("receptive fields begin at depth 1: a pixel looks for itself")
        fields = self.layers[0].weights[: self.layers[0].n_pixels]
        for layer in self.layers[1:depth]:
            fields = fields @ layer.weights[: layer.n_pixels]
        return fields

    # ---- reading and dreaming

    def class_log_probabilities(self, v: ArrayLike) -> NDArray[np.float64]:
        """log p(y | h) (n, n_classes) in nats at the top, given the means h of images v (n, n_pixels)."""
        return self.top.class_log_probabilities(self.up(v, self.depth - 1))

    def classify(self, v: ArrayLike) -> Labels:
        """The most probable class (n,) of images v (n, n_pixels). Raises ValueError where the top has no classes."""
        return self.top.classify(self.up(v, self.depth - 1))

    def dream(self, start: ArrayLike, steps: int, rng: np.random.Generator, label: ArrayLike | None = None) -> Array:
        """Pixel means (n, n_pixels) of dreams: `steps` Gibbs sweeps of the top, from images `start`, then one way down.

        start: images (n, n_pixels) that go up as draws: real ones, or noise with the ink of the mean image; from even
        noise a trained net may take thousands of sweeps to find its pictures. label: a class, or one an image (n,),
        that the top is held to. Raises BadValue for labels without classes, ValueError for images or labels that
        can't be, and for a negative number of steps.
        """
        drawn = self._draw_up(start, rng)
        for visible, mean in self._top_sweeps(drawn, steps, rng, label):
            drawn = mean if self.depth == 1 else visible  # the pixels shown are means
        return self.down(drawn[:, : self.top.n_pixels], self.depth - 1, rng)

    def _draw_up(self, images: ArrayLike, rng: np.random.Generator) -> Array:
        """States (n, n_pixels of the top) on which the top's chain begins."""
        states = self.layers[0].marginal.guess(images)
        for layer in self.layers[:-1]:
            states = bernoulli(layer.mean_hidden(states), rng)
        return states

    def _top_sweeps(
        self, states: Array, steps: int, rng: np.random.Generator, label: ArrayLike | None
    ) -> Iterator[tuple[Array, Array]]:
        if label is None:
            return iter(sweeps(self.top.marginal, states, steps, rng))
        if not self.n_classes:
            raise BadValue("this net has no classes to dream of; train its top with labels, or leave the label out")
        start = self.top.join(states, np.broadcast_to(np.asarray(label), len(states)))
        return iter(sweeps(self.top, start, steps, rng, clamp=self.top.class_mask))

    # ---- what it is worth

    def bound(self, v: ArrayLike, log_z_top: float, rng: np.random.Generator, samples: int = 1) -> Float64:
        """A lower bound on log p(v) (n,) in nats, on average over `rng`, of states v (n, n_pixels).

            log p(v) >= E_q[ log 1/K Σ_k w_k ],   w = p(v, h1, ..., h_{L-1}) / q(h1, ..., h_{L-1} | v)

        log_z_top: log Z of the top, with its classes, as `rbm.exact` or `rbm.likelihood` finds it. samples: K draws
        from q for each image. K = 1 is the variational bound of Hinton, Osindero & Teh (2006); more tighten it, up to
        log p(v) itself (Burda, Grosse & Salakhutdinov, arXiv 1509.00519, theorem 1). Computed in float64. As in every
        RBM log p(v | h) - log q(h | v) = G(h) - F(v), with the free energies F of visible and G of hidden states,

            log w = -F1(v) + Σ_l [ G_l(h_l) - F_{l+1}(h_l) ] - log Z

        and with W2 = W1 transposed and biases exchanged each bracket is 0: the bound is the RBM's own log-likelihood.
        Raises ValueError for v that are no states of the pixels, BadValue for fewer than 1 sample.
        """
        if samples < 1:
            raise BadValue(f"a bound takes 1 sample or more, got {samples}")
        states = np.atleast_2d(np.asarray(v))
        if states.ndim != 2 or states.shape[1] != self.n_pixels or not len(states):
            raise BadValue(f"this net asks for v of shape (n, {self.n_pixels}), n at least 1; got {np.shape(v)}")
        blocks = [states[begin : begin + BLOCK].astype(np.float64) for begin in range(0, len(states), BLOCK)]
        return np.concatenate([self._bound(block, rng, samples) for block in blocks]) - log_z_top

    def _bound(self, v: Float64, rng: np.random.Generator, samples: int) -> Float64:
        """log 1/K Σ_k w_k + log Z (m,)."""
        self.layers[0].marginal.check_states(v)
        total = np.full(len(v), -np.inf)
        for _ in range(samples):
            np.logaddexp(total, self._log_weights(v, rng), out=total)
        log_mean: Float64 = total - np.log(samples)
        return log_mean - free_energy(self.layers[0], v)

    def _log_weights(self, v: Float64, rng: np.random.Generator) -> Float64:
        """Σ_l [ G_l(h_l) - F_{l+1}(h_l) ] (m,) of one draw of all h from q."""
        total = np.zeros(len(v))
        below = v
        for lower, upper in pairwise(self.layers):
            x = lower.parameters.seen(below) @ lower.weights.astype(np.float64) + lower.hidden_bias
            h = bernoulli(sigmoid(x), rng).astype(np.float64)
            total += hidden_free_energy(lower, h) - free_energy(upper, h)
            below = h
        return total

    def _units(self, depth: int) -> int:
        return self.layers[depth - 1].n_hidden if depth else self.n_pixels

    def _checked(self, depth: int) -> int:
        if not 0 <= depth <= self.depth:
            raise BadValue(f"this net has depths 0 (the pixels) to {self.depth}, got {depth}")
        return depth


def free_energy(model: RBM, v: Float64) -> Float64:
    """F(v) = -log Σ_h exp(-E(v, h)) (m,) in nats of pixels v (m, n_pixels); classes, if any, are summed out too."""
    w, c = model.weights.astype(np.float64), model.hidden_bias.astype(np.float64)
    pixels = model.marginal
    x = w[: model.n_pixels].T @ model.parameters.seen(v).T + c[:, None]
    if not model.n_classes:
        return pixels.visible_energy(v) - sum_softplus_(x)
    classes = zip(w[model.n_pixels :], model.visible_bias[model.n_pixels :].astype(np.float64), strict=True)
    scores = [bias + sum_softplus_(x + row[:, None]) for row, bias in classes]
    total: Floats = np.logaddexp.reduce(scores, axis=0)
    return pixels.visible_energy(v) - total


def hidden_free_energy(model: RBM, h: Float64) -> Float64:
    """G(h) = -log Σ_v exp(-E(v, h)) (m,) in nats of hidden states h (m, n_hidden)."""
    x = model.weights.astype(np.float64) @ h.T + model.visible_bias.astype(np.float64)[:, None]
    return -(h @ model.hidden_bias) - model.log_visible_sum_(x)
