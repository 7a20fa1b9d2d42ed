"""Lessons: what a teacher asks of a class, how the class guessed, and which runs it started.

They have an SQLite file of their own beside the runs. Of guesses it keeps counters and nothing else: no row says who
guessed, or when. The teacher's secret is made from the owner's key, so that the file needs its hash alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rbm.errors import BadValue, Busy, NotSaved, Refused
from rbm.runs import lessons_file
from rbm.visitors import owner_hash

LETTERS, LENGTH = "BCDFGHJKLMNPQRSTVWXZ", 6  # of a code: no vowels, so that none is a word
TITLE, TASK = 80, 500  # characters at most
MOST_SETTINGS = 12_000  # characters; a drawing takes 4,000 at most
MOST_COUNTERS, MOST_COUNT, MOST_RUNS = 400, 1_000_000, 400  # of one lesson
SERVER = 50  # times what one owner may have: lessons of a whole server
DAY = 24 * 3600.0  # seconds
DAYS = 30  # without a visit
_LONGEST = 80  # characters of a question's key and of a choice
_LINES = 12
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lesson:
    """`page` opens with `settings` in its address; `hidden` names the controls that its class does not see."""

    code: str
    title: str
    task: str
    page: str
    settings: Mapping[str, Sequence[str]]
    hidden: tuple[str, ...]


class Lessons:
    """The lessons under `home`. most: of one owner. Threads and processes may share them.

    trouble: why nothing is being saved, a sentence; None if all is well. What is asked for raises Refused: BadValue
    for texts that can't be, Busy where there are too many, NotSaved where the disk did not take it.
    """

    def __init__(self, home: Path, most: int = 20) -> None:
        self._most, self._lock = most, threading.RLock()
        self._home = home
        self._db, self.trouble = lessons_file.opened(home)
        if self.trouble is None:
            self._forget_old()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # ---- what the teacher does

    def create(
        self, owner: str, title: str, task: str, page: str, settings: Mapping[str, Sequence[str]], hidden: Sequence[str]
    ) -> Lesson:
        """A new lesson of whoever has the key `owner`."""
        if self.trouble is not None:
            raise NotSaved(f"the lesson could not be saved. {self.trouble}")
        kept = {name: [str(value) for value in values] for name, values in settings.items()}
        if len(json.dumps(kept)) > MOST_SETTINGS:
            raise BadValue("the settings of this page take too much room for a lesson; start from a simpler page")
        title, task = _title(title), _task(task)
        self._forget_old()
        with self._write() as db:
            who = owner_hash(owner)
            self._make_room(db, who)
            code = self._free_code(db)
            lesson = Lesson(code, title, task, page, kept, tuple(hidden))
            now, secret = time.time(), _hashed(secret_of(owner, code))
            written = json.dumps(kept), json.dumps(lesson.hidden)
            db.execute(
                "INSERT INTO lessons VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (code, who, secret, title, task, page, *written, now, now),
            )
        return lesson

    def of_owner(self, owner: str) -> list[Lesson]:
        """The newest first."""
        return [_lesson(row) for row in self._read(
            "SELECT * FROM lessons WHERE owner = ? ORDER BY created DESC", owner_hash(owner)
        )]  # fmt: skip

    def delete(self, owner: str, code: str) -> None:
        """For good, with its counters; the runs stay with those who trained them."""
        with self._write() as db:
            db.execute("DELETE FROM lessons WHERE code = ? AND owner = ?", (code, owner_hash(owner)))

    def teaches(self, code: str, secret: str) -> bool:
        """Whether `secret` is that of the lesson's teacher."""
        found = self._read("SELECT secret FROM lessons WHERE code = ?", code)
        return bool(found) and hmac.compare_digest(str(found[0][0]), _hashed(secret))

    def uncover(self, code: str, secret: str, question: str) -> None:
        """Let the class see how it guessed. Raises Refused for whoever is not its teacher."""
        if not self.teaches(code, secret):
            raise Refused("only the teacher's copy of the link uncovers what a class guessed")
        with self._write() as db:
            db.execute("INSERT OR IGNORE INTO uncovered VALUES (?, ?)", (code, question[:_LONGEST]))

    # ---- what the class does

    def find(self, code: str) -> Lesson:
        """The lesson of a code, in capitals or not; this is a visit. Raises Refused where there is none."""
        wanted = code.strip().upper()
        if not re.fullmatch(f"[{LETTERS}]{{{LENGTH}}}", wanted):
            raise Refused(f"a lesson's code is {LENGTH} letters, none of them a vowel")
        found = self._read("SELECT * FROM lessons WHERE code = ?", wanted)
        if not found or found[0]["visited"] < time.time() - DAYS * DAY:
            raise Refused(f"there is no lesson {wanted}: a letter is wrong, or nobody has opened it for {DAYS} days")
        if found[0]["visited"] < time.time() - DAY and self.trouble is None:
            with self._write() as db:
                db.execute("UPDATE lessons SET visited = ? WHERE code = ?", (time.time(), wanted))
        return _lesson(found[0])

    def count(self, code: str, question: str, choice: str) -> None:
        """One more guess. Of a lesson that is gone nothing is counted, nor beyond the bounds of one lesson."""
        if max(len(question), len(choice)) > _LONGEST:
            raise BadValue(f"a question and a choice have at most {_LONGEST} characters")
        row = {"code": code, "question": question, "choice": choice, "rows": MOST_COUNTERS, "most": MOST_COUNT}
        with self._write() as db:
            db.execute(_COUNT, row)

    def guesses(self, code: str) -> dict[str, dict[str, int]]:
        """How many chose what, by question."""
        found: dict[str, dict[str, int]] = {}
        for question, choice, number in self._read("SELECT question, choice, number FROM guesses WHERE code = ?", code):
            found.setdefault(question, {})[choice] = number
        return found

    def uncovered(self, code: str) -> frozenset[str]:
        """The questions whose guesses the class may see."""
        return frozenset(row[0] for row in self._read("SELECT question FROM uncovered WHERE code = ?", code))

    def add_run(self, code: str, run_id: str) -> None:
        """A run that was started under the lesson; of too many the oldest are forgotten."""
        with self._write() as db:
            db.execute(
                "INSERT OR IGNORE INTO runs (code, run) SELECT code, ? FROM lessons WHERE code = ?", (run_id, code)
            )
            db.execute(
                "DELETE FROM runs WHERE code = ? AND place NOT IN "
                "(SELECT place FROM runs WHERE code = ? ORDER BY place DESC LIMIT ?)",
                (code, code, MOST_RUNS),
            )

    def runs(self, code: str) -> list[str]:
        """Their ids, as they were started; some of them may have been deleted since."""
        return [str(row[0]) for row in self._read("SELECT run FROM runs WHERE code = ? ORDER BY place", code)]

    # ---- below the surface

    def _make_room(self, db: sqlite3.Connection, who: str) -> None:
        """Raises Busy where the owner has too many, or the whole server has."""
        own = db.execute("SELECT COUNT(*) FROM lessons WHERE owner = ?", (who,)).fetchone()[0]
        if own >= self._most:
            raise Busy(f"you have {own} lessons, and RBM_MAX_LESSONS allows no more on this server; delete one first")
        if db.execute("SELECT COUNT(*) FROM lessons").fetchone()[0] < SERVER * self._most:
            return
        gone = db.execute(  # one that is used is never pushed out
            "DELETE FROM lessons WHERE code = (SELECT code FROM lessons WHERE visited < ? ORDER BY visited LIMIT 1)",
            (time.time() - DAY,),
        )
        if gone.rowcount == 0:
            raise Busy("this server keeps as many lessons as it can, all of them of today; try again tomorrow")

    def _free_code(self, db: sqlite3.Connection) -> str:
        while True:
            code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
            if not db.execute("SELECT 1 FROM lessons WHERE code = ?", (code,)).fetchone():
                return code

    def _forget_old(self) -> None:
        with self._write() as db:
            db.execute("DELETE FROM lessons WHERE visited < ?", (time.time() - DAYS * DAY,))

    def _read(self, statement: str, *values: object) -> list[sqlite3.Row]:
        try:
            with self._lock:
                return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise Refused(f"the list of lessons can't be read ({error}); try again") from error

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """All of the block, or nothing. Raises NotSaved."""
        try:
            with self._lock, lessons_file.transaction(self._db) as db:
                yield db
        except sqlite3.Error as error:
            told = lessons_file.explained(self._home, error)
            log.warning(told)
            raise NotSaved(f"this could not be saved. {told}") from error


