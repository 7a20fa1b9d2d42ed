"""Runs that are kept and runs that are under way, as one shelf: to look at, and for their owner to tidy up.

An owner is a secret key that a browser keeps; the store holds its hash. Whoever knows a run's id may read
it, only the owner's key changes it, and nothing lists what belongs to others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import IO

from rbm import bundle
from rbm.checkpoints import BadCheckpoint
from rbm.config import TrainConfig
from rbm.datasets import Dataset, Unavailable
from rbm.io import BadModelFile
from rbm.jobs import Job
from rbm.limits import Limits
from rbm.model import RBM
from rbm.progress import Point, Progress
from rbm.records import NotYours, Run, StoreError, clean_name, fingerprint, owner_hash
from rbm.runs import Store
from rbm.trainings import Trainings


@dataclass(frozen=True)
class Finished:
    """The same training has been done before. `run_id`: of the asker's own run; None if it was another's."""

    run_id: str | None
    epochs: int
    seconds: float
    validation_error: float | None


class Shelf:
    """All that a `Lab` does without training."""

    def __init__(self, store: Store, trainings: Trainings, limits: Limits, load: Callable[[str], Dataset]) -> None:
        self.store, self.limits = store, limits
        self._trainings, self._load_data = trainings, load
        self._fingerprint = lru_cache(maxsize=16)(fingerprint)
        self._kept_model = lru_cache(maxsize=8)(self._read_model)

    @property
    def trouble(self) -> str | None:
        """Why nothing is being saved, a sentence; None if all is well."""
        return self.store.trouble

    @property
    def saving(self) -> bool:
        return self.trouble is None

    @property
    def notice(self) -> str | None:
        """What happened to a damaged store at the start, a sentence."""
        return self.store.notice

    # ---- looking, with the id alone

    def job(self, run_id: str) -> Job | None:
        """The training of a run, while this process has it."""
        live = self._trainings.get(run_id)
        return live.job if live else None

    def run(self, run_id: str) -> Run:
        live = self._trainings.get(run_id)
        return live.run if live else self.store.get(run_id)

    def progress(self, run_id: str) -> Progress:
        """Where a run stands, with its curve and its model, be it under way or long over."""
        live = self._trainings.get(run_id)
        if live is not None:
            return live.job.progress()
        run = self.store.get(run_id)
        model, damage = self._stored_model(run)
        message = damage or run.message
        if run.status == "interrupted" and not damage:
            message = f"The server was stopped while this run trained. Resume goes on from epoch {run.epoch}."
        return Progress(
            run.status, run.config.epochs, model, run.epoch, run.fraction, run.seconds,
            history=self.store.points(run_id), message=message,
        )  # fmt: skip

    def points(self, run_id: str) -> list[Point]:
        """Every epoch that is kept, for tables and files."""
        kept, live = self.store.all_points(run_id), self._trainings.get(run_id)
        newest = kept[-1].epoch if kept else -1
        return kept + [point for point in (live.job.progress().history if live else ()) if point.epoch > newest]

    def export(self, run_id: str) -> bytes:
        """The run as a zip."""
        progress = self.progress(run_id)
        if progress.model is None:
            raise StoreError("this run has no model to export yet")
        return bundle.pack(self.run(run_id), self.points(run_id), progress.model)

    # ---- an owner's runs

    def runs(self, owner: str) -> list[Run]:
        """The newest first."""
        who = owner_hash(owner)
        found = {run.id: run for run in self.store.owned_by(who)}
        found |= {live.keeper.run.id: live.run for live in self._trainings.of(who)}
        return sorted(found.values(), key=lambda run: run.created, reverse=True)

    def rename(self, owner: str, run_id: str, name: str) -> None:
        self._change(owner, run_id, "name", clean_name(name))

    def pin(self, owner: str, run_id: str, pinned: bool = True) -> None:
        """A pinned run is never removed to make room."""
        others = sum(run.pinned for run in self.runs(owner) if run.id != run_id)
        if pinned and others >= self.limits.max_pinned:
            raise StoreError(f"you have {others} pinned runs, and RBM_MAX_PINNED allows no more; unpin one first")
        self._change(owner, run_id, "pinned", pinned)

    def delete(self, owner: str, run_id: str) -> None:
        """Nobody finds it any more; `undelete` brings it back, for a day at most."""
        live = self._trainings.get(run_id)
        self._change(owner, run_id, "deleted", time.time())
        if live is not None:
            live.job.stop()
            self._trainings.forget(run_id)

    def undelete(self, owner: str, run_id: str) -> None:
        self.store.undelete(owner_hash(owner), run_id)

    def would_go(self, owner: str) -> list[Run]:
        """The owner's runs that the next start removes to make room."""
        who = owner_hash(owner)
        return [run for run in self.store.would_go() if run.owner == who and run.deleted is None]

    def import_run(self, owner: str, file: IO[bytes]) -> str:
        """The id of a run made from a zip of `export`. Raises BadBundle or BadModelFile (ValueErrors) too."""
        run, points, model = bundle.unpack(file, owner_hash(owner))
        run = replace(run, created=time.time())
        self.store.make_room()
        if not self.store.keep(run, points, model=model):
            raise StoreError(f"the run was not imported. {self.trouble}")
        return run.id

    # ---- what was trained before

    def finished(self, owner: str, data: str, config: TrainConfig, *, labels: bool = False) -> Finished | None:
        """Whether this very training has been done here already, by anybody; `adopt` then has it at once."""
        own, found = self._alike(owner, data, config, labels)
        if found is None:
            return None
        return Finished(own.id if own else None, found.epoch, found.seconds, found.validation_error)

    def adopt(self, owner: str, data: str, config: TrainConfig, name: str, *, labels: bool = False) -> str:
        """The id of the owner's finished run, else of a copy of another's, with a new id and this name."""
        own, found = self._alike(owner, data, config, labels)
        if own is not None:
            return own.id
        if found is None:
            raise StoreError("this training is not here any more; start it")
        self.store.make_room()
        new = Run(clean_name(name), owner_hash(owner), data, found.fingerprint, config, time.time())
        kept = ("n_classes", "measures", "versions", "status", "epoch", "fraction", "seconds")
        errors = ("training_error", "validation_error")
        new = replace(new, **{key: getattr(found, key) for key in (*kept, *errors)})
        self.store.copy(found, new)
        return new.id

    # ---- below the surface

    def _load(self, data: str) -> Dataset:
        try:
            return self._load_data(data)
        except Unavailable as error:
            raise StoreError(str(error)) from error

    def _alike(self, owner: str, data: str, config: TrainConfig, labels: bool) -> tuple[Run | None, Run | None]:
        """The owner's, and anybody's."""
        dataset, who = self._load(data), owner_hash(owner)
        n_classes = int(dataset.train_labels.max()) + 1 if labels else 0
        found = self.store.alike(self._fingerprint(dataset, labels), config, n_classes)
        own = next((run for run in found if run.owner == who), None)
        return own, own or next(iter(found), None)

    def _owned(self, owner: str, run_id: str) -> Run:
        run = self.run(run_id)
        if run.owner != owner_hash(owner):
            raise NotYours("only the browser that started this run can change it; you may look and download")
        return run

    def _change(self, owner: str, run_id: str, column: str, value: object) -> None:
        run, live = self._owned(owner, run_id), self._trainings.get(run_id)
        if live is not None:
            live.keeper.change(column, value)
        self.store.change(run, column, value)

    def _stored_model(self, run: Run) -> tuple[RBM | None, str]:
        """The model so far, and what is wrong with its file if it can't be read."""
        try:
            return self._kept_model(run.id, run.status, run.fraction), ""
        except BadCheckpoint as error:
            return None, (
                f"The checkpoint of this run can't be used: {error}. Resume trains it again from the beginning, "
                "which leads to the same weights."
            )
        except (BadModelFile, OSError) as error:
            return None, f"The model of this run can't be read: {error}."

    def _read_model(self, run_id: str, status: str, fraction: float) -> RBM | None:
        return self.store.model(self.store.get(run_id))
