"""Trainings on the workers of a Dask cluster, whose address the server's settings name (`RBM_DASK`).

The lab connects to it, never starts it, and imports Dask nowhere but here, where there is an address. On each worker
stands a `Bench`, an actor that the lab speaks to directly, so that the scheduler has nothing to do with a training. A
job's loop asks it to go on for a fraction of a second and hears what came of it; checkpoints come home as ever. A
worker that is gone costs what lies after the last one. Where no worker can be had, the lab trains by itself, and says
why.

What one server hears doesn't grow with the cluster: the more trainings are under way, the longer it lets each of them
go on, and the more rarely models and checkpoints come (`python -m benchmarks.cluster` counts the bytes).

Connections are encrypted where the address says tls:// and Dask's own configuration holds the keys.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rbm.datasets.dataset import Dataset
from rbm.errors import Unavailable
from rbm.runs.away import Away, Way
from rbm.runs.bench import Layers
from rbm.runs.record import Run
from rbm.runs.stretch import Lost
from rbm.runs.tower import Below
from rbm.training.state import TrainState

if TYPE_CHECKING:
    from distributed import Client

CONNECT = 5.0  # seconds until a scheduler that doesn't answer counts as away
AGAIN = 30.0  # seconds until it is tried anew
LOOK = 2.0  # seconds between two looks at which workers there are
TURN, EACH = 0.25, 0.01  # seconds that a training goes on alone: so many, or so many for each that is under way
MODEL, EACH_MODEL = 1.0, 0.1  # the same, until its model comes along to be shown
TRIES = 5  # workers that may turn out to be gone or unfit, one after another
log = logging.getLogger(__name__)


class Cluster:
    """The workers of the scheduler at `address`. For many threads at once.

    trouble: why nothing is trained there; None while all is well.
    resized: told how many trainings fit at a time, whenever that has changed; 0 where none does.
    """

    def __init__(self, address: str, resized: Callable[[int], None] = lambda workers: None) -> None:
        self.address = address
        self.trouble: str | None = None
        self._resized = resized
        self._lock = threading.RLock()
        self._client: Client | None = None
        self._benches: dict[str, Way] = {}  # by the worker's address
        self._unfit: dict[str, str] = {}  # workers that can't train, and why
        self._under_way: Counter[str] = Counter()
        self._workers: tuple[str, ...] = ()
        self._next_try = self._next_look = 0.0
        self._told = -1

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
            self._benches.clear()
        if client is not None:
            _end(client)

    def look(self) -> None:
        """Whether anybody is there; `trouble` says what is wrong."""
        try:
            self.workers()
        except Unavailable as error:
            log.info("no cluster: %s", error)

    def workers(self) -> tuple[str, ...]:
        """Addresses of those that can train. Raises Unavailable, where there is none."""
        with self._lock:
            client = self._connected()
            if time.monotonic() >= self._next_look:
                self._look(client)
            fit = tuple(worker for worker in self._workers if worker not in self._unfit)
            if not fit:
                why = next(iter(self._unfit.values()), "it has no workers")
                raise self._away(f"The cluster at {self.address} can't train ({why})")
            self.trouble = None
            self._tell(len(fit))
            return fit

    def begin(self, run: Run, data: Dataset, below: Below | None, state: TrainState | None) -> Away:
        """A `stretch.Maker`. Raises Unavailable where no worker can train, Lost, and what the training raises."""
        bench, key = self._take_bench(), secrets.token_hex(8)
        try:
            if not bench.ask("has", data.fingerprint):
                bench.ask("bring", data, data.fingerprint)
            layers = None if below is None else Layers(below.read(), below.bottom)
            bare = replace(run, name="", owner="", message="")  # who trains it is nobody's business there
            stands, start, held_out, model = bench.ask("begin", key, bare, data.fingerprint, layers, state)
        except BaseException:
            self.give_back(bench.worker)
            raise
        return Away(self, bench, key, stands, (start, held_out), model)

    # ---- for those under way (`away.Pace`)

    @property
    def turn(self) -> float:
        return max(TURN, EACH * self._under_way.total())

    @property
    def model_every(self) -> float:
        return max(MODEL, EACH_MODEL * self._under_way.total())

    def _take_bench(self) -> Way:
        """Of a worker that can train. Raises Unavailable and Lost."""
        for tries_left in reversed(range(TRIES)):
            worker = self._take()
            try:
                return self._bench(worker)
            except BaseException as error:
                self.give_back(worker)
                if not (isinstance(error, Lost) and tries_left):
                    raise
        raise AssertionError("it is raised or returned before")

    def _take(self) -> str:
        """The worker with the fewest trainings, which has one more from now on."""
        with self._lock:
            worker = min(self.workers(), key=lambda one: self._under_way[one])
            self._under_way[worker] += 1
            return worker

    def give_back(self, worker: str) -> None:
        with self._lock:
            self._under_way[worker] -= 1
            if not self._under_way[worker]:
                del self._under_way[worker]

    def _forget(self, worker: str) -> None:
        """It did not answer."""
        with self._lock:
            self._benches.pop(worker, None)
            self._next_look = 0.0

    # ---- connecting

    def _connected(self) -> Client:
        """Raises Unavailable."""
        if self._client is not None and self._client.status == "running":
            return self._client
        if time.monotonic() < self._next_try:
            raise Unavailable(self.trouble or "nobody has answered yet")
        self._next_try = time.monotonic() + AGAIN
        self._lose_client()
        try:
            from distributed import Client

            options = {"timeout": CONNECT, "set_as_default": False, "direct_to_workers": True, "name": "rbm-lab"}
            self._client = _within(2 * CONNECT, lambda: Client(self.address, **options))
        except ImportError:
            raise self._away("RBM_DASK is set, but Dask isn't installed (pip install '.[cluster]')") from None
        except (OSError, ValueError, TypeError, RuntimeError) as error:  # of a wrong address all but the first
            why = " ".join(str(error).split())[:120] or type(error).__name__
            raise self._away(f"The scheduler at {self.address} can't be reached ({why})") from None
        self._next_look = self._next_try = 0.0
        return self._client

    def _lose_client(self) -> None:
        client, self._client = self._client, None
        self._benches.clear()
        self._unfit.clear()
        if client is not None:
            _end(client)

    def _look(self, client: Client) -> None:
        """Raises Unavailable where the scheduler is gone."""
        try:
            found: dict[str, Any] = _within(2 * CONNECT, client.nthreads)
        except Exception as error:  # whatever it is: it does not answer
            raise self._away(f"The scheduler at {self.address} does not answer ({type(error).__name__})") from error
        self._next_look = time.monotonic() + LOOK
        self._workers = tuple(sorted(found))
        for known in (self._benches, self._unfit):
            for worker in known.keys() - found.keys():
                known.pop(worker)

    def _away(self, what: str) -> Unavailable:
        """Remembers it."""
        self.trouble = what
        self._next_try = time.monotonic() + AGAIN
        self._tell(0)
        return Unavailable(self.trouble)

    def _tell(self, workers: int) -> None:
        if workers != self._told:
            log.warning(self.trouble or f"{workers} workers of the cluster at {self.address} train")
            self._told = workers
            self._resized(workers)

    # ---- benches

    def _bench(self, worker: str) -> Way:
        """Raises Lost, where it is unfit too: another one may do."""
        with self._lock:
            bench, client = self._benches.get(worker), self._client
        if bench is None:
            if client is None:
                raise Lost(f"the scheduler at {self.address} is gone")
            bench = Way(client, worker, self._forget)
            if (why := bench.unfit()) is not None:
                with self._lock:
                    self._unfit[worker] = why
                raise Lost(why)
            with self._lock:
                bench = self._benches.setdefault(worker, bench)
        return bench


def _end(client: Client) -> None:
    """Whatever state it is in."""
    try:
        _within(2 * CONNECT, lambda: client.close(timeout=CONNECT))
    except Exception as error:  # of a scheduler that is gone Dask may raise anything, and nothing is left to be done
        log.info("the way to the scheduler was not closed: %s: %s", type(error).__name__, error)


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What `call` gives, or raises. Raises TimeoutError where it takes longer: Dask may wait for ever."""
    answers: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

    def answer() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:  # it is raised where it is waited for
            answers.put((None, error))

    threading.Thread(target=answer, name="rbm-cluster", daemon=True).start()
    try:
        found, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer in {seconds:g} s") from None
    if error is not None:
        raise error
    return found
