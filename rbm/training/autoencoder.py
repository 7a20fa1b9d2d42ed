"""The autoencoder with tied weights: the other way to learn W, b and c, by rebuilding each image and nothing else.

    h = σ(v W + c)      v̂ = σ(h Wᵀ + b)      loss = -Σ v log v̂ + (1 - v) log(1 - v̂)

With δ = v - v̂ and g = (δ W) ∘ h ∘ (1 - h), what reaches the hidden units, the steepest way down is

    ΔW = vᵀ g + δᵀ h        Δb = Σ δ        Δc = Σ g

No chain and no random number. The parameters are an RBM's, so the result is one; but nothing asked it to be
probable. (Rumelhart, Hinton & Williams 1986; tied weights: Vincent et al., JMLR 11, 2010.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rbm.errors import BadValue
from rbm.models.arrays import Array, Arrays
from rbm.models.layers import Layers, Learned, down
from rbm.training.config import PRESETS, TrainConfig
from rbm.training.gradient import Gradient

NAME = "autoencoder"  # as TrainConfig.algorithm, and as `trained_by` in the note of a model's file


class Rebuilt:
    """Stands where other algorithms have chains: below a batch and its h come v̂ and the h that made it."""

    swaps = None

    def __init__(self, layers: Layers) -> None:
        self._layers = layers

    def rows(self, n: int) -> int:
        return n

    def run(self, p: Learned, steps: int, data_h: Array, v: Array, h: Array) -> None:
        """`v` (n or 2n, n_visible) becomes v̂, once or twice as it has room; `h` a copy of `data_h` (n, n_hidden)."""
        n = len(data_h)
        self._layers.visible.mean_(down(p, data_h, out=v[:n]))
        v[n:] = v[: len(v) - n]
        h[...] = data_h

    def arrays(self) -> Arrays:
        return {}


class AutoencoderGradient(Gradient):
    """From rows v, v̂ and h, h to v, δ and g, h: then the product of the upper and the lower rows is ΔW."""

    def step(self, n: int, m: int, rate: float, weights: Array, out: Learned, keep: float = 0) -> None:
        """As in `Gradient`, by the steepest descent of the mean loss of n images; m is n. Uses all rows up."""
        v, delta = self.visible[:n], self.visible[n : n + m]
        g, h = self.hidden[:n], self.hidden[n : n + m]
        np.subtract(v, delta, out=delta)
        if self._config.centering:
            self._move_offsets(v, h)
        np.matmul(delta, weights, out=g)
        g *= h
        g -= g * h
        if self._config.sparsity_cost:
            g -= self._sparsity_push(h)
        share = np.float32(rate / n)
        self.hidden[: n + m] *= share
        self._add(n + m, share * delta.sum(axis=0), g.sum(axis=0), out, keep)
        self._decay(weights, rate, out.weights)


def check_data(config: TrainConfig, *, labels: bool) -> None:
    """Raises BadValue for labels that an autoencoder can't learn."""
    if labels and config.algorithm == NAME:
        raise BadValue('algorithm "autoencoder" learns images without classes; leave the labels out or use "cd"')


def note(config: TrainConfig) -> dict[str, str]:
    """What the note of a model's file adds where these settings made it."""
    return {"trained_by": NAME} if config.algorithm == NAME else {}


def made(note: Mapping[str, Any]) -> bool:
    """Whether the note says that the model was trained as an autoencoder."""
    return note.get("trained_by") == NAME


def twin(config: TrainConfig) -> TrainConfig:
    """The other way to learn the same parameters: as many hidden units and epochs from the same seed, all else as the
    preset of the other algorithm has it."""
    other = PRESETS["Recommended" if config.algorithm == NAME else "Autoencoder"]
    return replace(other, n_hidden=config.n_hidden, epochs=config.epochs, seed=config.seed)
