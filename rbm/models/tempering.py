"""Parallel tempering: chains at several temperatures that swap, to train by and to look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rbm.models.arrays import Array, Arrays
from rbm.models.layers import Layers, Learned, down, up


class Tempered:
    """Parallel tempering: every chain runs at a ladder of inverse temperatures β, and neighbours swap.

        p_β(v, h) ∝ exp(-β E(v, h)) · exp((1 - β) v·base)

    The model is at β = 1. At β = 0 all units are independent and the visible ones have the data's means, so
    the ladder spans what the model has learned and no more (Cho, Raiko & Ilin, IJCNN 2010; the swaps are
    those of Desjardins et al., AISTATS 2010). What swaps is the rung a row stands on, not the row.
    """

    def __init__(
        self, chains: int, rungs: int, p: Learned, base: Array, layers: Layers, rng: np.random.Generator
    ) -> None:
        self._layers, self._base, self._rng = layers, base, rng
        self._beta = np.linspace(1, 0, rungs, dtype=np.float32)
        self._row_at = np.arange(rungs * chains).reshape(rungs, chains)  # on this rung of this chain
        self._hidden = independent_draws(p, rungs * chains, layers)
        self._mean = np.empty_like(self._hidden)
        self._visible = np.empty((rungs * chains, len(base)), dtype=np.float32)
        self.swaps = np.zeros((rungs - 1, 2), dtype=np.int64)  # of each pair of neighbours: made and tried

    def rows(self, n: int) -> int:
        return self._row_at.shape[1]

    def run(self, p: Learned, steps: int, data_h: Array, v: Array, h: Array) -> None:
        for _ in range(steps):
            self._sweep(p)
        coldest, m = self._row_at[0], len(h)
        if len(v) > m:
            self._layers.visible.mean_(down(p, data_h, out=v[m:]))
        np.take(self._visible, coldest, axis=0, out=v[:m], mode="clip")
        np.take(self._mean, coldest, axis=0, out=h, mode="clip")

    def arrays(self) -> Arrays:
        return {"chains": self._hidden, "rungs": self._row_at}

    def _sweep(self, p: Learned) -> None:
        visible, hidden = self._layers
        v = down(p, self._hidden, out=self._visible)
        v -= self._base
        v *= self._row_beta()
        v += self._base
        visible.sample(v, out=v)
        x = up(p, v, out=self._mean)
        self._swap(p.seen(v) @ (self._base - p.visible_bias) - np.einsum("ij,ij->i", x, self._hidden))
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
            self.swaps[first:last:2] += np.stack([swap.sum(axis=1), np.full(len(swap), swap.shape[1])], axis=1)


def independent_draws(p: Learned, n: int, layers: Layers) -> Array:
    """Hidden draws (n, n_hidden) of the model before it has learned anything, when units are independent."""
    mean = np.tile(p.hidden_bias, (n, 1))
    return layers.hidden.draw(layers.hidden.mean_(mean), out=mean)
