"""Training in a background thread. The thread writes to a locked plain object; whoever draws reads a copy."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from numpy.typing import ArrayLike

from rbm.config import TrainConfig
from rbm.model import RBM
from rbm.state import Diverged, Report
from rbm.training import Trainer

Status = Literal["running", "finished", "stopped", "diverged", "failed"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Point:
    """One point of the learning curve; epoch 0 is the model before training."""

    epoch: int
    training_error: float
    validation_error: float | None
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a job stands: a snapshot that never changes."""

    status: Status
    epochs: int
    model: RBM
    epoch: int = 0
    fraction: float = 0.0
    seconds: float = 0.0
    images_per_second: float = 0.0
    history: tuple[Point, ...] = ()
    message: str = ""

    @property
    def running(self) -> bool:
        return self.status == "running"

    @property
    def seconds_left(self) -> float | None:
        """At the speed so far; None before there is one."""
        return self.seconds / self.fraction * (1 - self.fraction) if self.fraction > 0.002 else None


class Job:
    """One training run in a thread of its own."""

    def __init__(
        self,
        images: ArrayLike,
        config: TrainConfig,
        *,
        validation: ArrayLike | None = None,
        monitors: Iterable[str] = (),
        monitor_every: int = 1,
    ) -> None:
        self.config = config
        self._trainer = Trainer(images, config, validation=validation, monitors=monitors, monitor_every=monitor_every)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        start = Point(0, self._trainer.start_error, self._trainer.validation_error())
        self._progress = Progress("running", config.epochs, self._trainer.model, history=(start,))
        self._thread = threading.Thread(target=self._run, name="rbm-training", daemon=True)

    def start(self) -> Job:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ask the run to end after its mini-batch; the model so far is kept."""
        self._stop.set()

    def join(self, timeout: float | None = None) -> None:
        self._thread.join(timeout)

    def progress(self) -> Progress:
        with self._lock:
            return self._progress

    def _run(self) -> None:
        try:
            self._loop()
        except Diverged as error:
            self._note(status="diverged", model=error.model, message=str(error))
        except Exception as error:  # the page must be able to say it; the log keeps the traceback
            log.exception("training failed")
            self._note(status="failed", message=f"training failed: {type(error).__name__}: {error}")

    def _loop(self) -> None:
        trainer, begin = self._trainer, time.perf_counter()
        while not trainer.finished:
            if self._stop.is_set():
                self._note(status="stopped", model=trainer.model)
                return
            report = trainer.step()
            seconds = time.perf_counter() - begin
            fraction = (trainer.epoch + trainer.batch / trainer.batches) / self.config.epochs
            self._note(fraction=fraction, seconds=seconds)
            if report is not None:
                self._note_epoch(report)
        self._note(status="finished")

    def _note_epoch(self, report: Report) -> None:
        point = Point(report.epoch, report.reconstruction_error, report.validation_error, report.metrics)
        self._note(
            epoch=report.epoch,
            model=report.model,
            images_per_second=report.images_per_second,
            history=(*self._progress.history, point),
        )

    def _note(self, **changes: object) -> None:
        with self._lock:
            self._progress = replace(self._progress, **changes)  # type: ignore[arg-type]
