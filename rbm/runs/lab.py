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
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import platformdirs

from rbm import datasets
from rbm.datasets.dataset import Dataset
from rbm.errors import BadCheckpoint, BadModelFile, BadValue, Busy, NotYours, Refused
from rbm.models.binary import RBM
from rbm.models.deep import MAX_LAYERS, DeepBeliefNet
from rbm.runs import export, memory, tower, trainable
from rbm.runs.earlier import Alike, Earlier, Finished
from rbm.runs.errand import Errands
from rbm.runs.job import CHECKPOINT_SECONDS, Job
from rbm.runs.jobs import Jobs
from rbm.runs.limits import Limits
from rbm.runs.progress import Point, Progress
from rbm.runs.queue import Queue
from rbm.runs.recent import Recent
from rbm.runs.record import Run
from rbm.runs.store import Store
from rbm.runs.sweep import Sweeps
from rbm.runs.tower import Towers
from rbm.runs.workplace import Workplace
from rbm.training.config import TrainConfig
from rbm.visitors import clean_name, owner_hash

log = logging.getLogger(__name__)
MODELS = 128 * 2**20  # bytes of models of runs that are over, read last


def default_home() -> Path:
    """The folder that RBM_HOME names, else the user's data folder on this platform."""
    return Path(os.environ.get("RBM_HOME") or platformdirs.user_data_path("rbm-lab", appauthor=False))


