"""A row that somebody spoiled, or that a newer version wrote, hurts its own run alone, and is named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rbm.errors import Refused
from rbm.runs.lab import Lab
from rbm.runs.record import COLUMNS
from tests.runs.test_lab import CONFIG, finish, open_lab, replace

VALUES = [None, "x", "", b"\xff\xfe", "{", "[" * 5000, "NaN", -1, 1e300, 10**18, 0, '{"x": [[], []]}', "[1, 2]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Two finished runs of Ann's."""
    home = tmp_path_factory.mktemp("lab")
    lab = open_lab(home)
    runs = [finish(lab, config=replace(CONFIG, seed=seed), name=f"{seed}") for seed in range(2)]
    lab.close()
    return home, *runs  # type: ignore[return-value]


@pytest.fixture
def copy(folder: tuple[Path, str, str], tmp_path: Path) -> tuple[Path, str, str]:
    home, spoiled, whole = folder
    source = sqlite3.connect(home / "runs.sqlite")
    target = sqlite3.connect(tmp_path / "runs.sqlite")
    source.backup(target)
    source.close()
    target.close()
    for kind in ("models", "checkpoints"):
        (tmp_path / kind).mkdir()
        for path in (home / kind).glob("*.npz"):
            (tmp_path / kind / path.name).write_bytes(path.read_bytes())
    return tmp_path, spoiled, whole


def spoil(home: Path, table: str, column: str, value: object, run_id: str) -> None:
    """Write the value, whatever the schema says of it."""
    with sqlite3.connect(home / "runs.sqlite") as db, suppress(sqlite3.IntegrityError):
        key = "run" if table == "points" else "id"
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (value, run_id))
    db.close()


def opened(home: Path) -> Iterator[Lab]:
    lab = open_lab(home)
    yield lab
    lab.close()


@pytest.mark.parametrize("value", VALUES, ids=[repr(value)[:12] for value in VALUES])
@pytest.mark.parametrize("column", [column for column in COLUMNS if column != "id"])
def test_a_spoiled_column_hurts_its_own_run_alone(copy: tuple[Path, str, str], column: str, value: object) -> None:
    home, spoiled, whole = copy
    spoil(home, "runs", column, value, spoiled)
    for lab in opened(home):
        assert lab.trouble is None
        assert whole in [run.id for run in lab.runs("ann")]
        assert len(lab.points(whole)) == 6
        for ask in (lab.run, lab.progress, lab.points, lab.export):
            with suppress(Refused):
                ask(spoiled)
        lab.would_go("ann")
        assert finish(lab, config=replace(CONFIG, seed=9)) in [run.id for run in lab.runs("ann")]
        if spoiled not in [run.id for run in lab.runs("ann")] and column not in ("owner", "deleted"):
            assert lab.notice is not None
            assert f"The record of run {spoiled[:6]} is damaged and left out: its {column} can't be read" in lab.notice
            with pytest.raises(Refused, match=f"the record of this run is damaged: its {column}"):
                lab.run(spoiled)
    with sqlite3.connect(home / "runs.sqlite") as db:
        kept = db.execute("SELECT COUNT(*) FROM runs WHERE id = ?", (spoiled,)).fetchone()
        assert kept == (1,) or (column, value) == ("deleted", 0), "it is not lost, unless it was deleted long ago"
    db.close()


@pytest.mark.parametrize("column", ["epoch", "training_error", "validation_error", "seconds", "measures"])
@pytest.mark.parametrize("value", ["x", b"\xff", "{", 1e300, '{"a": "b"}', '{"a": NaN}'])
def test_a_spoiled_point_is_left_out(copy: tuple[Path, str, str], column: str, value: object) -> None:
    home, spoiled, whole = copy
    with sqlite3.connect(home / "runs.sqlite") as db:
        db.execute(f"UPDATE points SET {column} = ? WHERE run = ? AND epoch = 3", (value, spoiled))
    db.close()
    for lab in opened(home):
        assert [point.epoch for point in lab.points(spoiled)] in ([0, 1, 2, 4, 5], [0, 1, 2, 3, 4, 5]) or value == 1e300
        assert len(lab.points(whole)) == 6
        assert lab.progress(spoiled).model is not None


def test_a_setting_of_a_newer_version_is_named(copy: tuple[Path, str, str]) -> None:
    home, spoiled, whole = copy
    with sqlite3.connect(home / "runs.sqlite") as db:
        config = json.loads(db.execute("SELECT config FROM runs WHERE id = ?", (spoiled,)).fetchone()[0])
    db.close()
    spoil(home, "runs", "config", json.dumps(config | {"layers": 3}), spoiled)
    for lab in opened(home):
        assert [run.id for run in lab.runs("ann")] == [whole]
        assert "its config can't be read" in str(lab.notice)
        assert "layers" in str(lab.notice)
