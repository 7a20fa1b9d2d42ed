"""A real Dask scheduler and real workers, as whoever runs a server starts them, for tests and measurements."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rbm.models.threads import NICE

ROOT = Path(__file__).parents[1]
SECONDS = 180  # until a process that says nothing counts as failed


@dataclass
class Processes:
    """Of a cluster under `folder`."""

    folder: Path
    scheduler: subprocess.Popen[bytes]
    address: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self) -> subprocess.Popen[bytes]:
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
        options += ["--local-directory", str(self.folder / "spill")]
        log = self.folder / f"worker-{len(self.workers)}"
        self.workers.append(_started("worker", self.address, *options, log=log, nice=NICE))
        return self.workers[-1]

    def worker_at(self, address: str) -> subprocess.Popen[bytes]:
        """The process of the worker with this address, by what it has printed."""
        (number,) = [n for n in range(len(self.workers)) if address in (self.folder / f"worker-{n}").read_text()]
        return self.workers[number]

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """At once, with no time for a farewell."""
    process.send_signal(signal.SIGKILL)
    process.wait(SECONDS)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Processes]:
    folder.mkdir(exist_ok=True)
    log = folder / "scheduler"
    process = _started("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", log=log)
    processes = Processes(folder, process, _address(process, log))
    try:
        for _ in range(workers):
            processes.add_worker()
        for number, worker in enumerate(processes.workers):
            _said(worker, folder / f"worker-{number}", "Registered to:")
        yield processes
    finally:
        processes.end()


def _started(*words: str, log: Path, nice: int = 0) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=file, stderr=file, env=environment)
    os.setpriority(os.PRIO_PROCESS, process.pid, nice)
    return process


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    return _said(process, log, "Scheduler at:").split()[-1]


def _said(process: subprocess.Popen[bytes], log: Path, words: str) -> str:
    """The line of its log with these words."""
    for _ in range(SECONDS * 20):
        assert process.poll() is None, log.read_text()
        for line in log.read_text().splitlines():
            if words in line:
                return line
        time.sleep(0.05)
    raise AssertionError(log.read_text())
