"""The model's side of the gradient: Gibbs chains that leave (v, p(h | v)) of the model's samples in given rows.

A chain is known by its hidden draws. One sweep is v ~ p(v | h), mean = p(h | v), h ~ mean.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rbm.config import TrainConfig
from rbm.model import Array
from rbm.state import Arrays
from rbm.units import Layers, Parameters, down, up


class Chains(Protocol):
    """What the trainer asks of its chains."""

    def rows(self, n: int) -> int:
        """How many samples `run` leaves for a batch of n."""

    def run(self, p: Parameters, steps: int, data_h: Array, v: Array, h: Array) -> None:
        """Make `steps` sweeps, from `data_h` = p(h | v) of the batch where the chains start there.

        `h` (m, n_hidden) and the first m rows of `v` become the samples. If `v` has more rows, as many as
        the batch, they become its mean-field reconstructions p(v | data_h), in one product with the sweep.
        """

    def arrays(self) -> Arrays:
        """The chains' own state, live."""


def start_chains(
    config: TrainConfig, batch_size: int, p: Parameters, base: Array, layers: Layers, rng: np.random.Generator
) -> Chains:
    """The chains that `config.algorithm` asks for; `base`: visible biases of the independent-units model."""
    if config.algorithm == "cd":
        return FromData(config, batch_size, layers)
    if config.algorithm == "pcd":
        return Persistent(config, batch_size, p, layers)
    return Tempered(config, p, base, layers, rng)


class FromData:
    """Contrastive divergence: the chains start at the batch each time (Hinton 2002)."""

    def __init__(self, config: TrainConfig, batch_size: int, layers: Layers) -> None:
        self._layers, self._sampled = layers, config.negative == "sample"
        self._hidden = np.empty((2 * batch_size, config.n_hidden), dtype=np.float32)

    def rows(self, n: int) -> int:
        return n

    def run(self, p: Parameters, steps: int, data_h: Array, v: Array, h: Array) -> None:
        n = len(data_h)
        drawn = self._layers.hidden.draw(data_h, out=self._hidden[:n])
        sweep(p, self._layers, with_rows(self._hidden, n, data_h, len(v)), v, h, sampled=self._sampled)
        for _ in range(steps - 1):
            self._layers.hidden.draw(h, out=drawn)
            sweep(p, self._layers, drawn, v[:n], h, sampled=self._sampled)

    def arrays(self) -> Arrays:
        return {}


class Persistent:
    """Persistent contrastive divergence: chains that are never reset (Tieleman, ICML 2008)."""

    def __init__(self, config: TrainConfig, batch_size: int, p: Parameters, layers: Layers) -> None:
        self._layers, self._sampled = layers, config.negative == "sample"
        self._both = np.empty((config.chains + batch_size, config.n_hidden), dtype=np.float32)
        self._hidden = self._both[: config.chains]
        self._hidden[...] = independent_draws(p, config.chains, layers)

    def rows(self, n: int) -> int:
        return len(self._hidden)

    def run(self, p: Parameters, steps: int, data_h: Array, v: Array, h: Array) -> None:
        m = len(h)
        sweep(p, self._layers, with_rows(self._both, m, data_h, len(v)), v, h, sampled=self._sampled)
        self._layers.hidden.draw(h, out=self._hidden)
        for _ in range(steps - 1):
            sweep(p, self._layers, self._hidden, v[:m], h, sampled=self._sampled)
            self._layers.hidden.draw(h, out=self._hidden)

    def arrays(self) -> Arrays:
        return {"chains": self._hidden}


class Tempered:
    """Parallel tempering: every chain runs at a ladder of inverse temperatures β, and neighbours swap.

        p_β(v, h) ∝ exp(-β E(v, h)) · exp((1 - β) v·base)

    The model is at β = 1. At β = 0 all units are independent and the visible ones have the data's means, so
    the ladder spans what the model has learned and no more (Cho, Raiko & Ilin, IJCNN 2010; the swaps are
    those of Desjardins et al., AISTATS 2010). What swaps is the rung a row stands on, not the row.
    """

    def __init__(
        self, config: TrainConfig, p: Parameters, base: Array, layers: Layers, rng: np.random.Generator
    ) -> None:
        rungs, chains = config.temperatures, config.chains
        self._layers, self._base, self._rng = layers, base, rng
        self._beta = np.linspace(1, 0, rungs, dtype=np.float32)
        self._row_at = np.arange(rungs * chains).reshape(rungs, chains)  # on this rung of this chain
        self._hidden = independent_draws(p, rungs * chains, layers)
        self._mean = np.empty_like(self._hidden)
        self._visible = np.empty((rungs * chains, len(base)), dtype=np.float32)

    def rows(self, n: int) -> int:
        return self._row_at.shape[1]

    def run(self, p: Parameters, steps: int, data_h: Array, v: Array, h: Array) -> None:
        for _ in range(steps):
            self._sweep(p)
        coldest, m = self._row_at[0], len(h)
        if len(v) > m:
            self._layers.visible.mean_(down(p, data_h, out=v[m:]))
        np.take(self._visible, coldest, axis=0, out=v[:m], mode="clip")
        np.take(self._mean, coldest, axis=0, out=h, mode="clip")

    def arrays(self) -> Arrays:
        return {"chains": self._hidden, "rungs": self._row_at}

    def _sweep(self, p: Parameters) -> None:
        visible, hidden = self._layers
        v = down(p, self._hidden, out=self._visible)
        v -= self._base
        v *= self._row_beta()
        v += self._base
        visible.draw(visible.mean_(v), out=v)
        x = up(p, v, out=self._mean)
        self._swap(v @ (self._base - p.visible_bias) - np.einsum("ij,ij->i", x, self._hidden))
        x *= self._row_beta()
        hidden.draw(hidden.mean_(x), out=self._hidden)

    def _row_beta(self) -> Array:
        beta = np.empty(self._row_at.size, dtype=np.float32)
        beta[self._row_at] = self._beta[:, None]
        return beta[:, None]

    def _swap(self, energy: Array) -> None:
        """Neighbours i, j swap with probability min(1, exp((β_i - β_j)(E_i - E_j))): even pairs, then odd."""
        last = len(self._beta) - 1
        for first in (0, 1):
            i, j = self._row_at[first:last:2], self._row_at[first + 1 :: 2]
            gap = self._beta[first:last:2] - self._beta[first + 1 :: 2]
            swap: NDArray[np.bool_] = -self._rng.standard_exponential(i.shape) < gap[:, None] * (energy[i] - energy[j])
            i[...], j[...] = np.where(swap, j, i), np.where(swap, i, j)


def independent_draws(p: Parameters, n: int, layers: Layers) -> Array:
    """Hidden draws (n, n_hidden) of the model before it has learned anything, when units are independent."""
    mean = np.tile(p.hidden_bias, (n, 1))
    return layers.hidden.draw(layers.hidden.mean_(mean), out=mean)


def with_rows(hidden: Array, m: int, more: Array, rows: int) -> Array:
    """The first `rows` rows of `hidden`: m that are there, and below them `more`, if that is asked for."""
    if rows > m:
        hidden[m:rows] = more
    return hidden[:rows]


def sweep(p: Parameters, layers: Layers, hidden: Array, v: Array, h: Array, sampled: bool) -> None:
    """v becomes the mean of p(v | hidden); as many rows as `h` has, drawn from it if `sampled`, go up to p(h | v)."""
    layers.visible.mean_(down(p, hidden, out=v))
    samples = v[: len(h)]
    if sampled:
        layers.visible.draw(samples, out=samples)
    layers.hidden.mean_(up(p, samples, out=h))
