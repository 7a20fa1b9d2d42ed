"""The SQLite file of the lessons: opening it whatever state it is in."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rbm.errors import Refused
from rbm.runs.opening import broken, explain

NAME, SCHEMA = "lessons.sqlite", 1
log = logging.getLogger(__name__)
_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS lessons (
    code TEXT PRIMARY KEY, owner TEXT NOT NULL, secret TEXT NOT NULL, title TEXT NOT NULL, task TEXT NOT NULL,
    page TEXT NOT NULL, settings TEXT NOT NULL, hidden TEXT NOT NULL, created REAL NOT NULL, visited REAL NOT NULL);
CREATE TABLE IF NOT EXISTS guesses (
    code TEXT NOT NULL REFERENCES lessons ON DELETE CASCADE, question TEXT NOT NULL, choice TEXT NOT NULL,
    number INTEGER NOT NULL, PRIMARY KEY (code, question, choice)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uncovered (
    code TEXT NOT NULL REFERENCES lessons ON DELETE CASCADE, question TEXT NOT NULL,
    PRIMARY KEY (code, question)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (
    place INTEGER PRIMARY KEY, code TEXT NOT NULL REFERENCES lessons ON DELETE CASCADE, run TEXT NOT NULL,
    UNIQUE (code, run));
PRAGMA user_version = {SCHEMA};
COMMIT;
"""


def opened(home: Path) -> tuple[sqlite3.Connection, str | None]:
    """The file under `home`, made if need be; a damaged one is set aside. And why nothing can be saved, if so: then it
    is in memory. Raises Refused where a newer version of this program made it.
    """
    path = home / NAME
    try:
        home.mkdir(parents=True, exist_ok=True)
        try:
            return _connected(str(path)), None
        except sqlite3.DatabaseError as error:
            if not broken(error):
                raise
            _set_aside(path, error)
            return _connected(str(path)), None
    except (sqlite3.Error, OSError) as error:
        log.warning(told := explained(home, error))
        return _connected(":memory:"), told


def explained(home: Path, error: Exception) -> str:
    """Why lessons are not saved, in a sentence."""
    return explain(home, error).partition(" Training goes on")[0]


def _connected(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise Refused(
                f"these lessons were stored by a newer version of this program (schema {version}, this one knows "
                f"{SCHEMA}); update the program, or set RBM_HOME to another folder"
            )
        if (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise _malformed(found)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(_TABLES)  # says now if nothing can be written
    except BaseException:
        connection.close()
        raise
    return connection


def _malformed(found: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(f"the database is malformed: {found}")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _set_aside(path: Path, error: Exception) -> None:
    """Rename the damaged file and its journals. Raises OSError where that can't be done."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(part.with_name(f"{path.name}.damaged-{stamp}{suffix}"))
    log.warning("the list of lessons was damaged (%s); it was set aside, and a new one begun", error)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of the block, or nothing. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk rolls back by itself
            connection.execute("ROLLBACK")
        raise
