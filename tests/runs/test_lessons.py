"""The store of lessons: codes, counters that survive, bounds that hold, and a file that knows no student."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rbm.errors import BadValue, Busy, NotSaved, Refused
from rbm.runs import lessons as lessons_module
from rbm.runs import lessons_file
from rbm.runs.lessons import DAY, DAYS, MOST_COUNTERS, MOST_RUNS, TASK, Lesson, Lessons, secret_of

ANN, BOB = "ann's key", "bob's key"


@pytest.fixture
def lessons(tmp_path: Path) -> Iterator[Lessons]:
    with closing(Lessons(tmp_path, most=3)) as lessons:
        yield lessons


def make(lessons: Lessons, owner: str = ANN, **changes: object) -> Lesson:
    given = {"title": "Boltzmann", "task": "Guess first.", "page": "learn", "settings": {}, "hidden": ()}
    return lessons.create(owner, **{**given, **changes})  # type: ignore[arg-type]


def written(home: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home / lessons_file.NAME)) as db:
        rows = db.execute(statement, values).fetchall()
        db.commit()
        return rows


def age(home: Path, days: float, code: str = "%") -> None:
    written(home, "UPDATE lessons SET visited = ? WHERE code LIKE ?", time.time() - days * DAY, code)


# ---- there and back


def test_a_lesson_comes_back_as_it_was_by_its_six_letters(lessons: Lessons, tmp_path: Path) -> None:
    made = make(
        lessons, task="Zwei\nZeilen", settings={"preset": ["Classic 784-500"], "monitors": ["a", "b"]}, hidden=["seed"]
    )
    assert len(made.code) == 6
    assert lessons.find(made.code) == made
    assert lessons.find(f" {made.code.lower()} ") == made
    with closing(Lessons(tmp_path)) as again:
        assert again.find(made.code) == made
        assert again.of_owner(ANN) == [made]
        assert again.of_owner(BOB) == []


@pytest.mark.parametrize("code", ["", "KXPWQ", "KXPWQTT", "KXPWQA", "'; --", "ＫXPWQT", "![x](y)"])
def test_what_is_no_code_is_a_sentence_that_does_not_repeat_it(lessons: Lessons, code: str) -> None:
    with pytest.raises(Refused, match="is 6 letters") as caught:
        lessons.find(code)
    assert len(code) < 3 or code not in str(caught.value)


def test_a_wrong_code_is_a_sentence(lessons: Lessons) -> None:
    with pytest.raises(Refused, match="there is no lesson KXPWQT"):
        lessons.find("KXPWQT")


def test_a_lesson_that_nobody_visits_ends_and_a_visited_one_stays(lessons: Lessons, tmp_path: Path) -> None:
    quiet, used = make(lessons), make(lessons)
    lessons.count(quiet.code, "hot", "Nearly even")
    age(tmp_path, DAYS - 1)
    assert lessons.find(used.code) == used
    age(tmp_path, DAYS + 1, quiet.code)
    with pytest.raises(Refused, match="nobody has opened it"):
        lessons.find(quiet.code)
    with closing(Lessons(tmp_path)) as again:
        assert again.of_owner(ANN) == [used]
        assert again.guesses(quiet.code) == {}
    assert written(tmp_path, "SELECT COUNT(*) FROM guesses") == [(0,)]


def test_the_owner_deletes_a_lesson_and_nobody_else(lessons: Lessons) -> None:
    made = make(lessons)
    lessons.count(made.code, "hot", "Nearly even")
    lessons.delete(BOB, made.code)
    assert lessons.find(made.code) == made
    lessons.delete(ANN, made.code)
    assert lessons.of_owner(ANN) == []
    assert lessons.guesses(made.code) == {}


# ---- guesses


def test_counters_count_like_a_counter_and_survive_a_restart(lessons: Lessons, tmp_path: Path) -> None:
    made, rng = make(lessons), random.Random(1)
    guesses = [(rng.choice("qrs"), rng.choice("abcde")) for _ in range(331)]
    for question, choice in guesses:
        lessons.count(made.code, question, choice)
    expected = Counter(guesses)
    with closing(Lessons(tmp_path)) as again:
        found = again.guesses(made.code)
    assert {(q, c): n for q, chosen in found.items() for c, n in chosen.items()} == expected


def test_guesses_at_once_from_threads_and_another_server_are_all_counted(lessons: Lessons, tmp_path: Path) -> None:
    made, gate = make(lessons), threading.Barrier(7)
    with closing(Lessons(tmp_path)) as second:

        def pupil(number: int) -> None:
            gate.wait()
            for _ in range(11):
                (lessons, second)[number % 2].count(made.code, "hot", "ab"[number % 2])

        threads = [threading.Thread(target=pupil, args=(number,)) for number in range(7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert lessons.guesses(made.code) == {"hot": {"a": 44, "b": 33}}


def test_the_file_holds_counters_and_nothing_of_who_guessed(lessons: Lessons, tmp_path: Path) -> None:
    made = make(lessons)
    columns = "pragma_table_info('guesses')"
    assert [row[0] for row in written(tmp_path, f"SELECT name FROM {columns}")] == [
        "code", "question", "choice", "number"
    ]  # fmt: skip
    for _ in range(29):
        lessons.count(made.code, "hot", "Nearly even")
    assert written(tmp_path, "SELECT * FROM guesses") == [(made.code, "hot", "Nearly even", 29)]


def test_nothing_is_counted_for_a_lesson_that_is_gone(lessons: Lessons, tmp_path: Path) -> None:
    lessons.count("KXPWQT", "hot", "Nearly even")
    lessons.add_run("KXPWQT", "run")
    assert written(tmp_path, "SELECT * FROM guesses") == []
    assert written(tmp_path, "SELECT * FROM runs") == []


def test_counters_are_bounded(lessons: Lessons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(lessons)
    for number in range(MOST_COUNTERS + 7):
        lessons.count(made.code, "hot", str(number))
    lessons.count(made.code, "hot", "0")
    found = lessons.guesses(made.code)["hot"]
    assert len(found) == MOST_COUNTERS
    assert found["0"] == 2
    written(tmp_path, "UPDATE guesses SET number = ?", lessons_module.MOST_COUNT)
    lessons.count(made.code, "hot", "0")
    assert lessons.guesses(made.code)["hot"]["0"] == lessons_module.MOST_COUNT
    with pytest.raises(BadValue, match="80 characters"):
        lessons.count(made.code, "hot", "x" * 81)


def test_only_the_secret_uncovers(lessons: Lessons, tmp_path: Path) -> None:
    made = make(lessons)
    for secret in ("", secret_of(BOB, made.code), made.code):
        with pytest.raises(Refused, match="only the teacher"):
            lessons.uncover(made.code, secret, "hot")
    assert lessons.uncovered(made.code) == frozenset()
    lessons.uncover(made.code, secret_of(ANN, made.code), "hot")
    assert lessons.uncovered(made.code) == {"hot"}
    raw = b"".join(path.read_bytes() for path in tmp_path.glob(f"{lessons_file.NAME}*"))
    assert secret_of(ANN, made.code).encode() not in raw
    assert ANN.encode() not in raw


# ---- runs


def test_runs_of_a_lesson_are_kept_in_order_and_the_oldest_of_too_many_go(lessons: Lessons) -> None:
    made, other = make(lessons), make(lessons)
    lessons.add_run(other.code, "theirs")
    for number in [*range(MOST_RUNS + 3), MOST_RUNS]:
        lessons.add_run(made.code, str(number))
    assert lessons.runs(made.code) == [str(number) for number in range(3, MOST_RUNS + 3)]
    assert lessons.runs(other.code) == ["theirs"]


# ---- what is refused


@pytest.mark.parametrize(
    "wrong",
    [{"title": " \u202e\n"}, {"title": "x" * 81}, {"task": "x" * (TASK + 1)}, {"task": "x\n" * 13},
     {"settings": {"drawing": ["x" * 12_001]}}],
)  # fmt: skip
def test_texts_that_cannot_be_are_refused(lessons: Lessons, wrong: dict[str, object]) -> None:
    with pytest.raises(BadValue):
        make(lessons, **wrong)
    assert lessons.of_owner(ANN) == []


def test_what_turns_the_direction_of_a_text_is_taken_out(lessons: Lessons) -> None:
    made = make(lessons, title="a\u202eb", task="  first \x00 line \n\n second")
    assert (made.title, made.task) == ("a b", "first line\nsecond")


def test_an_owner_has_so_many_lessons_and_the_variable_is_named(lessons: Lessons) -> None:
    for _ in range(3):
        make(lessons)
    with pytest.raises(Busy, match="RBM_MAX_LESSONS"):
        make(lessons)
    make(lessons, BOB)
    lessons.delete(ANN, lessons.of_owner(ANN)[0].code)
    make(lessons)


def test_a_full_server_forgets_the_longest_unvisited_but_none_of_today(
    lessons: Lessons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons_module, "SERVER", 1)
    old, older, new = (make(lessons, str(number)) for number in range(3))
    with pytest.raises(Busy, match="try again tomorrow"):
        make(lessons)
    age(tmp_path, 2, old.code)
    age(tmp_path, 3, older.code)
    make(lessons)
    assert lessons.find(new.code) == new
    assert lessons.find(old.code) == old
    with pytest.raises(Refused, match="no lesson"):
        lessons.find(older.code)


# ---- the disk


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / lessons_file.NAME).write_bytes(b"no database" * 1000)
    with closing(Lessons(tmp_path)) as lessons:
        assert lessons.trouble is None
        assert lessons.find(make(lessons).code)
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1


def test_where_nothing_can_be_written_pages_go_on_and_a_lesson_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with closing(Lessons(tmp_path / "file")) as lessons:
        assert lessons.trouble
        with pytest.raises(NotSaved, match="could not be saved"):
            make(lessons)
        with pytest.raises(Refused, match="no lesson"):
            lessons.find("KXPWQT")


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    Lessons(tmp_path).close()
    written(tmp_path, "PRAGMA user_version = 99")
    with pytest.raises(Refused, match="newer version"):
        Lessons(tmp_path)


def test_a_write_that_fails_is_a_sentence(lessons: Lessons, tmp_path: Path) -> None:
    made = make(lessons)
    lessons._db.execute("PRAGMA query_only = ON")
    with pytest.raises(NotSaved, match="could not be saved"):
        lessons.count(made.code, "hot", "a")
