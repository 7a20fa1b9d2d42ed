"""The model's side of the gradient: Gibbs chains that leave (v, p(h | v)) of the model's samples in given rows.

A chain is known by its hidden draws. One sweep is v ~ p(v | h), mean = p(h | v), h ~ mean.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from rbm.config import TrainConfig
from rbm.model import Array
from rbm.units import Bernoulli, Parameters, down, up


class Chains(Protocol):
    """`rows(n)`: how many chains run for a batch of n. `run` takes p(h | data) and fills `v` and `h`."""

    def rows(self, n: int) -> int: ...
    def run(self, p: Parameters, steps: int, data_h: Array, v: Array, h: Array) -> None: ...


class FromData:
    """Contrastive divergence: the chains start at the batch each time (Hinton 2002)."""

    def __init__(self, config: TrainConfig, batch_size: int, units: Bernoulli) -> None:
        self._units, self._sampled = units, config.negative == "sample"
        self._hidden = np.empty((batch_size, config.n_hidden), dtype=np.float32)

    def rows(self, n: int) -> int:
        return n

    def run(self, p: Parameters, steps: int, data_h: Array, v: Array, h: Array) -> None:
        mean = data_h
        for _ in range(steps):
            drawn = self._units.draw(mean, out=self._hidden[: len(mean)])
            mean = sweep(p, self._units, drawn, v, h, sampled=self._sampled)


class Persistent:
    """Persistent contrastive divergence: chains that are never reset (Tieleman, ICML 2008)."""

    def __init__(self, config: TrainConfig, p: Parameters, units: Bernoulli) -> None:
        self._units, self._sampled = units, config.negative == "sample"
        self._hidden = np.zeros((config.chains, config.n_hidden), dtype=np.float32)
        units.draw(units.mean_(self._hidden + p.hidden_bias), out=self._hidden)

    def rows(self, n: int) -> int:
        return len(self._hidden)

    def run(self, p: Parameters, steps: int, data_h: Array, v: Array, h: Array) -> None:
        for _ in range(steps):
            sweep(p, self._units, self._hidden, v, h, sampled=self._sampled)
            self._units.draw(h, out=self._hidden)


def start_chains(config: TrainConfig, batch_size: int, p: Parameters, units: Bernoulli) -> Chains:
    """The chains that `config.algorithm` asks for."""
    if config.algorithm == "cd":
        return FromData(config, batch_size, units)
    return Persistent(config, p, units)


def sweep(p: Parameters, units: Bernoulli, drawn: Array, v: Array, h: Array, sampled: bool) -> Array:
    """v becomes a draw of (or the mean of) p(v | drawn), h becomes p(h | v)."""
    units.mean_(down(p, drawn, out=v))
    if sampled:
        units.draw(v, out=v)
    return units.mean_(up(p, v, out=h))
