"""The SQLite file of the store: its tables, and opening it whatever state it is in."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from rbm.errors import Refused

SCHEMA = 3
READERS = 4  # that read at a time: before a single one, the pages of a class stood in line
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
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


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
