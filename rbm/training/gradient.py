"""From stacked samples to the step of every parameter: one matrix product, whatever the options.

Data rows stand above, model rows below, each scaled by its share of the step (+rate/n or -rate/m). Then

    ΔW = vᵀ h        Δb = Σ share·v        Δc = Σ h

hold both terms of the gradient, and centring is two rows more. What was there before may stay and be added to: the
velocity of momentum, or the parameters themselves.
"""

from __future__ import annotations

import numpy as np

from rbm.models.arrays import Array, Arrays
from rbm.models.blas import add_product
from rbm.models.layers import Learned
from rbm.training.config import TrainConfig

OFFSET_RATE = np.float32(0.01)  # how fast centring's offsets follow the data; Melchior et al. use the same


class Gradient:
    """Holds the rows of `visible` and `hidden` that others fill: data, model, and in `visible` a batch to spare.

    `more`: rows that a kind of gradient adds below the model's.
    """

    def __init__(
        self, config: TrainConfig, batch: int, model_rows: int, visible_mean: Array, hidden_mean: Array, more: int = 0
    ) -> None:
        self._config, self._batch, rows = config, batch, batch + model_rows
        self.visible = np.empty((rows + max(batch, more + 2), len(visible_mean)), dtype=np.float32)
        self.hidden = np.empty((rows + more + 2, len(hidden_mean)), dtype=np.float32)
        self._share = np.empty(rows, dtype=np.float32)
        self._mu, self._lambda = visible_mean, hidden_mean
        self._activity = hidden_mean.copy()
        decays = bool(config.l1 or config.l2)
        self.may_add = not (decays or config.centering)  # whether a step may go into the parameters it is made from
        self._scratch = np.empty(0 if self.may_add else (len(visible_mean), len(hidden_mean)), dtype=np.float32)

    @property
    def offsets(self) -> tuple[Array, Array] | None:
        """μ (n_visible,) and λ (n_hidden,) of centring, live; None without."""
        return (self._mu, self._lambda) if self._config.centering else None

    def arrays(self) -> Arrays:
        """The running means that are in use, live."""
        arrays: Arrays = {}
        if self._config.centering:
            arrays |= {"visible_offset": self._mu, "hidden_offset": self._lambda}
        if self._config.sparsity_cost:
            arrays |= {"activity": self._activity}
        return arrays

    def step(self, n: int, m: int, rate: float, weights: Array, out: Learned, keep: float = 0) -> None:
        """`out` becomes keep times itself and rate times the gradient, from n data rows and m model rows.

        Uses the hidden rows up. With `keep` 0 it doesn't matter what `out` held. `weights` may be those of `out` where
        `may_add` says so.
        """
        v, h = self.visible[: n + m], self.hidden[: n + m]
        if self._config.centering:
            self._move_offsets(v[:n], h[:n])
        if self._config.sparsity_cost:
            h[:n] -= self._sparsity_push(h[:n])
        share = self._share[: n + m]
        share[:n], share[n:] = rate / n, -rate / m
        h[:n] *= share[0]  # the step goes into the rows, which are fewer than the weights
        h[n:] *= share[-1]
        self._add(n + m, share @ v, np.ones(n + m, dtype=np.float32) @ h, out, keep)
        self._decay(weights, rate, out.weights)

    def _add(self, rows: int, visible_bias: Array, hidden_bias: Array, out: Learned, keep: float) -> None:
        """The step into `out`: the biases' is given, that of the weights in the rows."""
        if self._config.centering:
            visible_bias, hidden_bias = self._centred_product(rows, visible_bias, hidden_bias)
            add_(out.weights, self._scratch, keep)
        else:
            add_product(self.visible[:rows].T, self.hidden[:rows], out.weights, keep)
        add_(out.visible_bias, visible_bias, keep)
        add_(out.hidden_bias, hidden_bias, keep)

    def _move_offsets(self, data_v: Array, data_h: Array) -> None:
        rate = OFFSET_RATE * np.float32(len(data_v) / self._batch)
        self._mu += rate * (data_v.mean(axis=0) - self._mu)
        self._lambda += rate * (data_h.mean(axis=0) - self._lambda)

    def _centred_product(self, rows: int, visible_bias: Array, hidden_bias: Array) -> tuple[Array, Array]:
        """G = <(v - μ)(h - λ)ᵀ>_data - <(v - μ)(h - λ)ᵀ>_model, then Δb -= G λ and Δc -= Gᵀ μ.

        As the shares of data and model cancel, centring adds -μ Δhᵀ - Δv λᵀ: two rows. The bias terms carry
        the step over to the ordinary parametrisation (Melchior, Fischer & Wiskott, arXiv 1311.1354). G is left in
        the scratch; the bias terms are returned.
        """
        np.negative(self._mu, out=self.visible[rows])
        self.hidden[rows] = hidden_bias
        np.negative(visible_bias, out=self.visible[rows + 1])
        self.hidden[rows + 1] = self._lambda
        np.matmul(self.visible[: rows + 2].T, self.hidden[: rows + 2], out=self._scratch)
        return visible_bias - self._scratch @ self._lambda, hidden_bias - self._mu @ self._scratch

    def _sparsity_push(self, data_h: Array) -> Array:
        """cost · (q - target) (n_hidden,), to be taken off the data rows; q is the running mean of each unit.

        That is the slope of the cross-entropy between q and target in the unit's total input, the same for
        every image; so it reaches weights and biases through the product (guide, section 11).
        """
        config = self._config
        rate = np.float32(1 - config.sparsity_decay) * np.float32(len(data_h) / self._batch)
        self._activity += rate * (data_h.mean(axis=0) - self._activity)
        return np.float32(config.sparsity_cost) * (self._activity - np.float32(config.sparsity_target))

    def _decay(self, weights: Array, rate: float, change: Array) -> None:
        """The slopes of l2·½Σw² and l1·Σ|w|; the second stops at 0 a weight that it would carry across."""
        if self._config.l2:
            change -= np.multiply(weights, np.float32(rate * self._config.l2), out=self._scratch)
        if self._config.l1:
            most = np.float32(rate * self._config.l1)
            change -= np.clip(weights, -most, most, out=self._scratch)


def add_(out: Array, change: Array, keep: float) -> None:
    """out becomes keep·out + change; with `keep` 0 it doesn't matter what it held."""
    if not keep:
        out[...] = change
        return
    if keep != 1:
        out *= np.float32(keep)
    out += change
