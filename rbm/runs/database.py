"""Every statement that is made to the SQLite file of the store."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from rbm.errors import BadValue, Refused
from rbm.runs.opening import broken
from rbm.runs.progress import Point
from rbm.runs.record import COLUMNS, Run, configuration, from_row, number, row
from rbm.training.config import TrainConfig

log = logging.getLogger(__name__)
_PAGES = ("page_count", "freelist_count", "page_size")
WASTE = 4 * 2**20  # bytes

_PROGRESS = (
    "status", "message", "epoch", "fraction", "seconds", "training_error", "validation_error", "holder", "fingerprint",
)  # fmt: skip
_UPSERT = (
    f"INSERT INTO runs ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)}) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _PROGRESS)}"
)
_ALIKE = (
    "fingerprint = ? AND config = ? AND n_classes = ? AND status = 'finished' AND imported = 0 AND deleted IS NULL "
    "ORDER BY rowid"
)


def _point(run: str, epoch: Any, training: Any, validation: Any, seconds: Any, measures: Any) -> Point:
    """Raises ValueError or TypeError for what was never written."""
    numbers = {str(name): number(value) for name, value in dict(json.loads(measures)).items()}
    held_out = None if validation is None else number(validation)
    return Point(int(number(epoch)), number(training), held_out, number(seconds), numbers)


@dataclass(frozen=True, eq=False)
class Database:
    """Without readers the writer reads too. Writing raises sqlite3.Error, reading Refused."""

    writer: sqlite3.Connection
    readers: Sequence[sqlite3.Connection] = ()
    damaged: dict[str, str] = field(default_factory=dict)  # rows that can't be read: why not, by id
    _write_lock: threading.RLock = field(default_factory=threading.RLock)
    _idle: SimpleQueue[sqlite3.Connection] = field(default_factory=SimpleQueue)  # readers

    def __post_init__(self) -> None:
        for reader in self.readers:
            self._idle.put(reader)

    def close(self) -> None:
        """Once what is being written or read is done: SQLite doesn't survive a connection that is closed meanwhile."""
        with self._write_lock:
            for _ in self.readers:
                self._idle.get()
            for connection in (*self.readers, self.writer):
                connection.close()
        for reader in self.readers:  # whoever comes too late is told so
            self._idle.put(reader)

    def put(self, run: Run, points: Iterable[Point] = ()) -> None:
        """Add a run, or the progress of one that is there; and its points, those of the same epochs replaced."""
        rows = [
            (run.id, p.epoch, p.training_error, p.validation_error, p.seconds, json.dumps(dict(p.measures)))
            for p in points
        ]
        with self._write() as db:
            db.execute(_UPSERT, row(run))
            db.executemany("INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?)", rows)

    def add(self, run: Run) -> None:
        """Add a run unless it is there."""
        with self._write() as db:
            db.execute(_UPSERT.partition(" ON CONFLICT")[0].replace("INSERT", "INSERT OR IGNORE"), row(run))

    def change(self, run_id: str, column: str, value: object) -> None:
        if column not in COLUMNS:
            raise ValueError(f"a run has no {column!r}")
        with self._write() as db:
            db.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, run_id))

    def claim(self, run: Run, holder: str) -> bool:
        """Make `holder` the one that trains `run`, if it still is as it was read."""
        with self._write() as db:
            changed = db.execute(
                "UPDATE runs SET holder = ?, status = 'waiting' WHERE id = ? AND holder = ? AND deleted IS NULL",
                (holder, run.id, run.holder),
            )
            return changed.rowcount == 1

    def size(self) -> int:
        """Bytes that its rows take."""
        pages, free, each = (self._read(f"PRAGMA {name}", ())[0][0] for name in _PAGES)
        return int(pages - free) * int(each)

    def compact(self) -> None:
        """Give back to the disk what removed rows have left free, where it is worth the work."""
        _, free, each = (self._read(f"PRAGMA {name}", ())[0][0] for name in _PAGES)
        if free * each > WASTE:
            try:
                with self._write_lock:
                    self.writer.execute("VACUUM")
            except sqlite3.Error as error:  # another process reads just now: next time, then
                log.info("the list of runs was not compacted: %s", error)

    def remove(self, run_id: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM points WHERE run = ?", (run_id,))
            db.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def find(self, where: str = "TRUE", *values: object) -> list[Run]:
        """Runs by a condition of this program's own making."""
        found = (self._run(dict(row)) for row in self._read(f"SELECT * FROM runs WHERE {where}", values))
        return [run for run in found if run is not None]

    def _run(self, values: dict[str, Any]) -> Run | None:
        """None for a damaged row, which stays where it is and is remembered."""
        try:
            run = from_row(values)
        except BadValue as error:
            self.damaged[str(values["id"])] = str(error)
            return None
        self.damaged.pop(run.id, None)
        return run

    def ids(self) -> set[str]:
        """Of all rows, the damaged ones too."""
        return {str(found[0]) for found in self._read("SELECT id FROM runs", ())}

    def alike(self, fingerprint: str, config: TrainConfig, n_classes: int) -> list[Run]:
        """Finished runs that were trained here on these data with these settings, the oldest first."""
        return self.find(_ALIKE, fingerprint, configuration(config), n_classes)

    def points(self, run_id: str) -> Iterator[Point]:
        """All of a run's that can be read, by epoch."""
        for found in self._read("SELECT * FROM points WHERE run = ? ORDER BY epoch", (run_id,)):
            try:
                yield _point(*found)
            except (ValueError, TypeError, RecursionError) as error:
                log.warning("a point of run %s can't be read: %s", run_id, error)

    def _read(self, statement: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        try:
            with self._reading() as db:
                return db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            advice = "restart the server, which sets the damaged list aside" if broken(error) else "try again"
            raise Refused(f"the list of runs can't be read ({error}); {advice}") from error

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self.readers:
            with self._write_lock:
                yield self.writer
            return
        reader = self._idle.get()
        try:
            yield reader
        finally:
            self._idle.put(reader)

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """All of the block, or nothing."""
        with self._write_lock:
            self.writer.execute("BEGIN IMMEDIATE")
            try:
                yield self.writer
                self.writer.execute("COMMIT")
            except BaseException:
                if self.writer.in_transaction:  # a full disk rolls back by itself
                    self.writer.execute("ROLLBACK")
                raise