class Lab:
    """home: of the store. load: data by name. every: seconds between checkpoints. dask: the address of a scheduler, on
    whose workers it trains (`rbm.runs.cluster`). Raises as Store does.
    """

    def __init__(
        self,
        home: Path | None = None,
        limits: Limits | None = None,
        *,
        load: Callable[[str], Dataset] = datasets.load,
        every: float = CHECKPOINT_SECONDS,
        dask: str = "",
    ) -> None:
        memory.give_back_large_arrays()
        self.limits = limits or Limits()
        self.store = Store(home or default_home(), self.limits)
        self._workplace = Workplace(self.limits, dask)
        self.queue, self.cluster = self._workplace.queue, self._workplace.cluster
        self.errands = Errands(Queue(self.limits.workers or None, self.limits.max_waiting) if dask else self.queue)
        self._load, self._every = load, every
        self._jobs = Jobs(self.store.holder, self.limits)
        self._lock = self._jobs.lock
        self._closed = False
        self._towers = Towers(self.store, self.run, self._model, self._go_on)
        self._sweeps = Sweeps(self.store, self._places, self._jobs.unfinished, self._place)
        self._earlier = Earlier(self.store, self._towers)
        self._models = Recent(MODELS)

    def close(self) -> None:
        """End all that trains, and keep it: these runs are interrupted from now on."""
        self.errands.close()
        with self._lock:
            self._closed, jobs = True, self._jobs.all()
        for job in jobs:
            job.interrupt()
        for job in jobs:
            job.rest()
        self._workplace.close()
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
        below: str = "",
    ) -> str:
        """The id of a new run. `labels`: train on them too. `measures`: names as `trainable.check` takes them.

        below: a run of the same owner. The new one learns what its hidden units, and those of all layers below it, say
        of the same images: now, where that run is over and has a model, else as soon as it is finished.
        """
        dataset = self._load(data)
        self._earlier.of_images(dataset, labels)  # it takes time, once
        with self._lock:
            layers = self._towers.chain(self._owned(owner, below).id) if below else []
            tower.check(layers, data, config)
            self._check(dataset, config, labels, measures, layers[-1].config.n_hidden if layers else 0)
            run = Run(
                clean_name(name), owner_hash(owner), data, "", config, time.time(), holder=self.store.holder,
                n_classes=trainable.n_classes(dataset, labels), measures=measures, below=below,
            )  # fmt: skip
            if layers and not self._towers.ready(layers[-1]):
                self.store.make_room(below=below)
                self.store.add(run)
                return self.store.get(run.id).id  # what waits for another run is in the list or nowhere
            run = replace(run, fingerprint=self._earlier.fingerprint(dataset, labels, below))
            self._jobs.check_share(run.owner)
            self.store.make_room(below=below)
            self._train(self._job(run, dataset))
            self.store.add(run)
            return run.id

    def start_tower(
        self,
        owner: str,
        data: str,
        configs: Sequence[TrainConfig],
        name: str,
        *,
        labels: bool = False,
        measures: tuple[str, ...] = (),
    ) -> list[str]:
        """The ids of a new run for each of `configs`, bottom first: each begins when the one below it is finished.

        labels: the top layer learns them. measures: of the bottom layer.
        """
        dataset, top, started = self._load(data), len(configs) - 1, [""]
        if top >= MAX_LAYERS:
            raise BadValue(f"a deep belief net has {MAX_LAYERS} layers at most, got {top + 1}")
        for number, config in enumerate(configs):  # all of them, before the first begins
            units = configs[number - 1].n_hidden if number else 0
            self._check(dataset, config, labels and number == top, () if number else measures, units)
        with self._lock:
            for number, config in enumerate(configs):
                started.append(self.start(
                    owner, data, config, f"{name}, layer {number + 1}" if number else name,
                    labels=labels and number == top, measures=() if number else measures, below=started[-1],
                ))  # fmt: skip
        return started[1:]

    def start_sweep(
        self,
        owner: str,
        data: str,
        configs: Sequence[TrainConfig],
        names: Sequence[str],
        *,
        labels: bool = False,
        measures: tuple[str, ...] = (),
        sweep: str = "",
    ) -> str:
        """What new runs have in common, one for each of `configs` with its name (`Run.sweep`): they begin one after
        another, as places of this owner's become free. Raises Busy while another sweep of this owner's waits.

        sweep: of runs that are there, which these come to.
        """
        dataset, sweep = self._load(data), sweep or secrets.token_urlsafe(16)
        if len(configs) > self.limits.max_runs // 2:
            raise BadValue(
                f"{len(configs)} runs are more than half of what RBM_MAX_RUNS lets this server keep; choose fewer"
            )
        found, n_classes = self._earlier.of_images(dataset, labels), trainable.n_classes(dataset, labels)
        for config in configs:  # all of them, before the first begins
            self._check(dataset, config, labels, measures, 0)
        runs = [
            Run(
                clean_name(name), owner_hash(owner), data, found, config, time.time(), holder=self.store.holder,
                n_classes=n_classes, measures=measures, sweep=sweep,
            )
            for config, name in zip(configs, names, strict=True)
        ]  # fmt: skip
        with self._lock:
            self._sweeps.start(owner_hash(owner), runs)
        return sweep

    def resume_sweep(self, owner: str, sweep: str) -> None:
        """Go on with all runs of a sweep that can be resumed. Raises Busy while another sweep of this owner's waits."""
        with self._lock:
            resting = [run for run in reversed(self.runs(owner)) if run.sweep == sweep and run.rests]
            for run in resting:
                self._check_resumable(run)
            self._sweeps.go_on(owner_hash(owner), resting)

    def stop_sweep(self, owner: str, sweep: str) -> None:
        """End all runs of a sweep that move or wait; the models so far are kept."""
        with self._lock:
            mine = [run for run in self.runs(owner) if run.sweep == sweep]
            moving = [run for run in mine if run.id in self._sweeps or self.job(run.id)]
            for run in sorted(moving, key=lambda run: run.id not in self._sweeps):  # first what would take a place
                if not run.over:
                    self.stop(owner, run.id)

    def _check(self, data: Dataset, config: TrainConfig, labels: bool, measures: tuple[str, ...], units: int) -> None:
        """Raises BadValue for what can't be trained here, on so many hidden `units` of a layer below, 0 without."""
        n, pixels = data.train_images.shape
        self.limits.check(config, n, units or pixels, tower.memory(data, units))
        trainable.check(data, config, labels, measures, units)

    def resume(self, owner: str, run_id: str) -> None:
        """Go on with a run that is paused, interrupted, stopped or has failed, to what it would have become.

        Where its checkpoint is damaged it begins again, which leads to the same weights.
        """
        with self._lock:
            run, job = self._owned(owner, run_id), self.job(run_id)
            self._jobs.check_share(run.owner, but=run_id)
            if job is None or job.over:
                self._check_resumable(run)
                self._go_on(run)
                self._sweeps.take_out(run_id)
                self._towers.wait_again(run)
            else:
                job.resume()

    def step(self, owner: str, run_id: str) -> None:
        """One mini-batch, then pause."""
        with self._lock:
            run, job = self._owned(owner, run_id), self.job(run_id)
            if job is None and (run.status == "paused" or self._sweeps.take_out(run_id)):
                self._go_on(run, Job.step)
            else:
                self._jobs.of(run).step()

    def pause(self, owner: str, run_id: str) -> None:
        with self._lock:
            run = self._owned(owner, run_id)
            if run.waits_below or self._sweeps.take_out(run_id):
                self.store.keep(replace(run, status="paused"))
            else:
                self._jobs.of(run).pause()

    def stop(self, owner: str, run_id: str) -> None:
        """End it; the model so far is kept."""
        with self._lock:
            run = self._owned(owner, run_id)
            rests = run.status in ("paused", "interrupted") or run.waits_below or self._sweeps.take_out(run_id)
            if self.job(run_id) is None and rests:
                self.store.keep(replace(run, status="stopped"), model=self._stored_model(run)[0])
                self._towers.pass_on(run, "stopped")
            else:
                self._jobs.of(run).stop()

    # ---- how the disk is

    @property
    def trouble(self) -> str | None:
        """Why nothing is being saved, a sentence; None if all is well."""
        return self.store.trouble

    @property
    def notice(self) -> str | None:
        """What happened to a damaged store at the start; and whether a cluster is away."""
        said = [self.store.notice, self._workplace.notice]
        return " ".join(sentence for sentence in said if sentence) or None

    # ---- looking, with the id alone

    def job(self, run_id: str) -> Job | None:
        """The training of a run, while there is more to know of it than the store does."""
        return self._jobs.find(run_id)

    def run(self, run_id: str) -> Run:
        job = self.job(run_id)
        return job.run if job else self.store.get(run_id)

    def standing(self, run_id: str) -> Progress:
        """Where a run stands. Of one that rests neither curve nor model is read: pages ask at every click."""
        job = self.job(run_id)
        if job is not None:
            return job.progress()
        run = self.store.get(run_id)
        said = f"The server was stopped while this run trained. Resume goes on from epoch {run.epoch}."
        message = said if run.status == "interrupted" else run.message
        if run.waits_below:
            message = self._towers.waits_for(run)
        elif run_id in self._sweeps:
            message = self._sweeps.said
        return Progress(
            run.status, run.config.epochs, None, run.epoch, run.fraction, run.seconds, message=message
        )  # fmt: skip

    def progress(self, run_id: str) -> Progress:
        """Where a run stands, with its curve and its model, be it under way or long over."""
        job = self.job(run_id)
        if job is not None:
            return job.progress()
        model, damage = self._stored_model(self.store.get(run_id))
        stands = self.standing(run_id)
        history = self.store.points(run_id)
        return replace(stands, model=model, history=history, message=damage or stands.message)

    def layers(self, run_id: str) -> list[Run]:
        """This run and all that it stands on, bottom first. Raises NoSuchRun where one is gone."""
        return self._towers.chain(run_id)

    def sweep(self, sweep: str) -> list[Run]:
        """The runs of a sweep, in the order in which they were asked for, as they are now."""
        kept = self.store.sweep(sweep)
        return [job.run if (job := self.job(run.id)) else run for run in kept]

    def net(self, run_id: str) -> DeepBeliefNet | None:
        """This run on all that it stands on, as they are now; None where a layer is gone or has no model yet."""
        try:
            return self._towers.net(run_id)
        except Refused:
            return None

    def points(self, run_id: str) -> list[Point]:
        """Every epoch that is kept, for tables and files."""
        job = self.job(run_id)  # first: what it has written by then, the store has
        kept = self.store.all_points(run_id)
        newest = kept[-1].epoch if kept else -1
        return kept + [point for point in (job.progress().history if job else ()) if point.epoch > newest]

    def export(self, run_id: str) -> bytes:
        """The run as a zip."""
        run = self.run(run_id)
        model = self.progress(run_id).model or self._stored_model(run)[0]
        if model is None:
            raise Refused("this run has no model to export yet")
        return export.pack(run, self.points(run_id), model, self._towers.names(run.below))

    def export_all(self, owner: str, max_bytes: int = 64 * 2**20) -> bytes:
        """An owner's runs as zips in a zip, the newest first, as many as `max_bytes` hold."""
        return export.bundle(self._exports(owner), max_bytes)

    # ---- an owner's runs

    def runs(self, owner: str) -> list[Run]:
        """The newest first."""
        who = owner_hash(owner)
        live = {job.run.id: job.run for job in reversed(self._jobs.all()) if job.owner == who}
        kept = {run.id: live.get(run.id, run) for run in self.store.owned_by(who)}
        return [*(run for run in live.values() if run.id not in kept), *kept.values()]

    def rename(self, owner: str, run_id: str, name: str) -> None:
        self._change(owner, run_id, "name", clean_name(name))

    def pin(self, owner: str, run_id: str, pinned: bool = True) -> None:
        """A pinned run is never removed to make room."""
        others = sum(run.pinned for run in self.runs(owner) if run.id != run_id)
        if pinned and others >= self.limits.max_pinned:
            raise Refused(f"you have {others} pinned runs, and RBM_MAX_PINNED allows no more; unpin one first")
        if pinned:
            self.store.check_pin(self._owned(owner, run_id))
        self._change(owner, run_id, "pinned", pinned)

    def delete(self, owner: str, run_id: str) -> None:
        """Nobody finds it any more; `undelete` brings it back, for a day at most. A layer goes after those on it."""
        with self._lock:
            run, job = self._owned(owner, run_id), self.job(run_id)
            self._towers.check_bare(run, "delete that one first")
            self._change(owner, run_id, "deleted", time.time())
            if run.waits_below or self._sweeps.take_out(run_id):
                self.store.keep(replace(run, status="stopped"))
            if job is not None:
                job.stop()
                self._jobs.forget(run_id)
            self._towers.pass_on(run, "deleted")

    def undelete(self, owner: str, run_id: str) -> None:
        self.store.undelete(owner_hash(owner), run_id)

    def would_go(self, owner: str) -> list[Run]:
        """The owner's runs that the next start removes to make room."""
        who = owner_hash(owner)
        return [run for run in self.store.would_go() if run.owner == who and run.deleted is None]

    def import_run(self, owner: str, file: IO[bytes]) -> str:
        """The id of a run made from a zip of `export`. Raises BadFile too."""
        run, points, model = export.unpack(file, owner_hash(owner), self.limits.check_model)
        run = replace(run, created=time.time())
        self.store.make_room_for_import(run.owner)
        if not self.store.keep(run, points, model=model):
            raise Refused(f"the run was not imported. {self.trouble}")
        return run.id

    # ---- what was trained before

    def finished(
        self, owner: str, data: str, config: TrainConfig, *, labels: bool = False, below: str = ""
    ) -> Finished | None:
        """Whether this very training has been done here already, by anybody; `adopt` then has it at once."""
        own, found = self._alike(owner, data, config, labels, below)
        if found is None:
            return None
        return Finished(own.id if own else None, found.epoch, found.seconds, found.validation_error)

    def adopt(
        self, owner: str, data: str, config: TrainConfig, name: str, *, labels: bool = False, below: str = ""
    ) -> str:
        """The id of the owner's finished run, else of a copy of another's, with a new id and this name."""
        own, found = self._alike(owner, data, config, labels, below)
        if own is not None:
            return own.id
        if found is None:
            raise Refused("this training is not here any more; start it")
        return self._earlier.copy(found, owner_hash(owner), data, clean_name(name), below).id

    # ---- below the surface

    def _exports(self, owner: str) -> Iterator[tuple[Run, bytes]]:
        for run in self.runs(owner):
            try:
                packed = self.export(run.id)
            except Refused:  # without a model yet, or with one that can't be read
                continue
            yield run, packed

    def _train(self, job: Job, how: Callable[[Job], None] = Job.resume) -> None:
        """Let it begin. Raises Busy."""
        with self._lock:
            self._jobs.begin(job, how)
            if job.over:  # there was no thread to be had
                self._ended(job.run.id)

    def _go_on(self, run: Run, how: Callable[[Job], None] = Job.resume) -> None:
        """Train a run that rests, from its checkpoint."""
        dataset = self._load(run.data)
        if run.below and not self._towers.ready(self._towers.chain(run.id)[-2], run.id):
            self.store.keep(replace(run, status="waiting", message="", holder=self.store.holder))
            return
        found = self._earlier.fingerprint(dataset, run.n_classes > 0, run.below)
        if run.fingerprint not in ((found, "") if run.below else (found,)):
            raise Refused(f"the images of {run.data} are not the ones that this run began with; start a new run")
        progress = replace(self.progress(run.id), status="paused", message="")
        if not self.store.claim(run):
            raise Refused("another window has just resumed this run; reload the page")
        again = replace(run, message="", holder=self.store.holder, fingerprint=found)
        try:
            self._train(self._job(again, dataset, progress), how)
        except Busy:
            self.store.keep(run)  # as it was
            raise

    def _places(self) -> int:
        """Runs of a sweep that are under way at a time; one of them waits in the queue, to go on without a gap."""
        return max(1, min(self.limits.max_active - 1, self.queue.workers + 1))

    def _place(self, run: Run) -> None:
        """There is a place for a run of a sweep."""
        job = self.job(run.id)
        if job is None or job.over:
            self._go_on(run)
        else:  # paused, and the disk did not take it
            job.resume()

    def _job(self, run: Run, data: Dataset, progress: Progress | None = None) -> Job:
        below = self._towers.below(run.below) if run.below else None
        return Job(
            run, data, self.store, self.queue, progress=progress, every=self._every, below=below, ended=self._ended,
            make=self._workplace.begin,
        )  # fmt: skip

    def _check_resumable(self, run: Run) -> None:
        self._jobs.check_here(run)
        if run.status in ("finished", "diverged"):
            raise Refused(f"this run is {run.status}: there is nothing to resume")
        self._towers.check_bare(run, "it has learned from this run as it is")
        if run.imported:
            raise Refused("an imported run brings no checkpoint to go on from; start a new one with its settings")

    def _alike(self, owner: str, data: str, config: TrainConfig, labels: bool, below: str) -> Alike:
        dataset = self._load(data)
        if below and not self._towers.ready(self._owned(owner, below)):
            return Alike(None, None)
        return self._earlier.alike(owner_hash(owner), dataset, config, labels, below)

    def _ended(self, run_id: str) -> None:
        """Called by the thread of a training that is over."""
        with self._lock:
            if self._closed:
                return
            try:
                self._towers.pass_on(run := self.run(run_id), run.status)
            except Refused as error:  # deleted: what waited for it was told then
                log.info("nothing begins upon run %s: %s", run_id, error)
            self._sweeps.begin()

    def _model(self, run: Run) -> RBM | None:
        job = self.job(run.id)
        return job.progress().model if job else self._stored_model(run)[0]

    def _owned(self, owner: str, run_id: str) -> Run:
        run = self.run(run_id)
        if run.owner != owner_hash(owner):
            raise NotYours("only the browser that started this run can change it; you may look and download")
        return run

    def _change(self, owner: str, run_id: str, column: str, value: object) -> None:
        run, job = self._owned(owner, run_id), self.job(run_id)
        if job is not None:
            job.change(column, value)
        self.store.change(run, column, value)

    def _stored_model(self, run: Run) -> tuple[RBM | None, str]:
        """The model so far, and what is wrong with its file if it can't be read."""
        try:
            key = run.id, run.status, run.fraction
            return self._models.get(key, lambda: self.store.model(self.store.get(run.id))), ""
        except BadCheckpoint as error:
            return None, (
                f"The checkpoint of this run can't be used: {error}. Resume trains it again from the beginning, "
                "which leads to the same weights."
            )
        except (BadModelFile, OSError) as error:
            return None, f"The model of this run can't be read: {error}."
