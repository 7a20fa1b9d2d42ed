"""What was trained before: a training of the same images, settings and layers needn't be done again."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import NamedTuple
from weakref import WeakKeyDictionary

from rbm.datasets.dataset import Dataset
from rbm.runs import trainable
from rbm.runs.record import Run, fingerprint
from rbm.runs.store import Store
from rbm.runs.tower import Towers
from rbm.training.config import TrainConfig

_LIKE_IT = ("n_classes", "measures", "versions", "status", "epoch", "fraction", "seconds", "training_error",
            "validation_error")  # fmt: skip


@dataclass(frozen=True)
class Finished:
    """The same training has been done before. `run_id`: of the asker's own run; None if it was another's."""

    run_id: str | None
    epochs: int
    seconds: float
    validation_error: float | None


class Alike(NamedTuple):
    """Runs of one and the same training that are finished: the asker's own, and anybody's, their own before others'."""

    own: Run | None
    any: Run | None


class Earlier:
    """The finished runs of a store, by what they have learned from."""

    def __init__(self, store: Store, towers: Towers) -> None:
        self._store, self._towers = store, towers
        self._known: WeakKeyDictionary[Dataset, dict[bool, str]] = WeakKeyDictionary()  # keeps no images

    def of_images(self, data: Dataset, labels: bool) -> str:
        """The fingerprint of images, with their labels or without; made once, which takes time."""
        known = self._known.setdefault(data, {})
        if labels not in known:
            known[labels] = fingerprint(data, labels)
        return known[labels]

    def fingerprint(self, data: Dataset, labels: bool, below: str) -> str:
        """Of what a run learns from. Raises Refused as `Towers.net`, and for layers of other images."""
        of_images = self.of_images(data, labels)
        return self._towers.fingerprint(of_images, data, below) if below else of_images

    def alike(self, owner: str, data: Dataset, config: TrainConfig, labels: bool, below: str) -> Alike:
        """`owner`: the hash of who asks."""
        n_classes = trainable.n_classes(data, labels)
        found = self._store.alike(self.fingerprint(data, labels, below), config, n_classes)
        own = next((run for run in found if run.owner == owner), None)
        return Alike(own, own or next(iter(found), None))

    def copy(self, found: Run, owner: str, data: str, name: str, below: str) -> Run:
        """A run of this owner with a new id, that has become what `found` became: from images by the name of `data`,
        on the run `below`, whose layers are like those that `found` stands on."""
        self._store.make_room(below=below)
        new = Run(name, owner, data, found.fingerprint, found.config, time.time(), below=below)
        new = replace(new, **{key: getattr(found, key) for key in _LIKE_IT})
        self._store.copy(found, new)
        return new
