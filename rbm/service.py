"""The lab as a service: trainings that run, and runs that are kept. One `Lab` for a process, however many visitors.

Two servers may share a store: each sees all runs, and controls those that it trains.

All that a method refuses it refuses with a sentence for the reader: ValueError for settings, Busy where it
is a matter of time, StoreError (NoSuchRun, NotYours, NotSaved among them) for runs.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import platformdirs

from rbm import datasets, monitors
from rbm.checkpoints import BadCheckpoint
from rbm.config import TrainConfig
from rbm.datasets import Dataset
from rbm.jobs import Job, Task
from rbm.limits import Limits
from rbm.model import RBM
from rbm.queue import Busy, Queue
from rbm.records import Run, StoreError, clean_name, owner_hash
from rbm.runs import Store
from rbm.shelf import Shelf
from rbm.trainings import Trainings

CHECKPOINT_SECONDS = 3.0
log = logging.getLogger(__name__)


def default_home() -> Path:
    """The folder that RBM_HOME names, else the user's data folder on this platform."""
    return Path(os.environ.get("RBM_HOME") or platformdirs.user_data_path("rbm-lab", appauthor=False))


class Lab(Shelf):
    """home: of the store. load: data by name. every: seconds between checkpoints. Raises NewerStore."""

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
            raise ValueError("these images are of one class only, so there are none to learn; train without classes")
        if labels and dataset.test_labels.max() > dataset.train_labels.max():
            raise ValueError("some classes occur among the held-out images only; bring the images with another split")
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
                raise StoreError(f"the images of {run.data} are not the ones that this run began with; start a new run")
            self._check_share(run.owner)
            task = self._task_to_go_on(run, dataset)
            if not self.store.claim(run):
                raise StoreError("another window has just resumed this run; reload the page")
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
            raise StoreError(_ELSEWHERE)
        raise StoreError(f"this run is {run.status}, and nothing trains it now")

    def _check_measures(self, measures: tuple[str, ...], config: TrainConfig, dataset: Dataset, labels: bool) -> None:
        if measures and (labels or config.visible != "binary"):
            raise ValueError(
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
            raise StoreError(_ELSEWHERE)
        if run.status in ("finished", "diverged"):
            raise StoreError(f"this run is {run.status}: there is nothing to resume")
        if run.imported:
            raise StoreError("an imported run brings no checkpoint to go on from; start a new one with its settings")

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
