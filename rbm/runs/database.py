"""The SQLite file of the store: opening it whatever state it is in, and every statement made."""

from __future__ import annotations

import errno
import json
import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple
from urllib.parse import quote

from rbm.errors import BadValue, Refused
from rbm.runs.progress import Point
from rbm.runs.record import COLUMNS, Run, configuration, from_row, number, row
from rbm.training.config import TrainConfig

SCHEMA = 3
READERS = 4  # that read at a time: before a single one, the pages of a class stood in line
log = logging.getLogger(__name__)
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL, data TEXT NOT NULL,
    fingerprint TEXT NOT NULL, n_classes INTEGER NOT NULL, config TEXT NOT NULL, measures TEXT NOT NULL,
    versions TEXT NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL, epoch INTEGER NOT NULL,
    fraction REAL NOT NULL, seconds REAL NOT NULL, training_error REAL, validation_error REAL,
    holder TEXT NOT NULL, pinned INTEGER NOT NULL, imported INTEGER NOT NULL, deleted REAL);
CREATE INDEX IF NOT EXISTS runs_of_owner ON runs (owner, created);
CREATE INDEX IF NOT EXISTS runs_alike ON runs (fingerprint, config);
CREATE TABLE IF NOT EXISTS points (
    run TEXT NOT NULL, epoch INTEGER NOT NULL, training_error REAL NOT NULL, validation_error REAL,
    seconds REAL NOT NULL, measures TEXT NOT NULL, PRIMARY KEY (run, epoch)) WITHOUT ROWID;
"""
_SINCE = {  # what each schema has beyond the one before
    1: _TABLES,
    2: "ALTER TABLE runs ADD COLUMN below TEXT NOT NULL DEFAULT '';",
    3: "ALTER TABLE runs ADD COLUMN sweep TEXT NOT NULL DEFAULT '';",
}
_PAGES = ("page_count", "freelist_count", "page_size")
WASTE = 4 * 2**20  # bytes
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

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


class Opened(NamedTuple):
    """writer, readers: connections; no readers if the records are in memory. trouble: why nothing can be saved, if so.
    notice: what happened to the old file, if anything did.
    """

    writer: sqlite3.Connection
    readers: Sequence[sqlite3.Connection] = ()
    trouble: str | None = None
    notice: str | None = None


def open_database(path: Path) -> Opened:
    """The database at `path`, made if need be; a damaged one is set aside, and an empty one begun.

    Where nothing can be written: the old one for reading only, else one in memory. Raises Refused where a newer
    version of this program made it.
    """
    notice = None
    try:
        try:
            return _several(path)
        except sqlite3.DatabaseError as error:
            if not broken(error):
                raise
            notice = _set_aside(path, error)
            return _several(path)._replace(notice=notice)
    except (sqlite3.Error, OSError) as error:
        trouble = explain(path.parent, error)
        try:
            connection = _read_only(path)
        except sqlite3.Error:
            connection = _create(_connected(":memory:"))
        return Opened(connection, (), trouble, notice)


def explain(home: Path, error: Exception) -> str:
    """Why nothing is being saved, in a sentence."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT) or _is_full(home):
        reason = "the disk is full"
    elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN) or isinstance(error, PermissionError):
        reason = "the folder can't be written to"
    else:
        reason = "the folder is read-only" if getattr(error, "errno", 0) == errno.EROFS else str(error)
    return f"Nothing is being saved in {home}: {reason}. Training goes on in memory; download what you want to keep."


def broken(error: Exception) -> bool:
    """Whether this says that the file is no whole database, whoever wrote it."""
    return isinstance(error, _Malformed) or getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN


class _Malformed(sqlite3.DatabaseError):
    """A check found what reading it might not have."""


def _is_full(home: Path) -> bool:
    return home.exists() and shutil.disk_usage(home).free < 2**16


def _several(path: Path) -> Opened:
    """One to write and some to read, so that pages never wait for the disk of a training, nor long for other pages."""
    writer = _writable(path)
    try:
        return Opened(writer, [_connected(path) for _ in range(READERS)])
    except BaseException:
        writer.close()
        raise


def _writable(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    return _create(_connected(path))


def _connected(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _create(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        version = _checked_version(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut too
        if version < SCHEMA:
            steps = " ".join(step for since, step in _SINCE.items() if since > version)
            connection.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {SCHEMA}; COMMIT;")
        connection.execute("BEGIN IMMEDIATE")  # says now if nothing can be written
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _read_only(path: Path) -> sqlite3.Connection:
    """Without its journal, which can't be opened where nothing can be written: as of the last time it was merged."""
    uri = f"file:{quote(str(path))}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        if _checked_version(connection) == 0:
            raise sqlite3.OperationalError("an empty database")
    except BaseException:
        connection.close()
        raise
    return connection


def _checked_version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA:
        raise Refused(
            f"these runs were stored by a newer version of this program (schema {version}, this one knows {SCHEMA}); "
            "update the program, or set RBM_HOME to another folder"
        )
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise _Malformed(f"the database is malformed: {found}")
    return version


def _set_aside(path: Path, error: Exception) -> str:
    """Rename the damaged file. Raises OSError where that can't be done."""
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        journal = path.with_name(path.name + suffix)
        if journal.exists():
            journal.rename(aside.with_name(aside.name + suffix))
    return (
        f"The list of runs was damaged ({error}). It was set aside as {aside.name}, and a new one begun; runs whose "
        "model or checkpoint is whole were taken over into it."
    )


# ---- records and metrics in SQLite


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
