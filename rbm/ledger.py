"""Records and metrics in SQLite: every statement that the store makes. Threads and processes may share it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rbm.config import TrainConfig
from rbm.database import broken
from rbm.progress import Point
from rbm.records import COLUMNS, Run, StoreError, configuration, from_row, row

_PROGRESS = ("status", "message", "epoch", "fraction", "seconds", "training_error", "validation_error", "holder")
_UPSERT = (
    f"INSERT INTO runs ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)}) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _PROGRESS)}"
)
_ALIKE = (
    "fingerprint = ? AND config = ? AND n_classes = ? AND status = 'finished' AND imported = 0 AND deleted IS NULL "
    "ORDER BY created"
)


@dataclass(frozen=True, eq=False)
class Ledger:
    """Two connections, which may be one. Writing raises sqlite3.Error, reading StoreError."""

    writer: sqlite3.Connection
    reader: sqlite3.Connection
    _write_lock: threading.RLock = field(default_factory=threading.RLock)
    _read_lock: threading.RLock = field(default_factory=threading.RLock)

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

    def remove(self, run_id: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM points WHERE run = ?", (run_id,))
            db.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def find(self, where: str = "TRUE", *values: object) -> list[Run]:
        """Runs by a condition of this program's own making."""
        return [from_row(dict(found)) for found in self._read(f"SELECT * FROM runs WHERE {where}", values)]

    def alike(self, fingerprint: str, config: TrainConfig, n_classes: int) -> list[Run]:
        """Finished runs that were trained here on these data with these settings, the oldest first."""
        return self.find(_ALIKE, fingerprint, configuration(config), n_classes)

    def points(self, run_id: str) -> Iterator[Point]:
        """All of a run's, by epoch."""
        for found in self._read("SELECT * FROM points WHERE run = ? ORDER BY epoch", (run_id,)):
            _, epoch, training, validation, seconds, measures = found
            yield Point(epoch, training, validation, seconds, json.loads(measures))

    def _read(self, statement: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        try:
            with self._read_lock if self.reader is not self.writer else self._write_lock:
                return self.reader.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            advice = "restart the server, which sets the damaged list aside" if broken(error) else "try again"
            raise StoreError(f"the list of runs can't be read ({error}); {advice}") from error

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