_COUNT = """
INSERT INTO guesses (code, question, choice, number) SELECT code, :question, :choice, 1 FROM lessons
WHERE code = :code AND ((SELECT COUNT(*) FROM guesses WHERE code = :code) < :rows OR EXISTS
    (SELECT 1 FROM guesses WHERE code = :code AND question = :question AND choice = :choice))
ON CONFLICT (code, question, choice) DO UPDATE SET number = MIN(number + 1, :most)
"""


def secret_of(owner: str, code: str) -> str:
    """What the teacher's copy of a link has beside the code: who has the owner's key can always make it again."""
    digest = hmac.new(owner.encode(), f"teacher of {code}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:15]).decode()


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _lesson(row: sqlite3.Row) -> Lesson:
    settings, hidden = json.loads(row["settings"]), json.loads(row["hidden"])
    return Lesson(row["code"], row["title"], row["task"], row["page"], settings, tuple(hidden))


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _title(text: str) -> str:
    shown = _printable(text)
    if not 1 <= len(shown) <= TITLE:
        raise BadValue(f"a lesson needs a title of 1 to {TITLE} visible characters; this one has {len(shown)}")
    return shown


def _task(text: str) -> str:
    lines = [_printable(line) for line in text.strip().splitlines()]
    shown = "\n".join(line for line in lines if line)
    if len(shown) > TASK or shown.count("\n") >= _LINES:
        raise BadValue(
            f"a task has at most {TASK} characters on {_LINES} lines; this one has {len(shown)} on "
            f"{shown.count(chr(10)) + 1}"
        )
    return shown
