"""A film of a model that learns, for Home: `python -m rbm.pretrained.make learning`, two minutes, no folder.

A machine of the default preset learns "mnist-5k", and sixteen chains go along with it: one sweep for every update, from
coin tosses on. What is kept stands at moments that are even in log updates: what the chains' pixels were drawn from,
and the wires of sixteen of the hidden units.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbm import datasets, pretrained
from rbm.models import arrays, sampling
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.training.config import PRESETS, TrainConfig
from rbm.training.trainer import Trainer

Bytes = NDArray[np.uint8]

PATH = pretrained.path("learning")
DATA, SEED = "mnist-5k", 0
CONFIG: TrainConfig = next(iter(PRESETS.values()))
CHAINS, FILTERS, MOMENTS = 16, 16, 44
LEVELS = 15  # a level is from 0 to 15; those of filters, to 14


class Learning(NamedTuple):
    """`chains` (moments, CHAINS, pixels): levels of grey from 0 to LEVELS; `filters` (moments, FILTERS, pixels): from 0
    to LEVELS - 1, where the middle one is a weight of 0; `updates` (moments,) so far, and `batches` to an epoch."""

    chains: Bytes
    filters: Bytes
    updates: NDArray[np.int64]
    batches: int

    @property
    def captions(self) -> list[str]:
        """What has been learned from, moment by moment."""
        return [self._caption(int(updates)) for updates in self.updates]

    def _caption(self, updates: int) -> str:
        if updates == 0:
            return "It has seen nothing: noise"
        if updates < self.batches:
            return f"after {updates} update{'s' * (updates > 1)}"
        epochs = updates / self.batches
        return f"after {epochs:.0f} epoch{'s' * (round(epochs) > 1)}"


@cache
def load() -> Learning:
    """The film that ships."""
    file = pretrained.arrays("learning")
    chains, filters = (_unpacked(file[name]) for name in ("chains", "filters"))
    return Learning(chains, filters, file["updates"], int(file["batches"]))


# ---- how it is made


def make() -> None:
    film = film_of(CONFIG, datasets.load(DATA).train_images)
    np.savez_compressed(
        PATH, chains=_packed(film.chains), filters=_packed(film.filters), updates=film.updates, batches=film.batches
    )
    print(f"{PATH}: {PATH.stat().st_size / 1000:.0f} KB, {len(film.updates)} moments of {film.updates[-1]} updates")


def film_of(config: TrainConfig, images: NDArray[np.uint8]) -> Learning:
    """Train by `config`, and keep what the chains and the hidden units look like meanwhile."""
    trainer, rng = Trainer(images, config), np.random.default_rng(SEED)
    last = config.epochs * trainer.batches
    moments = np.unique(np.append(0, np.geomspace(1, last, MOMENTS - 1).round()).astype(np.int64))
    models, means = [trainer.model], [arrays.bernoulli(np.full((CHAINS, images.shape[1]), 0.5), rng)]
    v = means[0]
    for update in range(1, last + 1):
        trainer.step()
        model = trainer.model
        for sweep in sampling.chain(model, v, 1, rng):
            v = sweep.visible
        if update in moments:
            models.append(model)
            means.append(sweep.mean)
    chains = np.rint(np.array(means) * LEVELS).astype(np.uint8)
    return Learning(chains, _filters(models), moments, trainer.batches)


def _filters(models: list[RBM]) -> Bytes:
    """Of the units with the largest weights in the end, all on one scale."""
    strongest = np.argsort(-np.linalg.norm(models[-1].weights, axis=0), kind="stable")[:FILTERS]
    weights = np.array([model.weights[:, strongest].T for model in models])
    return as_levels(weights, float(np.quantile(np.abs(weights[-1]), 0.995)))


def as_levels(weights: Array, limit: float) -> Bytes:
    """Weights as levels from 0 to LEVELS - 1, full at ±limit; the middle one is 0."""
    half = LEVELS // 2
    levels: Bytes = (half + np.rint(np.clip(weights / limit, -1, 1) * half)).astype(np.uint8)
    return levels


def _packed(levels: Bytes) -> Bytes:
    """Two levels a byte."""
    pairs = levels.reshape(*levels.shape[:-1], -1, 2)
    packed: Bytes = pairs[..., 0] * np.uint8(16) + pairs[..., 1]
    return packed


def _unpacked(packed: Bytes) -> Bytes:
    return np.stack([packed >> 4, packed & 15], axis=-1).reshape(*packed.shape[:-1], -1)
