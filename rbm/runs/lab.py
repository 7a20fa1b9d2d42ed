"""The lab as a service: trainings that run, and runs that are kept.

One `Lab` for a process, however many visitors.

Two servers may share a store: each sees all runs, and controls those that it trains.

An owner is a secret key that a browser keeps; the store holds its hash. Whoever knows a run's id may read
it, only the owner's key changes it, and nothing lists what belongs to others.

All that a method refuses it refuses with a Refused, a sentence for the reader: BadValue for settings, Busy where
it is a matter of time, Unavailable for data, NoSuchRun, NotYours and NotSaved among those for runs.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np
import platformdirs

from rbm import datasets
from rbm.datasets.dataset import Dataset
from rbm.errors import BadCheckpoint, BadModelFile, BadValue, Busy, NotYours, Refused
from rbm.measures import monitors
from rbm.models.binary import RBM
from rbm.runs import export
from rbm.runs.job import Job, Task
from rbm.runs.limits import Limits
from rbm.runs.live import Trainings
from rbm.runs.progress import Point, Progress
from rbm.runs.queue import Queue
from rbm.runs.record import Run, fingerprint
from rbm.runs.store import Store
from rbm.training.config import TrainConfig
from rbm.visitors import clean_name, owner_hash

CHECKPOINT_SECONDS = 3.0
log = logging.getLogger(__name__)


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
        self._trainings, self._load = trainings, load
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
            raise Refused("this run has no model to export yet")
        return export.pack(self.run(run_id), self.points(run_id), progress.model)

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
            raise Refused(f"you have {others} pinned runs, and RBM_MAX_PINNED allows no more; unpin one first")
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
        """The id of a run made from a zip of `export`. Raises BadFile too."""
        run, points, model = export.unpack(file, owner_hash(owner))
        run = replace(run, created=time.time())
        self.store.make_room()
        if not self.store.keep(run, points, model=model):
            raise Refused(f"the run was not imported. {self.trouble}")
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
            raise Refused("this training is not here any more; start it")
        self.store.make_room()
        new = Run(clean_name(name), owner_hash(owner), data, found.fingerprint, config, time.time())
        kept = ("n_classes", "measures", "versions", "status", "epoch", "fraction", "seconds")
        errors = ("training_error", "validation_error")
        new = replace(new, **{key: getattr(found, key) for key in (*kept, *errors)})
        self.store.copy(found, new)
        return new.id

    # ---- below the surface

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


# ---- the lab as a service


def default_home() -> Path:
    """The folder that RBM_HOME names, else the user's data folder on this platform."""
    return Path(os.environ.get("RBM_HOME") or platformdirs.user_data_path("rbm-lab", appauthor=False))


