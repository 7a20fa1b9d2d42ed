"""One training in the background: what it is told, what it says, and its loop. `rbm.runs.queue` decides when it runs.

A job keeps what its owner wants ("run", "pause" or "stop", and a number of single steps), and looks at it
before every mini-batch: that is how soon a request is met. It doesn't know who watches: its thread leaves one
snapshot after another, and whoever draws reads the last.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike

from rbm.errors import Refused
from rbm.measures.monitors import UPDATE_RATIO, usual_every
from rbm.runs.progress import History, Point, Progress, Status
from rbm.runs.record import Run
from rbm.runs.store import Store
from rbm.training.config import TrainConfig
from rbm.training.state import Diverged, Report, TrainState
from rbm.training.trainer import Trainer

MEASURABLE = 0.3  # seconds of training before its speed is worth telling
log = logging.getLogger(__name__)

MOST_UNSAVED = 500  # epochs; tiny models make thousands in a few seconds
SHARE = 20  # keeping takes at most one part in so many of the time, however slow the disk


@dataclass(frozen=True, eq=False)
class Task:
    """What to train, and from where to go on: `state`, and the `history` and `seconds` up to it.

    measures: names of `rbm.monitors.MONITORS` to take after every epoch; they need validation images.
    """

    images: ArrayLike
    config: TrainConfig
    labels: ArrayLike | None = None
    validation: ArrayLike | None = None
    validation_labels: ArrayLike | None = None
    measures: tuple[str, ...] = ()
    state: TrainState | None = None
    history: tuple[Point, ...] = ()
    seconds: float = 0.0

    def trainer(self) -> Trainer:
        """Raises ValueError for data or a state that can't be used."""
        return Trainer(
            self.images,
            self.config,
            labels=self.labels,
            validation=self.validation,
            validation_labels=self.validation_labels,
            monitors=(UPDATE_RATIO, *self.measures),
            monitor_every=usual_every(self.measures, self.config.epochs),
            state=self.state,
        )


class Recorder(Protocol):
    """Who keeps a training. Called from its thread; must not raise, whatever becomes of the disk."""

    def point(self, point: Point) -> None:
        """An epoch has ended."""

    def due(self) -> bool:
        """Whether to call `keep` now."""

    def keep(self, progress: Progress, state: TrainState | None) -> None:
        """The status has changed, or it was due. `state`: to go on from; None where there is nothing to go on."""


class Forgetful:
    """Keeps nothing."""

    def point(self, point: Point) -> None:
        pass

    def due(self) -> bool:
        return False

    def keep(self, progress: Progress, state: TrainState | None) -> None:
        pass


