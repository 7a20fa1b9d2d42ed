"""The model's side of the gradient: Gibbs chains that leave (v, p(h | v)) of the model's samples in given rows.

A chain is known by its hidden draws. One sweep is v ~ p(v | h), mean = p(h | v), h ~ mean.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rbm.measures.trajectory import Trajectory
from rbm.models.arrays import Array, Arrays
from rbm.models.layers import Layers, Learned, down, up
from rbm.models.tempering import Tempered, independent_draws
from rbm.training.config import TrainConfig

Counts = NDArray[np.int64]


class Chains(Protocol):
    """What the trainer asks of its chains."""

    def rows(self, n: int) -> int:
        """How many samples `run` leaves for a batch of n."""

    def run(self, p: Learned, steps: int, data_h: Array, v: Array, h: Array) -> None:
        """Make `steps` sweeps, from `data_h` = p(h | v) of the batch where the chains start there.

        `h` (m, n_hidden) and the first m rows of `v` become the samples. If `v` has more rows, as many as
        the batch, they become its mean-field reconstructions p(v | data_h), in one product with the sweep.
        """

    def arrays(self) -> Arrays:
        """The chains' own state, live."""

    @property
    def swaps(self) -> Counts | None:
        """Swaps (pairs of neighbouring temperatures, 2), made and tried, live; None without temperatures."""


def start_chains(
    config: TrainConfig, batch_size: int, p: Learned, base: Array, layers: Layers, rng: np.random.Generator
) -> Chains:
    """The chains that `config.algorithm` asks for; `base`: visible biases of the independent-units model."""
    if config.algorithm == "cd":
        return FromData(config, batch_size, layers)
    if config.algorithm == "pcd":
        return Persistent(config, batch_size, p, layers)
    return Tempered(config.chains, config.temperatures, p, base, layers, rng)


def swap_rates(swaps: Counts | None) -> dict[str, float]:
    """Shares of the `swaps` tried since the last call that succeeded, which are counted anew; nothing without any."""
    if swaps is None:
        return {}
    rates = swaps[:, 0] / swaps[:, 1]
    swaps[...] = 0
    return {"swap_rate": float(rates.mean()), "swap_rate_lowest": float(rates.min())}


class FromData:
    """Contrastive divergence: the chains start at the batch each time (Hinton 2002)."""

    swaps = None

    def __init__(self, config: TrainConfig, batch_size: int, layers: Layers) -> None:
        self._layers, self._sampled = layers, config.negative == "sample"
        self._hidden = np.empty((2 * batch_size, config.n_hidden), dtype=np.float32)

    def rows(self, n: int) -> int:
        return n

    def run(self, p: Learned, steps: int, data_h: Array, v: Array, h: Array) -> None:
        n = len(data_h)
        drawn = self._layers.hidden.draw(data_h, out=self._hidden[:n])
        for _ in range(steps - 1):
            sweep(p, self._layers, drawn, v[:n], h, sampled=self._sampled)
            self._layers.hidden.sample(h, out=drawn)
        sweep(p, self._layers, with_rows(self._hidden, n, data_h, len(v)), v, h, sampled=self._sampled)
        self._layers.hidden.mean_(h)

    def arrays(self) -> Arrays:
        return {}


class Persistent:
    """Persistent contrastive divergence: chains that are never reset (Tieleman, ICML 2008).

    hidden: where they are, live. trajectory: what is told of their way, if anybody listens.
    """

    swaps = None
    trajectory: Trajectory | None = None

    def __init__(self, config: TrainConfig, batch_size: int, p: Learned, layers: Layers) -> None:
        self._layers, self._sampled = layers, config.negative == "sample"
        self._both = np.empty((config.chains + batch_size, config.n_hidden), dtype=np.float32)
        self.hidden = self._both[: config.chains]
        self.hidden[...] = independent_draws(p, config.chains, layers)

    def rows(self, n: int) -> int:
        return len(self.hidden)

    def run(self, p: Learned, steps: int, data_h: Array, v: Array, h: Array) -> None:
        m, trajectory = len(h), self.trajectory
        tell = None if trajectory is None else partial(trajectory.arrive, p)
        for _ in range(steps - 1):
            sweep(p, self._layers, self.hidden, v[:m], h, sampled=self._sampled, tell=tell)
            self._layers.hidden.sample(h, out=self.hidden)
            tell = None  # these parameters have been arrived at
        sweep(p, self._layers, with_rows(self._both, m, data_h, len(v)), v, h, sampled=self._sampled, tell=tell)
        if trajectory is not None:
            trajectory.take(v[:m], h)
        self._layers.hidden.draw(self._layers.hidden.mean_(h), out=self.hidden)
        if trajectory is not None:
            trajectory.leave(p, h)

    def arrays(self) -> Arrays:
        return {"chains": self.hidden} | ({} if self.trajectory is None else self.trajectory.arrays())


def with_rows(hidden: Array, m: int, more: Array, rows: int) -> Array:
    """The first `rows` rows of `hidden`: m that are there, and below them `more`, if that is asked for."""
    if rows > m:
        hidden[m:rows] = more
    return hidden[:rows]


def sweep(
    p: Learned,
    layers: Layers,
    hidden: Array,
    v: Array,
    h: Array,
    sampled: bool,
    tell: Callable[[Array], None] | None = None,
) -> None:
    """h becomes the total input of the hidden units from as many rows of v as it has: draws of p(v | hidden), or means
    if not `sampled`. Further rows of `hidden` and `v` are for means alone. `tell` is shown the total inputs of v."""
    down(p, hidden, out=v)
    if tell is not None:
        tell(v[: len(h)])
    samples, means = np.split(v, [len(h) if sampled else 0])
    if len(samples):
        layers.visible.sample(samples, out=samples)
    if len(means):
        layers.visible.mean_(means)
    up(p, v[: len(h)], out=h)
