"""One file from the first of several mirrors that sends it whole, or none: checked before it gets its name.

A server that stalls or trickles holds the caller for as long as the patience says; the caller is told the progress ten
times a second while bytes come, and may leave by raising.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
from urllib3 import exceptions as broken

from rbm.errors import Unavailable

MAX_BYTES = 64 * 2**20  # of a file: more than twice the largest of MNIST's relatives
TICK = 0.1  # seconds between two reports
CHUNK = 2**16
HEADERS = {"Accept-Encoding": "identity", "User-Agent": "rbm-lab"}


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


def fetch(
    urls: Sequence[str],
    md5: str,
    target: Path,
    watch: Watch,
    label: str = "",
    patience: Patience | None = None,
) -> int:
    """Put the file with the checksum `md5` at `target`, whole or not at all; the index of the URL it came from.

    Raises Unavailable when no mirror delivers or the folder can't be written.
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
        part = Path(name) / target.name
        _receive(url, part, watch, label, patience)
        if checksum(part) != md5:
            raise _Failed("sent another file than the one wanted")
        part.replace(target)


def _receive(url: str, part: Path, watch: Watch, label: str, patience: Patience) -> None:
    """Write what comes into `part`, and report. Raises _Failed when it is too slow or too large."""
    host, begin, told = urlsplit(url).hostname or url, time.monotonic(), -TICK
    done = 0
    with closing(_pieces(url, patience)) as pieces:
        for total, piece in pieces:
            done += len(piece)
            _store(part, piece)
            now = time.monotonic() - begin
            if max(done, total) > MAX_BYTES:
                raise _Failed(f"sent more than {MAX_BYTES // 2**20} MB")
            if now > patience.grace + done / patience.rate:
                raise _Failed("was too slow")
            if now > told + TICK or done == total:
                told = now
                watch(Progress(label, host, done, max(total, done) if total else 0))


def _store(part: Path, piece: bytes) -> None:
    try:
        with part.open("ab") as file:
            file.write(piece)
    except OSError as error:
        raise _Failed(f"could not be stored ({error.strerror})") from error


def _pieces(url: str, patience: Patience) -> Generator[tuple[int, bytes], None, None]:
    """The bytes there will be in all, or 0 while that is unknown, and the next few as soon as they are here: none at
    first. Raises _Failed.
    """
    wait = (patience.connect, patience.read)
    try:
        with requests.get(url, stream=True, timeout=wait, headers=HEADERS, hooks={"response": _drop}) as response:
            response.raise_for_status()
            total = int(response.headers.get("Content-Length", 0))
            yield total, b""
            while piece := response.raw.read1(CHUNK, decode_content=True):
                yield total, piece
    except Exception as error:  # whatever a hostile server provokes
        raise _Failed(_reason(error)) from error


def _drop(response: requests.Response, **_: Any) -> None:
    """Of a redirect nothing is read but where it leads; requests would read all of it, however long."""
    if response.is_redirect:
        response.close()


def _reason(error: Exception) -> str:
    """What became of a transfer, in words that follow the name of its host."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code}"
    if isinstance(error, requests.Timeout | broken.TimeoutError):
        return "did not answer in time"
    if isinstance(error, requests.TooManyRedirects):
        return "sent us round in circles"
    if isinstance(error, broken.ProtocolError):
        return "broke off"
    if isinstance(error, requests.ConnectionError):
        return "could not be reached"
    return f"failed ({type(error).__name__})"


def checksum(path: Path) -> str:
    """MD5 of a file, as the data sets' makers publish it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def on_terminal(progress: Progress) -> None:
    """One line that fills, for a person at a terminal; nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        return
    of = f" of {progress.total / 1e6:.1f}" if progress.total else ""
    over = progress.total and progress.done >= progress.total
    print(
        f"\r{progress.label}: {progress.done / 1e6:.1f}{of} MB", end="\n" if over else "", file=sys.stderr, flush=True
    )
