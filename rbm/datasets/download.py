"""One file from the first of several mirrors that sends it whole, or none: checked before it gets its name.

The transfer runs in a thread of its own, so that a server that stalls, trickles or hangs never holds the caller,
who is told the progress ten times a second in its own thread and may leave by raising.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pooch
import requests

from rbm.errors import Unavailable

MAX_BYTES = 64 * 2**20  # of a file: more than twice the largest of MNIST's relatives
TICK = 0.1  # seconds between two reports
CHUNK = 2**14


class Progress(NamedTuple):
    """`done` of `total` bytes of `label` have come from `host`; `total` is 0 while it is unknown."""

    label: str
    host: str
    done: int
    total: int


Watch = Callable[[Progress], None]


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection and for the next bytes, and what counts as slow.

    A transfer may take `grace` seconds and one more for each `rate` bytes. All mirrors are tried `rounds` times,
    `pause` seconds between two rounds.
    """

    connect: float = 5.0
    read: float = 10.0
    grace: float = 20.0
    rate: float = 20_000.0
    rounds: int = 2
    pause: float = 1.0


class _Failed(Exception):
    """This mirror did not deliver, and why."""


class _Transfer(threading.Thread):
    """A download into `path`. It is also the progress bar that pooch fills, which tells `total` and can stop it."""

    def __init__(self, url: str, path: Path, patience: Patience) -> None:
        super().__init__(name=f"download {url}", daemon=True)
        self.url, self.path = url, path
        self.total = 0
        self.error: BaseException | None = None
        self._stopped = False
        self._response: requests.Response | None = None
        self._fetch = pooch.HTTPDownloader(
            progressbar=self,
            chunk_size=CHUNK,
            timeout=(patience.connect, patience.read),
            headers={"Accept-Encoding": "identity", "User-Agent": "rbm-lab"},
            hooks={"response": self._opened},
        )

    def run(self) -> None:
        try:
            self._fetch(self.url, str(self.path), None)
        except Exception as error:  # whatever a hostile server provokes; `fetch` reports it
            self.error = error
        finally:
            if self._response is not None:
                self._response.close()

    def stop(self) -> None:
        """End it now if it can be ended, else leave it to end by itself, with nowhere to write to."""
        self._stopped = True
        if self._response is not None and self.is_alive():
            with suppress(OSError, ValueError):  # it has just ended by itself
                self._response.raw.shutdown()
        self.join(1.0)

    @property
    def done(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size if self.path.exists() else 0

    def update(self, count: int) -> None:
        if self._stopped:
            raise _Failed("was stopped")

    def reset(self) -> None:
        """Part of what pooch asks of a progress bar."""

    def close(self) -> None:
        """Part of what pooch asks of a progress bar."""

    def _opened(self, response: requests.Response, **_: Any) -> None:
        self._response = response


def fetch(
    urls: Sequence[str],
    md5: str,
    target: Path,
    watch: Watch,
    label: str = "",
    patience: Patience | None = None,
) -> int:
    """Put the file with the checksum `md5` at `target`, whole or not at all; the index of the URL it came from.

    `watch` is called in this thread. Raises Unavailable when no mirror delivers or the folder can't be written.
    """
    patience = patience or Patience()
    faults: dict[str, str] = {}
    for turn in range(patience.rounds):
        if turn:
            time.sleep(patience.pause)
        for number, url in enumerate(urls):
            host = urlsplit(url).hostname or url
            try:
                _fetch_from(url, md5, target, watch, label, patience)
            except _Failed as fault:
                faults[host] = str(fault)
            else:
                return number
    reasons = ", ".join(f"{host} {fault}" for host, fault in faults.items())
    raise Unavailable(f"{label or target.name} can't be downloaded now: {reasons}")


def _fetch_from(url: str, md5: str, target: Path, watch: Watch, label: str, patience: Patience) -> None:
    """One attempt, in a folder of its own beside `target`, which is gone afterwards whatever happens."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(prefix=".partial-", dir=target.parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise Unavailable(f"the folder {target.parent} can't be written: {error.strerror}") from error
    with folder as name:
        transfer = _Transfer(url, Path(name) / target.name, patience)
        transfer.start()
        try:
            _attend(transfer, watch, label, patience)
        finally:
            transfer.stop()
        if transfer.error is not None:
            raise _Failed(_reason(transfer.error))
        if pooch.file_hash(transfer.path, "md5") != md5:
            raise _Failed("sent another file than the one wanted")
        transfer.path.replace(target)


def _attend(transfer: _Transfer, watch: Watch, label: str, patience: Patience) -> None:
    """Report until the transfer is over. Raises _Failed when it is too slow or too large."""
    host, start = urlsplit(transfer.url).hostname or transfer.url, time.monotonic()
    while True:
        transfer.join(TICK)
        done = transfer.done
        watch(Progress(label, host, done, max(transfer.total, done) if transfer.total else 0))
        if max(done, transfer.total) > MAX_BYTES:
            raise _Failed(f"sent more than {MAX_BYTES // 2**20} MB")
        if not transfer.is_alive():
            return
        if time.monotonic() - start > patience.grace + done / patience.rate:
            raise _Failed("was too slow")


def _reason(error: BaseException) -> str:
    """What became of a transfer, in words that follow the name of its host."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "did not answer in time"
    if isinstance(error, requests.TooManyRedirects):
        return "sent us round in circles"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "broke off"
    if isinstance(error, requests.ConnectionError):
        return "did not answer in time" if "timed out" in str(error) else "could not be reached"
    if isinstance(error, OSError) and error.strerror:
        return f"could not be stored ({error.strerror})"
    return f"failed ({type(error).__name__})"


def on_terminal(progress: Progress) -> None:
    """One line that fills, for a person at a terminal; nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        return
    of = f" of {progress.total / 1e6:.1f}" if progress.total else ""
    over = progress.total and progress.done >= progress.total
    print(
        f"\r{progress.label}: {progress.done / 1e6:.1f}{of} MB", end="\n" if over else "", file=sys.stderr, flush=True
    )
