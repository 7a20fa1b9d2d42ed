"""Where trainings run: on this server's own threads, or on the workers of a cluster that its settings name."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rbm.datasets.dataset import Dataset
from rbm.errors import Unavailable
from rbm.runs.limits import Limits
from rbm.runs.queue import Queue, cores
from rbm.runs.record import Run
from rbm.runs.stretch import Here, NoPlace, Stretch
from rbm.runs.tower import Below
from rbm.training.state import TrainState

if TYPE_CHECKING:
    from rbm.runs.cluster import Cluster

AWAY = "The cluster that trains for this server can't be reached now; trainings run on this server itself."


class Workplace:
    """dask: the address of a scheduler, "" for none. queue: the line of all trainings, as long as there are workers.
    cluster: None without an address.
    """

    def __init__(self, limits: Limits, dask: str = "") -> None:
        self._most = limits.workers
        self.queue = Queue(limits.workers or None, limits.max_waiting)
        self.cluster = self._connected(dask) if dask else None

    def close(self) -> None:
        if self.cluster is not None:
            self.cluster.close()

    @property
    def notice(self) -> str | None:
        """Whether no cluster trains, where one should. Where that is, and why it doesn't, is for the log."""
        return AWAY if self.cluster is not None and self.cluster.trouble is not None else None

    def begin(self, run: Run, data: Dataset, below: Below | None, state: TrainState | None, /) -> Stretch:
        """A `stretch.Maker`: on the cluster; here, without one, and where only this server has a worker."""
        if self.cluster is None:
            return Here(run, data, below, state)
        try:
            return self.cluster.begin(run, data, below, state)
        except Unavailable as error:
            with self.queue.lock:
                if self.queue.overfull:
                    raise NoPlace(str(error)) from error
            return Here(run, data, below, state)

    def _connected(self, address: str) -> Cluster:
        """The cluster, which is looked for at once, while pages are drawn already."""
        from rbm.runs.cluster import Cluster

        cluster = Cluster(address, self._resized)
        threading.Thread(target=cluster.look, name="rbm-cluster", daemon=True).start()
        return cluster

    def _resized(self, workers: int) -> None:
        """The cluster has so many workers now."""
        most = self._most or max(workers, cores())
        self.queue.resize(min(workers, most) if workers else min(cores(), most))
