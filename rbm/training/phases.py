"""The two sides of one update, with all that was drawn for them, to be looked at.

    ΔW_j / η = <v h_j>_data - <v h_j>_chain

of one hidden unit j: what goes with it in the data, minus what goes with it in the chain's dreams.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rbm.models.arrays import Array, Float64, Floats

LIVELY = 0.25  # standard deviation of p(h | v): half of what a unit has that is on for every other image


class Products(NamedTuple):
    """Of one hidden unit: <v h> (n_visible,) of the data, of the chain, and the difference, which it learns."""

    data: Float64
    chain: Float64
    change: Float64


class Phases(NamedTuple):
    """`data_v` (n, n_visible) are the images and `data_h` = p(h | v) (n, n_hidden) of them; `chain_v` (m, n_visible)
    and `chain_h` (m, n_hidden) the same of the dreams."""

    data_v: Array
    data_h: Floats
    chain_v: Array
    chain_h: Floats

    def of_unit(self, unit: int) -> Products:
        """What hidden unit `unit` learns, before rate, momentum and penalties."""
        data = _together(self.data_v, self.data_h[:, unit])
        chain = _together(self.chain_v, self.chain_h[:, unit])
        return Products(data, chain, data - chain)

    def learns_most(self) -> int:
        """The unit whose wires change most, by the sum of squares, of those that tell these images apart; of all where
        none does. One that is always on would only show how the dreams differ from the batch as a whole."""
        n, m = len(self.data_v), len(self.chain_v)
        change = self.data_v.T @ self.data_h / n - self.chain_v.T @ self.chain_h / m
        lively = self.data_h.std(axis=0) >= LIVELY
        size = np.square(change).sum(axis=0) * (lively if lively.any() else 1)
        return int(size.argmax())


def _together(v: Array, h: Floats) -> Float64:
    """<v h> (n_visible,): the mean over rows."""
    mean: Float64 = (v * h[:, None]).mean(axis=0, dtype=np.float64)
    return mean
