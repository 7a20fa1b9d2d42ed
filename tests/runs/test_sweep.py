"""Sweeps in the lab: the very runs of the grid, a few at a time, through stops, failures and restarts, fairly."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rbm.errors import BadValue, Busy, Refused
from rbm.runs import opening
from rbm.runs.grid import grid
from rbm.runs.lab import Lab
from rbm.runs.record import Run
from rbm.training.config import TrainConfig
from tests.patience import SECONDS
from tests.runs.test_job import Gate, gate
from tests.runs.test_lab import CONFIG, LIMITS, LONG, expected, finish, lab, open_lab, until, wait

__all__ = ["gate", "lab"]

CONFIGS = grid(CONFIG, {"learning_rate": [0.01, 0.1, 0.2], "n_hidden": [3, 5]})
ENDLESS = grid(LONG, {"n_hidden": [2, 3, 5, 7, 11]})


def start(lab: Lab, configs: list[TrainConfig] = CONFIGS, owner: str = "ann") -> str:
    return lab.start_sweep(owner, "tiny", configs, [f"Run {number}" for number in range(len(configs))])


def runs(lab: Lab, sweep: str, owner: str = "ann") -> list[Run]:
    """Of this sweep, in the order of its grid."""
    return [run for run in reversed(lab.runs(owner)) if run.sweep == sweep]


def eventually(true: Callable[[], bool]) -> None:
    for _ in range(SECONDS * 200):
        if true():
            return
        time.sleep(0.005)
    raise AssertionError("it never came true")


def statuses(lab: Lab, sweep: str, owner: str = "ann") -> list[str]:
    return [lab.standing(run.id).status for run in runs(lab, sweep, owner)]


def all_over(lab: Lab, sweep: str, owner: str = "ann") -> None:
    eventually(lambda: all(run.over and lab.job(run.id) is None for run in runs(lab, sweep, owner)))


def under_way(lab: Lab, sweep: str) -> int:
    return sum(lab.job(run.id) is not None for run in runs(lab, sweep))


def test_every_run_is_what_its_settings_alone_would_give(lab: Lab) -> None:
    sweep = start(lab)
    all_over(lab, sweep)
    found = runs(lab, sweep)
    assert [run.config for run in found] == CONFIGS
    assert [run.name for run in found] == [f"Run {number}" for number in range(6)]
    for run in found:
        report = expected(run.config)
        assert (run.status, run.validation_error) == ("finished", report.validation_error)
        np.testing.assert_array_equal(lab.progress(run.id).model.weights, report.model.weights)
    alone = finish(lab)
    assert lab.run(alone).sweep == ""


def test_no_more_are_under_way_than_leaves_a_place_for_a_training_of_ones_own(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, workers=5))
    sweep = start(lab, ENDLESS)
    assert under_way(lab, sweep) == LIMITS.max_active - 1 == 3 < lab.queue.workers
    waiting = runs(lab, sweep)[3]
    assert lab.standing(waiting.id).status == "waiting"
    assert "trains 3 runs at a time" in lab.standing(waiting.id).message
    own = lab.start("ann", "tiny", LONG, "My own")
    with pytest.raises(Busy, match="RBM_MAX_ACTIVE"):
        lab.start("ann", "tiny", LONG, "One too many")
    lab.stop("ann", own)
    lab.stop("ann", runs(lab, sweep)[0].id)
    eventually(lambda: lab.job(waiting.id) is not None and under_way(lab, sweep) == 3)
    lab.stop_sweep("ann", sweep)
    all_over(lab, sweep)
    assert statuses(lab, sweep) == ["stopped"] * 5
    lab.close()


def test_no_more_are_under_way_than_there_are_workers_and_one_that_waits(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, workers=1))
    sweep = start(lab, ENDLESS)
    assert under_way(lab, sweep) == 2
    lab.stop_sweep("ann", sweep)
    all_over(lab, sweep)
    lab.close()


def test_a_sweep_may_fill_half_of_the_store(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, max_runs=11))
    with pytest.raises(BadValue, match="RBM_MAX_RUNS"):
        start(lab)
    all_over(lab, start(lab, CONFIGS[:5]))
    lab.close()


def test_one_sweep_at_a_time_and_nothing_begins_where_one_run_cannot_be(lab: Lab) -> None:
    with pytest.raises(BadValue, match="RBM_MAX_HIDDEN"):
        start(lab, grid(LONG, {"n_hidden": [3, 5000]}))
    assert lab.runs("ann") == []
    sweep = start(lab, ENDLESS)
    with pytest.raises(Busy, match="a sweep of yours waits"):
        start(lab)
    other = start(lab, CONFIGS, "bob")
    all_over(lab, other, "bob")
    lab.stop_sweep("ann", sweep)
    all_over(lab, sweep)
    all_over(lab, start(lab))


def test_two_visitors_sweeps_share_the_queue(tmp_path: Path) -> None:
    """One worker, and a sweep without end came first: the other visitor's is done all the same, and so goes on hers."""
    lab = open_lab(tmp_path, replace(LIMITS, workers=1))
    endless = start(lab, ENDLESS)
    eventually(lambda: any(run.fraction for run in runs(lab, endless)))
    short = start(lab, CONFIGS, "bob")
    all_over(lab, short, "bob")
    assert statuses(lab, short, "bob") == ["finished"] * 6
    before = sum(run.fraction for run in runs(lab, endless))
    eventually(lambda: sum(run.fraction for run in runs(lab, endless)) > before)
    lab.close()


