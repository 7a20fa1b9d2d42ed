"""Who gives way in a full store: whoever has most, and nobody's trainings for another's imports."""

from __future__ import annotations

import io
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest

from rbm.errors import Refused
from rbm.runs import database, room
from rbm.runs.limits import Limits
from rbm.runs.record import Run
from rbm.runs.store import Store
from tests.runs.test_lab import CONFIG, LIMITS, finish, open_lab, replace
from tests.runs.test_store import make

MEGABYTE = 2**20


def a_run(owner: str, created: float, **changes: object) -> Run:
    return Run(f"{owner}{created:g}", owner, "tiny", "0" * 64, CONFIG, created, status="finished", **changes)  # type: ignore[arg-type]


def leaving(runs: list[Run], most: int = 1000, megabytes: int = 1000, size: int = MEGABYTE) -> list[str]:
    sizes = {run.id: size for run in runs}
    return [run.name for run in room.leaving(runs, sizes, Limits(max_runs=most, max_megabytes=megabytes), 1, 0)]


def test_the_oldest_of_whoever_has_most_goes_first() -> None:
    runs = [a_run("ann", 1), *[a_run("bob", time) for time in (2, 3, 4)], a_run("cy", 5), a_run("cy", 6)]
    assert leaving(runs, most=6) == ["bob2"]
    assert leaving(runs, most=4) == ["bob2", "bob3", "cy5"]
    assert leaving(runs, most=2)[3:] == ["ann1", "bob4"], "of equals the oldest"
    assert leaving(runs, megabytes=5) == ["bob2"]


def test_deleted_ones_go_before_all_and_imported_ones_before_trainings() -> None:
    runs = [a_run("ann", 1), a_run("ann", 2), a_run("ann", 3, imported=True), a_run("bob", 4, deleted=5.0)]
    assert leaving(runs, most=2) == ["bob4", "ann3", "ann1"]


def test_what_is_pinned_or_trains_stays() -> None:
    runs = [a_run("ann", 1, pinned=True), replace(a_run("ann", 2), status="running"), a_run("bob", 3)]
    assert leaving(runs, most=1) == ["bob3"]


def test_one_keys_flood_leaves_everybody_elses_runs(tmp_path: Path) -> None:
    with Store(tmp_path, Limits(max_runs=20)) as store:
        for time in range(5):
            store.keep(make(name=f"pupil {time}", owner=f"pupil {time}", created=float(time)))
        for time in range(100):
            store.make_room()
            store.keep(make(name="flood", owner="flood", created=100.0 + time))
        assert [len(store.owned_by(f"pupil {time}")) for time in range(5)] == [1] * 5


def test_an_import_pushes_out_no_training(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, max_runs=3))
    trained = [finish(lab, owner, replace(CONFIG, seed=seed)) for seed, owner in enumerate(("ann", "bob"))]
    file = lab.export(trained[0])
    lab.import_run("eve", io.BytesIO(file))
    second = lab.import_run("eve", io.BytesIO(file))
    assert [run.id for run in lab.runs("eve")] == [second], "her own gave way"
    third = finish(lab, "cy", replace(CONFIG, seed=7))
    assert lab.runs("eve") == []
    with pytest.raises(Refused, match="an import pushes out nobody else's runs"):
        lab.import_run("eve", io.BytesIO(file))
    assert {run.id for owner in ("ann", "bob", "cy") for run in lab.runs(owner)} == {*trained, third}
    lab.close()


def test_whoever_has_less_than_others_can_import_in_place_of_a_run_of_their_own(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, max_runs=4))
    for seed in range(3):
        finish(lab, "bob", replace(CONFIG, seed=seed))
    own = finish(lab, "ann", replace(CONFIG, seed=7))
    imported = lab.import_run("ann", io.BytesIO(lab.export(own)))
    assert [run.id for run in lab.runs("ann")] == [imported]
    assert len(lab.runs("bob")) == 3
    lab.close()


def test_a_clock_that_goes_back_changes_no_order(tmp_path: Path) -> None:
    with Store(tmp_path, Limits(max_runs=3)) as store:
        for name, created in (("first", 300.0), ("second", 200.0), ("third", 100.0)):
            store.keep(make(name=name, created=created))
        (owner,) = {run.owner for run in store.all()}
        assert [run.name for run in store.owned_by(owner)] == ["third", "second", "first"]
        assert [run.name for run in store.would_go()] == ["first"]
        store.change(store.all()[0], "name", "renamed")
        store._database.writer.execute("VACUUM")
        assert [run.name for run in store.owned_by(owner)] == ["third", "second", "renamed"]


def test_pins_fill_half_of_the_store_at_most(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, max_runs=4))
    runs = {owner: finish(lab, owner, replace(CONFIG, seed=seed)) for seed, owner in enumerate(("ann", "bob", "cy"))}
    lab.pin("ann", runs["ann"])
    lab.pin("bob", runs["bob"])
    lab.pin("bob", runs["bob"])
    with pytest.raises(Refused, match="pinned runs fill half of this server's store"):
        lab.pin("cy", runs["cy"])
    lab.pin("ann", runs["ann"], False)
    lab.pin("cy", runs["cy"])
    lab.close()


def test_the_list_itself_counts_and_shrinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WASTE", 2**16)
    path = tmp_path / "runs.sqlite"
    with Store(tmp_path) as store:
        before = store._database.size()
        run = make(message="x" * 2**20)
        store.keep(run)
        assert store._database.size() > before + 0.9 * 2**20
        store.change(run, "deleted", 1.0)
        store.limits = Limits(max_runs=1)
        store.make_room()
        assert store._database.size() < before + 2**16
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA freelist_count").fetchone()[0] * 4096 < 2**16, "given back to the disk"
    db.close()
    assert np.isclose(path.stat().st_size, before, atol=2**16)


def test_what_is_past_its_time_goes_unless_it_is_pinned_or_its_date_is_none(tmp_path: Path) -> None:
    now, day = time.time(), 86400.0
    with Store(tmp_path, Limits(max_days=30)) as store:
        for name, age, pinned in (("old", 31, False), ("kept", 31, True), ("new", 29, False)):
            store.keep(replace(a_run("ann", now - age * day), name=name, pinned=pinned))
        store.keep(replace(a_run("ann", 0.0), name="undated"))
        assert [run.name for run in store.would_go()] == ["old"]
        store.make_room_for_import("bob")
        store.make_room()
        assert {run.name for run in store.all()} == {"kept", "new", "undated"}
