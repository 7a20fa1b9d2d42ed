"""The way to a worker of a Dask cluster, and a stretch of training that goes on there."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from rbm.models.binary import RBM
from rbm.runs.bench import Bench, Raised, Standing, versions
from rbm.runs.stretch import Lost, Moved
from rbm.training.state import TrainState

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 5.0  # seconds without an answer after which we ask whether the worker is still there
BENCH = 10.0  # seconds until a worker must have made its bench
log = logging.getLogger(__name__)


class Way:
    """The way to the Bench on one worker. Raises Lost where it can't be made there, or doesn't answer."""

    def __init__(self, client: Client, worker: str, forget: Callable[[str], None]) -> None:
        from distributed.actor import Actor

        self.worker, self._forget = worker, forget
        self._failed = ""
        try:
            self._future = client.submit(
                Bench, key=f"rbm-bench-{secrets.token_hex(8)}", workers=[worker], actor=True, pure=False
            )
            failure = self._future.exception(timeout=BENCH)
            if failure is not None:
                self._failed = f"the worker at {worker} can't train: {failure}"
            with client.as_current():
                self._actor = Actor(Bench, worker, self._future.key)
        except Exception as error:  # whatever it is: there is no bench
            raise self._lost(error) from error

    def unfit(self) -> str | None:
        """Why nothing can be trained there as it is here, a sentence."""
        if self._failed:
            return self._failed
        theirs, ours = self.ask("versions"), versions()
        other = [name for name in ours if theirs.get(name) != ours[name]]
        if not other:
            return None
        of = "this program" if other[0] == "program" else other[0]
        return f"the worker at {self.worker} has another version of {of}"

    def ask(self, method: str, *args: object) -> Any:
        """What it answers. Raises what it has raised there too."""
        try:
            future = getattr(self._actor, method)(*args)
            answer = self._wait(future)
        except Exception as error:  # what is raised there is an answer: this is the way to it
            raise self._lost(error) from error
        if isinstance(answer, Raised):
            raise answer.again()
        return answer

    def _wait(self, future: Any) -> Any:
        while True:
            try:
                return future.result(timeout=PATIENCE)
            except TimeoutError:
                if self._future.status != "finished":  # the scheduler says that it is gone
                    raise

    def _lost(self, error: Exception) -> Lost:
        self._forget(self.worker)
        return Lost(
            f"the worker at {self.worker} is gone ({type(error).__name__}: {' '.join(str(error).split())[:80]})"
        )


class Pace(Protocol):
    """What whoever lends the workers asks of each training (`cluster.Cluster`)."""

    @property
    def turn(self) -> float:
        """Seconds that a training goes on before it reports."""

    @property
    def model_every(self) -> float:
        """Seconds from one of its models to the next."""

    def give_back(self, worker: str) -> None: ...


class Away:
    """A stretch of training on a worker (`stretch.Stretch`)."""

    def __init__(
        self, pace: Pace, bench: Way, key: str, stands: Standing, begun: tuple[float, float | None], model: RBM
    ) -> None:
        self.begun = begun
        self._pace, self._bench, self._key, self._stands = pace, bench, key, stands
        self._model: RBM | None = model  # as it is now, where that is known
        self._shown = time.monotonic()

    @property
    def epoch(self) -> int:
        return self._stands.epoch

    @property
    def fraction(self) -> float:
        return self._stands.fraction

    @property
    def finished(self) -> bool:
        return self._stands.finished

    @property
    def about_to_measure(self) -> tuple[str, ...]:
        return self._stands.about_to_measure

    @property
    def model(self) -> RBM:
        if self._model is None:
            self._model = self._bench.ask("model", self._key)
        return self._model

    def go_on(self, once: bool) -> Moved:
        show = time.monotonic() >= self._shown + self._pace.model_every
        seconds = 0.0 if once else self._pace.turn
        moved: Moved
        self._stands, moved = self._bench.ask("go_on", self._key, seconds, show)
        self._model = moved.model if self.finished else None
        if moved.model is not None:
            self._shown = time.monotonic()
        return moved

    def snapshot(self) -> TrainState:
        state: TrainState = self._bench.ask("snapshot", self._key)
        return state

    def close(self) -> None:
        try:
            self._bench.ask("end", self._key)
        except Lost as error:
            log.info("nothing is left to be ended: %s", error)
        finally:
            self._pace.give_back(self._bench.worker)