def test_a_run_that_waits_for_its_place_obeys_its_owner(lab: Lab, gate: Gate) -> None:
    sweep = start(lab, ENDLESS)
    gate.arrived()
    *_, fourth, fifth = runs(lab, sweep)
    lab.pause("ann", fourth.id)
    assert lab.standing(fourth.id).status == "paused"
    lab.resume("ann", fourth.id)
    assert lab.job(fourth.id) is not None, "the place that was left to her is taken by what she asks for"
    lab.stop("ann", fifth.id)
    assert lab.standing(fifth.id).status == "stopped"
    gate.open()
    lab.stop_sweep("ann", sweep)
    all_over(lab, sweep)


def test_a_step_and_a_deletion_while_it_waits(lab: Lab) -> None:
    sweep = start(lab, ENDLESS)
    *_, fourth, fifth = runs(lab, sweep)
    lab.step("ann", fourth.id)
    until(lab, fourth.id, "paused")
    assert lab.run(fourth.id).fraction > 0
    lab.delete("ann", fifth.id)
    lab.stop_sweep("ann", sweep)
    eventually(lambda: not lab.queue.running)
    lab.undelete("ann", fifth.id)
    assert lab.run(fifth.id).status == "stopped"


def test_a_run_that_fails_leaves_the_others(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    begin, broken = lab._go_on, {}

    def fails(run: Run) -> None:
        if run.config == CONFIGS[1] and not broken:
            broken[run.id] = True
            raise RuntimeError("no luck")
        begin(run)

    monkeypatch.setattr(lab, "_go_on", fails)
    sweep = start(lab)
    all_over(lab, sweep)
    assert statuses(lab, sweep) == ["finished", "stopped", *["finished"] * 4]
    assert "did not begin: no luck" in runs(lab, sweep)[1].message
    lab.resume_sweep("ann", sweep)
    all_over(lab, sweep)
    assert statuses(lab, sweep) == ["finished"] * 6


def test_after_a_restart_the_sweep_goes_on_to_the_same_end(tmp_path: Path, gate: Gate) -> None:
    lab = open_lab(tmp_path, every=0.0)
    sweep = start(lab)
    for _ in range(7):
        gate.arrived()
        gate.permits.release()
    gate.open()
    lab.close()
    lab = open_lab(tmp_path)
    assert "interrupted" in statuses(lab, sweep)
    assert set(statuses(lab, sweep)) <= {"interrupted", "finished"}
    with pytest.raises(Refused, match="nothing trains it now"):
        lab.pause("ann", next(run.id for run in runs(lab, sweep) if run.status == "interrupted"))
    lab.resume_sweep("ann", sweep)
    all_over(lab, sweep)
    for run in runs(lab, sweep):
        np.testing.assert_array_equal(lab.progress(run.id).model.weights, expected(run.config).model.weights)
    lab.resume_sweep("ann", sweep)
    assert under_way(lab, sweep) == 0, "there is nothing left to go on with"
    lab.close()


def test_a_full_queue_is_waited_for(tmp_path: Path) -> None:
    lab = open_lab(tmp_path, replace(LIMITS, workers=1, max_waiting=1))
    others = [lab.start(f"owner {number}", "tiny", LONG, "x") for number in range(11)]
    sweep = start(lab)
    assert statuses(lab, sweep) == ["waiting"] * 6
    assert under_way(lab, sweep) == 0
    for number, run_id in enumerate(others):
        lab.stop(f"owner {number}", run_id)
    all_over(lab, sweep)
    assert statuses(lab, sweep) == ["finished"] * 6
    lab.close()


def test_a_list_without_sweeps_is_opened_with_every_run(tmp_path: Path) -> None:
    lab = open_lab(tmp_path)
    kept = lab.run(finish(lab))
    lab.close()
    with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
        connection.execute("ALTER TABLE runs DROP COLUMN sweep")
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    lab = open_lab(tmp_path)
    assert lab.trouble is lab.notice is None
    assert lab.runs("ann") == [kept]
    all_over(lab, start(lab))
    lab.close()
    (version,) = sqlite3.connect(tmp_path / "runs.sqlite").execute("PRAGMA user_version").fetchone()
    assert version == opening.SCHEMA == 3


def test_waiting_for_one_run(lab: Lab) -> None:
    """A sweep of a single run is a training as any."""
    sweep = start(lab, [CONFIG])
    (run,) = runs(lab, sweep)
    wait(lab, run.id)
    assert lab.run(run.id).validation_error == expected().validation_error
