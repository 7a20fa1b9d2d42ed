"""One training in a thread of its own: it waits for its turn, trains, rests, ends, and writes down how far it is.

A job keeps what its owner wants and looks at it before every mini-batch: that is how soon a wish is met. It doesn't
know who watches: its thread leaves one snapshot after another, and whoever draws reads the last.

What waits or rests is on disk and nowhere else: every stretch of training begins from the checkpoint that the last one
left, so a turn, a pause and a restart of the server are one and the same, and what waits fills no memory. Where the
disk takes nothing, a training keeps its worker, and what rests keeps its state in memory.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import replace
from typing import Literal

from rbm.datasets.dataset import Dataset
from rbm.errors import BadCheckpoint, Refused
from rbm.models import threads
from rbm.runs.ledger import Ledger
from rbm.runs.progress import Point, Progress, Status
from rbm.runs.queue import Queue, work
from rbm.runs.record import Run
from rbm.runs.store import Store
from rbm.runs.stretch import Ended, Here, Lost, Maker, NoPlace, Stretch
from rbm.runs.tower import Below, shape
from rbm.training.state import Diverged, TrainState

CHECKPOINT_SECONDS = 3.0
LOSSES = 3  # in a row, without a checkpoint between them: it may be the training that ends who trains it
MEASURABLE = 0.3  # seconds of training before its speed is worth telling
log = logging.getLogger(__name__)

Wish = Literal["run", "pause", "stop", "interrupt"]
REST: dict[Wish, Status] = {"pause": "paused", "stop": "stopped", "interrupt": "interrupted"}


class Job:
    """The training of `run` on `data`. All public methods return at once and may be called at any time.

    progress: where it stands, if it has begun before. every: seconds between checkpoints. below: the layers that it
    stands on. ended: told its run's id, by its own thread, when it is over. make: where it trains.
    """

    def __init__(
        self,
        run: Run,
        data: Dataset,
        store: Store,
        queue: Queue,
        *,
        progress: Progress | None = None,
        every: float = CHECKPOINT_SECONDS,
        below: Below | None = None,
        ended: Callable[[str], None] = lambda run_id: None,
        make: Maker = Here,
    ) -> None:
        self.owner = run.owner
        self.work = work(run.config, shape(data, below))
        self._below, self._ended, self._make = below, ended, make
        self.arrival, self.turns, self.turn_began = 0, 0, 0.0  # the queue's, as is `called`
        self.called = threading.Event()  # look again: there is a worker now, or another wish
        self._run, self._data, self._store, self._queue = run, data, store, queue
        self._wanted: Wish = "pause"  # with the queue's lock held, as are the steps and the thread
        self._steps = 0  # single mini-batches that are wanted before the pause
        self._settled = True  # nothing is wanted but what is
        self._thread: threading.Thread | None = None
        self._progress = progress or Progress("paused", run.config.epochs)
        self._ledger = Ledger(store, self._progress.history, every)
        self._base: tuple[float, float] | None = None  # fraction and seconds when this job first trained
        self._losses = 0

    # ---- what its owner asks

    def resume(self) -> None:
        """Train, when it is its turn. Raises Busy where too many wait."""
        self._ask("run")

    def pause(self) -> None:
        """Rest after the mini-batch; the worker goes to the next job."""
        self._ask("pause")

    def stop(self) -> None:
        """End after the mini-batch, for good; the model so far is kept."""
        self._ask("stop")

    def interrupt(self) -> None:
        """Rest, as the server goes."""
        self._ask("interrupt")

    def step(self) -> None:
        """One mini-batch at once, even if no worker is free, then pause. If it runs: the present one, then pause."""
        with self._queue.lock:
            self._ask("pause", 0 if self._queue.serves(self) and self._wanted == "run" else self._steps + 1)

    def change(self, column: str, value: object) -> None:
        """What the owner changes in the record."""
        with self._queue.lock:
            self._run = replace(self._run, **{column: value})  # type: ignore[arg-type]

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it rests and that is kept, or for `timeout` seconds; whether it is over."""
        return self.rest(timeout) and self.over

    def rest(self, timeout: float | None = None) -> bool:
        """Wait until no thread is at it; whether that is so."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return not self.moving

    def _ask(self, wish: Wish, steps: int = 0) -> None:
        with self._queue.lock:
            if self.over or self._wanted == "stop":
                return
            if wish == "run" and not self._queue.serves(self):
                self._queue.check(self.owner)
            at_rest = self._settled or self._queue.waits(self)
            self._wanted, self._steps, self._settled = wish, steps, False
            if wish == "run":
                self._queue.enter(self)
            elif at_rest:  # said at once: who looks before its thread has woken must not take it for one that rests on
                self._queue.leave(self)
                self.note(status="running" if steps or wish == "stop" else REST[wish])
            self.called.set()
            if not self.moving:
                self._begin_thread()

    # ---- what it says

    @property
    def over(self) -> bool:
        return self._progress.over

    @property
    def moving(self) -> bool:
        """Whether a thread is at it."""
        return self._thread is not None

    @property
    def kept(self) -> bool:
        """Whether all that there is to know is on disk, and stays so."""
        return self._ledger.saved and not self.moving

    @property
    def run(self) -> Run:
        """The record as it is this moment."""
        return self._run.at(self._progress)

    @property
    def model_bytes(self) -> int:
        """Of the model that it shows."""
        model = self._progress.model
        return model.weights.nbytes if model is not None else 0

    @property
    def pace(self) -> float:
        """Work done in a second, 0 before it is known."""
        return self._progress.speed * self.work

    @property
    def fraction(self) -> float:
        """That is done."""
        return self._progress.fraction

    @property
    def work_left(self) -> float:
        return (1 - self.fraction) * self.work

    def progress(self) -> Progress:
        progress = self._progress  # replaced whole, never changed
        if progress.status != "waiting":
            return progress
        place, wait = self._queue.outlook(self)
        return replace(progress, place=place, wait=wait)

    def note(self, **changes: object) -> None:
        with self._queue.lock:
            self._progress = replace(self._progress, **changes)  # type: ignore[arg-type]

    # ---- its thread

    def _begin_thread(self) -> None:
        self._thread = threading.Thread(target=self._live, name="rbm-training", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # the system has no more threads to give
            self._thread = None
            self._fail(error)

    def _live(self) -> None:
        """A thread's whole life."""
        threads.give_way()
        while self._wait():
            served = self._queue.serves(self)
            try:
                with threads.one_thread(), nullcontext() if served else self._queue.beside:
                    self._train(served)
            except Diverged as error:
                if math.isfinite(error.error):
                    self._add(Point(self._progress.epoch + 1, error.error, None, self._progress.seconds))
                self._end("diverged", model=error.model, message=str(error))
            except Exception as error:  # the page must be able to say it; the log keeps the traceback
                self._fail(error)
            if self.over:
                self._ended(self._run.id)

    def _wait(self) -> bool:
        """Until it may do what its owner wants. False, and the thread ends, where all of that is done."""
        while True:
            with self._queue.lock:
                self.called.clear()
                if self._settled:
                    self._thread = None
                    return False
                if self._wanted != "run" or self._queue.serves(self):
                    return True
            self.called.wait()

    def _train(self, served: bool) -> None:
        """Train until it is over, or shall rest, or its turn is over and others wait."""
        try:
            with ExitStack() as stay:
                self._stretch(served, stay)
        except Lost as error:
            self._note_loss(error)

    def _stretch(self, served: bool, stay: ExitStack) -> None:
        """As `_train`, unless Lost is raised. stay: where it is closed."""
        trainer, moved = None, False  # a turn is one mini-batch at least, however long it took to begin
        while trainer is None or not trainer.finished:
            asked = self._asked(served)
            if asked in REST:
                if self._rest(asked, trainer):
                    return
            elif asked == "give way" and trainer is not None and moved and self._give_way(trainer):
                return
            else:
                trainer = trainer or stay.enter_context(closing(self._begin_turn()))
                if not trainer.finished:
                    self._batch(trainer, once=asked == "step")
                moved = True
        self._end("finished", model=trainer.model)

    def _note_loss(self, error: Lost) -> None:
        """It stands in line again, to go on elsewhere from its last checkpoint. Raises where that is no use."""
        log.warning("run %s goes on from its last checkpoint: %s", self._run.id, error)
        self._losses += not isinstance(error, NoPlace)
        if self._losses >= LOSSES:
            raise Refused(f"{error}; that was so {LOSSES} times in a row, and may be its own doing") from error
        with self._queue.lock:
            if self._wanted == "run" and self._queue.leave(self):
                self._queue.enter(self)

    def _asked(self, served: bool) -> Wish | Literal["give way", "step"]:
        """What to do now. Uses up one of the single steps."""
        with self._queue.lock:
            if self._steps:
                self._steps -= 1
                return "step"
            if self._wanted == "run" and (not served or self._queue.turn_over(self)):
                return "give way"
            return self._wanted

    def _begin_turn(self) -> Stretch:
        """On a busy server reading may take longer than a turn, which therefore counts from here on."""
        trainer = self._begin(self._make)
        with self._queue.lock:
            self._queue.turn_begins(self)
        return trainer

    def _begin(self, make: Maker) -> Stretch:
        """Read on from where the last stretch ended."""
        state = self._ledger.state or self._stored_state()
        trainer = make(self._run, self._data, self._below, state)
        self._ledger.go_back(trainer.epoch if state else -1)
        self._base = self._base or (trainer.fraction, self._progress.seconds)
        self.note(model=trainer.model, epoch=trainer.epoch, fraction=trainer.fraction)
        if state is None:
            self._add(Point(0, *trainer.begun))
        self._keep()
        return trainer

    def _stored_state(self) -> TrainState | None:
        try:
            return self._store.checkpoint(self._run)
        except BadCheckpoint as error:
            log.warning("run %s begins again: %s", self._run.id, error)
            return None

    def _batch(self, trainer: Stretch, *, once: bool) -> None:
        if measures := trainer.about_to_measure:
            self.note(measuring=measures)
        before = self._progress.seconds
        try:
            moved = trainer.go_on(once)
        except Lost:
            with self._queue.lock:
                self._steps += once  # it is still to be made
            raise
        self._note_step(trainer.fraction, before + moved.seconds)
        if moved.model is not None:
            self.note(model=moved.model)
        if moved.epochs:
            self._note_epochs(moved.epochs, before)
        if self._ledger.due:
            self._keep_snapshot(trainer)
            if self._store.asked_to_stop(self._run.id):
                self.stop()

    def _give_way(self, trainer: Stretch) -> bool:
        """Leave the worker to others, and the memory; where the disk doesn't take it, it keeps both."""
        kept = self._keep_snapshot(trainer)
        with self._queue.lock:
            if not self._queue.serves(self):
                return True
            if not kept:
                self._queue.another_turn(self)
            elif self._wanted == "run":
                self._queue.leave(self)
                if self._queue.crowded(self):
                    self.note(model=None)  # the disk has it
                self._queue.enter(self)
        return kept

    def _rest(self, wish: Wish, trainer: Stretch | None) -> bool:
        """Do no more, unless its owner wants otherwise by now. Said first, then kept: nobody waits for the disk."""
        if trainer is None and wish == "stop" and self._progress.fraction:
            trainer = self._begin(Here)  # for its model
        begin = time.monotonic()
        state = trainer.snapshot() if trainer else None
        model = trainer.model if trainer else self._progress.model
        with self._queue.lock:
            if self._wanted != wish or self._steps:
                return False
            self._queue.leave(self)
            self.note(status=REST[wish], model=model, measuring=())
            self._settled = True
        self._keep(state, begin)
        return True

    def _end(self, status: Status, **changes: object) -> None:
        """There is nothing more to do, whatever its owner wants."""
        with self._queue.lock:
            self._queue.leave(self)
            self.note(status=status, measuring=(), **changes)
            self._settled = True
        self._keep()

    def _fail(self, error: Exception) -> None:
        log.error("a training failed", exc_info=error)
        self._end("failed", message=_advice(error))

    # ---- what it writes down

    def _note_step(self, fraction: float, seconds: float) -> None:
        assert self._base is not None
        done, spent = fraction - self._base[0], seconds - self._base[1]
        speed = done / spent if spent > MEASURABLE else 0.0
        self.note(fraction=fraction, seconds=seconds, speed=speed, measuring=())

    def _note_epochs(self, ended: Sequence[Ended], before: float) -> None:
        """before: seconds of training until it went on."""
        self.note(epoch=ended[-1].epoch, images_per_second=ended[-1].images_per_second)
        self._add(
            *(Point(e.epoch, e.training_error, e.validation_error, before + e.seconds, e.measures) for e in ended)
        )

    def _add(self, *points: Point) -> None:
        self._ledger.add(*points)
        self.note(history=self._ledger.points)

    def _keep_snapshot(self, trainer: Stretch) -> bool:
        begin = time.monotonic()
        return self._keep(trainer.snapshot(), begin)

    def _keep(self, state: TrainState | None = None, begin: float | None = None) -> bool:
        """Write down where it stands, and the state to go on from, if there is one; whether the disk took it.

        begin: when that was asked for, if not now.
        """
        if state is not None:
            self._losses = 0
        model = self._progress.model if self.over else None
        return self._ledger.keep(self.run, model, state, begin, self._queue.stretched)

    def keep_again(self) -> None:
        """Once it rests: what the disk did not take before."""
        self._keep(self._ledger.state)


def _advice(error: Exception) -> str:
    """What went wrong, and what to do."""
    if isinstance(error, Refused):
        return f"training failed: {error}. Change the setting or the data that it names, and start again"
    what = f"training failed: {type(error).__name__}: {error}".removesuffix(": ")
    if isinstance(error, MemoryError):
        return f"{what}. There is too little memory: choose fewer hidden units or chains, or wait until others are done"
    return f"{what}. Start it again; if it fails again, the server's log holds the details"