class Job:
    """One training. Made by `rbm.runs.queue.Queue.submit`; all methods return at once and may be called at any time."""

    def __init__(
        self,
        task: Task,
        recorder: Recorder,
        lock: threading.Condition,
        settle: Callable[[Job], None],
        outlook: Callable[[Job], tuple[int | None, float | None]],
    ) -> None:
        self.config = task.config
        self.work = work(task)
        self.wanted: Literal["run", "pause", "stop"] = "run"  # these four are guarded by the queue's lock
        self.steps = 0
        self.held = False  # a thread is at it
        self.had_turn = False
        self._task, self._recorder = task, recorder
        self._queue_lock, self._settle, self._outlook = lock, settle, outlook
        self._history = History(task.history)
        self._trainer: Trainer | None = None
        self._base = (0.0, 0.0)  # fraction and seconds when this job first ran
        self._progress = Progress(
            "waiting",
            task.config.epochs,
            epoch=task.state.epoch if task.state else 0,
            seconds=task.seconds,
            history=self._history.points(),
        )

    # ---- what its owner asks

    def pause(self) -> None:
        """Rest after the mini-batch; the worker goes to the next job."""
        self._want("pause")

    def resume(self) -> None:
        """Go on, as soon as a worker is free: before all that have not begun."""
        self._want("run")

    def stop(self) -> None:
        """End after the mini-batch, for good; the model so far is kept."""
        self._want("stop")

    def step(self) -> None:
        """One mini-batch at once, even if no worker is free, then pause. If it runs: the present one, then pause."""
        with self._queue_lock:
            if self.wanted == "stop":
                return
            self.steps += self.wanted == "pause" or not self.held
            self.wanted = "pause"
            self._settle(self)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it is over and kept, or for `timeout` seconds; whether it is."""
        with self._queue_lock:
            return self._queue_lock.wait_for(lambda: self.over and not self.held, timeout)

    def rest(self, timeout: float | None = None) -> bool:
        """Wait until no thread is at it and all is kept; whether that is so."""
        with self._queue_lock:
            return self._queue_lock.wait_for(lambda: not self.held, timeout)

    def _want(self, what: Literal["run", "pause", "stop"]) -> None:
        with self._queue_lock:
            if self.wanted != "stop":
                self.wanted, self.steps = what, 0
                self._settle(self)

    # ---- what it says

    @property
    def over(self) -> bool:
        return self._progress.over

    @property
    def pace(self) -> float:
        """Work done in a second, 0 before it is known."""
        return self._progress.speed * self.work

    @property
    def work_left(self) -> float:
        return (1 - self._progress.fraction) * self.work

    def progress(self) -> Progress:
        progress = self._progress  # replaced whole, never changed
        if progress.status != "waiting":
            return progress
        place, wait = self._outlook(self)
        return replace(progress, place=place, wait=wait)

    def mark(self, status: Status) -> None:
        """For the queue, while no thread is at it."""
        self._note(status=status)

    def fail(self, error: Exception) -> None:
        """For the queue, and for its own thread."""
        log.error("a training failed", exc_info=error)
        self._note(status="failed", message=_advice(error))

    # ---- its thread

    def run(self) -> None:
        """Train until it is over or shall rest; in the thread that the queue gives it."""
        try:
            if self._trainer is None and self.wanted == "stop":
                self._end("stopped")
            else:
                self._loop(self._trainer or self._begin())
        except Diverged as error:
            if math.isfinite(error.error):
                self._add(Point(self._progress.epoch + 1, error.error, None, self._progress.seconds))
            self._end("diverged", model=error.model, message=str(error))
        except Exception as error:  # the page must be able to say it; the log keeps the traceback
            self.fail(error)
            self._end("failed")

    def _begin(self) -> Trainer:
        task = self._task
        trainer = task.trainer()
        self._base = (_fraction(trainer), task.seconds)
        if task.state is None:
            self._add(Point(0, trainer.start_error, trainer.validation_error()))
        self._task = replace(task, state=None, history=())  # they are in the trainer now
        self._note(model=trainer.model, fraction=self._base[0])
        self._recorder.keep(self._progress, None)
        self._trainer = trainer
        return trainer

    def _loop(self, trainer: Trainer) -> None:
        start = time.perf_counter() - self._progress.seconds
        while not trainer.finished:
            asked = self._next()
            if asked != "run":
                self._end("stopped" if asked == "stop" else "paused", model=trainer.model, state=trainer.snapshot())
                return
            if measures := trainer.about_to_measure:
                self._note(measuring=measures)
            report = trainer.step()
            self._note_step(trainer, time.perf_counter() - start)
            if report is not None:
                self._note_epoch(report)
            if self._recorder.due():
                self._recorder.keep(self._progress, trainer.snapshot())
        self._end("finished", model=trainer.model)

    def _next(self) -> Literal["run", "pause", "stop"]:
        """What to do now. Uses up one of the single steps."""
        with self._queue_lock:
            if self.steps and self.wanted == "pause":
                self.steps -= 1
                return "run"
            return self.wanted

    def _end(self, status: Status, *, state: TrainState | None = None, **changes: object) -> None:
        """Nothing more for now, or for good. Said first, then kept: nobody waits for the disk."""
        self._note(status=status, measuring=(), **changes)
        self._recorder.keep(self._progress, state)
        if self.over:
            self._trainer = None

    def _note_step(self, trainer: Trainer, seconds: float) -> None:
        fraction = _fraction(trainer)
        done, spent = fraction - self._base[0], seconds - self._base[1]
        speed = done / spent if spent > MEASURABLE else 0.0
        self._note(fraction=fraction, seconds=seconds, speed=speed, measuring=())

    def _note_epoch(self, report: Report) -> None:
        self._note(epoch=report.epoch, model=report.model, images_per_second=report.images_per_second)
        self._add(
            Point(
                report.epoch,
                report.reconstruction_error,
                report.validation_error,
                self._progress.seconds,
                {name: value for name, value in report.metrics.items() if math.isfinite(value)},
            )
        )

    def _add(self, point: Point) -> None:
        self._history.add(point)
        self._note(history=self._history.points())
        self._recorder.point(point)

    def _note(self, **changes: object) -> None:
        self._progress = replace(self._progress, **changes)  # type: ignore[arg-type]


def work(task: Task) -> float:
    """Multiplications of the whole training, nearly: what waits are estimated by."""
    config, pixels = task.config, np.shape(task.images)
    steps = (config.gibbs_steps + (config.final_gibbs_steps or config.gibbs_steps)) / 2
    rungs = config.temperatures if config.algorithm == "pt" else 1
    return math.prod(pixels) * config.n_hidden * config.epochs * (4 + 2 * steps * rungs)


def _fraction(trainer: Trainer) -> float:
    return (trainer.epoch + trainer.batch / trainer.batches) / trainer.config.epochs


def _advice(error: Exception) -> str:
    """What went wrong, and what to do."""
    if isinstance(error, Refused):
        return f"training failed: {error}. Change the setting or the data that it names, and start again"
    what = f"training failed: {type(error).__name__}: {error}".removesuffix(": ")
    if isinstance(error, MemoryError):
        return f"{what}. There is too little memory: choose fewer hidden units or chains, or wait until others are done"
    return f"{what}. Start it again; if it fails again, the server's log holds the details"


# ---- what ties a training to its run


class Keeper:
    """The recorder of a run. `every`: seconds between checkpoints. `done(id)` is called once the end is on disk."""

    def __init__(self, store: Store, run: Run, every: float, done: Callable[[str], None]) -> None:
        self.run = run
        self.saved = False  # whether all that it was told is on disk
        self._store, self._every, self._done = store, every, done
        self._lock = threading.Lock()  # its thread and its owner both change the record
        self._unsaved: list[Point] = []
        self._told = 0
        self._next = time.monotonic() + every

    def change(self, column: str, value: object) -> None:
        """What the owner changes in the record, should it be written down only later."""
        with self._lock:
            self.run = replace(self.run, **{column: value})  # type: ignore[arg-type]

    def point(self, point: Point) -> None:
        self._unsaved.append(point)
        self._told += 1

    def due(self) -> bool:
        return time.monotonic() >= self._next or self._told >= MOST_UNSAVED

    def keep(self, progress: Progress, state: TrainState | None) -> None:
        begin = time.monotonic()
        with self._lock:
            self.run = at(self.run, progress)
        model = progress.model if progress.over else None
        self.saved = self._store.keep(self.run, self._unsaved, state=state, model=model)
        self._told = 0
        # where the disk takes nothing for hours, the curve is kept thinned
        self._unsaved = [] if self.saved else list(History(self._unsaved).points())
        end = time.monotonic()
        self._next = end + max(self._every, SHARE * (end - begin))
        if self.saved and progress.over:
            self._done(self.run.id)


def at(run: Run, progress: Progress) -> Run:
    """The record of a run whose training stands there."""
    last = progress.history[-1] if progress.history else None
    return replace(
        run,
        status=progress.status,
        message=progress.message,
        epoch=progress.epoch,
        fraction=progress.fraction,
        seconds=progress.seconds,
        training_error=last.training_error if last else None,
        validation_error=last.validation_error if last else None,
    )