class Lab(Shelf):
    """home: of the store. load: data by name. every: seconds between checkpoints. Raises as Store does."""

    def __init__(
        self,
        home: Path | None = None,
        limits: Limits | None = None,
        *,
        load: Callable[[str], Dataset] = datasets.load,
        every: float = CHECKPOINT_SECONDS,
    ) -> None:
        limits = limits or Limits()
        store = Store(home or default_home(), limits)
        self.queue = Queue(limits.workers or None, limits.max_waiting)
        super().__init__(store, Trainings(store, self.queue, every), limits, load)

    def close(self) -> None:
        """Pause all that trains, and keep it. Unfinished runs are interrupted from now on."""
        live = self._trainings.all()
        for one in live:
            one.job.pause()
        for one in live:
            one.job.rest()
        self.store.close()

    # ---- training

    def start(
        self,
        owner: str,
        data: str,
        config: TrainConfig,
        name: str,
        *,
        labels: bool = False,
        measures: tuple[str, ...] = (),
    ) -> str:
        """The id of a new run. `labels`: train on them too. `measures`: names of `rbm.monitors.MONITORS`."""
        dataset = self._load(data)
        self.limits.check(config, len(dataset.train_images))
        if labels and not dataset.labelled:
            raise BadValue("these images are of one class only, so there are none to learn; train without classes")
        if labels and dataset.test_labels.max() > dataset.train_labels.max():
            raise BadValue("some classes occur among the held-out images only; bring the images with another split")
        self._check_measures(measures, config, dataset, labels)
        run = Run(
            name=clean_name(name),
            owner=owner_hash(owner),
            data=data,
            fingerprint=self._fingerprint(dataset, labels),
            config=config,
            created=time.time(),
            n_classes=int(dataset.train_labels.max()) + 1 if labels else 0,
            measures=measures,
            holder=self.store.holder,
        )
        self._check_share(run.owner)
        self.store.make_room()
        self._trainings.submit(run, _task(run, dataset))
        self.store.add(run)
        return run.id

    def resume(self, owner: str, run_id: str) -> None:
        """Go on with a run that is paused, interrupted, stopped or has failed, to what it would have become.

        Where its checkpoint is damaged it begins again, which leads to the same weights.
        """
        with self._trainings.lock:
            run, live = self._owned(owner, run_id), self._trainings.get(run_id)
            if live is not None and not live.job.over:
                live.job.resume()
                return
            self._check_resumable(run)
            dataset = self._load(run.data)
            if self._fingerprint(dataset, run.n_classes > 0) != run.fingerprint:
                raise Refused(f"the images of {run.data} are not the ones that this run began with; start a new run")
            self._check_share(run.owner)
            task = self._task_to_go_on(run, dataset)
            if not self.store.claim(run):
                raise Refused("another window has just resumed this run; reload the page")
            try:
                self._trainings.submit(replace(run, status="waiting", message="", holder=self.store.holder), task)
            except Busy:
                self.store.keep(run)  # as it was
                raise

    def pause(self, owner: str, run_id: str) -> None:
        self._own_job(owner, run_id).pause()

    def step(self, owner: str, run_id: str) -> None:
        """One mini-batch, then pause."""
        self._own_job(owner, run_id).step()

    def stop(self, owner: str, run_id: str) -> None:
        """End it; the model so far is kept."""
        run = self._owned(owner, run_id)
        if self._trainings.get(run_id) is None and run.status in ("paused", "interrupted"):
            self.store.keep(replace(run, status="stopped"), model=self._stored_model(run)[0])
        else:
            self._own_job(owner, run_id).stop()

    # ---- below the surface

    def _own_job(self, owner: str, run_id: str) -> Job:
        run, live = self._owned(owner, run_id), self._trainings.get(run_id)
        if live is not None:
            return live.job
        if run.unfinished and run.holder != self.store.holder:
            raise Refused(_ELSEWHERE)
        raise Refused(f"this run is {run.status}, and nothing trains it now")

    def _check_measures(self, measures: tuple[str, ...], config: TrainConfig, dataset: Dataset, labels: bool) -> None:
        if measures and (labels or config.visible != "binary"):
            raise BadValue(
                "the measures are for binary pixels without labels: choose none of them, or train without classes"
            )
        shape = (dataset.train_images.shape[1], config.n_hidden)
        monitors.check(measures, RBM(*(np.zeros(size, np.float32) for size in (shape, shape[0], shape[1]))))

    def _check_share(self, owner: str) -> None:
        unfinished = sum(not live.job.over for live in self._trainings.of(owner))
        if unfinished >= self.limits.max_active:
            raise Busy(
                f"you have {unfinished} unfinished trainings, and RBM_MAX_ACTIVE allows no more on this server; "
                "stop one, or wait until one is finished"
            )

    def _check_resumable(self, run: Run) -> None:
        if run.unfinished and run.holder != self.store.holder:
            raise Refused(_ELSEWHERE)
        if run.status in ("finished", "diverged"):
            raise Refused(f"this run is {run.status}: there is nothing to resume")
        if run.imported:
            raise Refused("an imported run brings no checkpoint to go on from; start a new one with its settings")

    def _task_to_go_on(self, run: Run, dataset: Dataset) -> Task:
        try:
            state = self.store.checkpoint(run)
        except BadCheckpoint as error:
            log.warning("run %s begins again: %s", run.id, error)
            state = None
        task = _task(run, dataset)
        if state is None:
            return task
        return replace(task, state=state, history=self.store.points(run.id, state.epoch), seconds=run.seconds)


_ELSEWHERE = (
    "another process of this server trains this run, and only that one controls it; it is shown here as it was "
    "last saved. Reload the page to get there"
)


def _task(run: Run, dataset: Dataset) -> Task:
    labels = run.n_classes > 0
    return Task(
        dataset.train_images,
        run.config,
        labels=dataset.train_labels if labels else None,
        validation=dataset.test_images,
        validation_labels=dataset.test_labels if labels else None,
        measures=run.measures,
    )
