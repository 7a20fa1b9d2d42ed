"""Trainings on a Dask cluster: a real scheduler and two workers; the same runs to the last bit, whoever dies."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rbm
from benchmarks.dask_processes import Processes, kill
from benchmarks.dask_processes import cluster as started
from rbm.errors import Unavailable
from rbm.runs import away, bench, cluster, queue, stretch, workplace
from rbm.runs.cluster import Cluster
from rbm.runs.grid import grid
from rbm.runs.job import Job
from rbm.runs.lab import Lab
from rbm.runs.limits import Limits
from tests.patience import SECONDS
from tests.runs.test_lab import CONFIG, LIMITS, LONG, TINY, expected, load, until, wait
from tests.runs.test_sweep import CONFIGS, all_over, eventually, runs, start, statuses
from tests.runs.test_tower import TOP, UPPER, equal, trained

pytest.importorskip("distributed", reason="needs Dask (requirements-dev.txt)")
NAMES = ("weights", "visible_bias", "hidden_bias")
ENDLESS = grid(LONG, {"n_hidden": [2, 3]})


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler and two workers, which no test kills."""
    with started(tmp_path_factory.mktemp("dask"), workers=2) as processes:
        yield processes


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Processes]:
    """A scheduler and two workers, for a test that kills some of them."""
    with started(tmp_path / "dask", workers=2) as processes:
        yield processes


def open_lab(home: Path, address: str, limits: Limits = LIMITS, *, workers: int = 2, **options: Any) -> Lab:
    """A lab that trains on so many workers of the cluster there."""
    opened = Lab(home, replace(limits, workers=0), load=load, dask=address, **options)
    found: Cluster = opened.cluster  # type: ignore[assignment]

    def complete() -> bool:
        found._next_look = 0.0
        found.look()
        return opened.queue.workers == workers and found.trouble is None

    eventually(complete)
    return opened


@pytest.fixture
def there(two: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab that can't train by itself."""
    forbid_here(monkeypatch)
    opened = open_lab(tmp_path / "home", two.address)
    yield opened
    opened.close()


def forbid_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def here(*_: object) -> None:
        raise AssertionError("it is to be trained on the cluster")

    monkeypatch.setattr(workplace, "Here", here)


def finish(opened: Lab, config: rbm.TrainConfig = CONFIG, **options: Any) -> str:
    run_id = opened.start("ann", "tiny", config, "x", **options)
    wait(opened, run_id)
    return run_id


def same(opened: Lab, run_id: str, report: rbm.Report) -> None:
    """The run has ended as `report` says, to the last bit."""
    run, progress = opened.run(run_id), opened.progress(run_id)
    assert (run.status, run.epoch) == ("finished", report.epoch), run.message
    assert (run.training_error, run.validation_error) == (report.reconstruction_error, report.validation_error)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(progress.model, name), getattr(report.model, name))


# ---- the same run


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        replace(CONFIG, algorithm="pcd", chains=5, momentum=0.5, final_momentum=0.9, schedule="linear"),
        replace(CONFIG, algorithm="pt", chains=3, temperatures=4),
        replace(CONFIG, centering=True, sparsity_cost=0.1, l1=1e-4, binarize="sample"),
        replace(CONFIG, algorithm="autoencoder"),
        replace(CONFIG, binarize="threshold", final_gibbs_steps=3),
    ],
    ids=lambda config: f"{config.algorithm}-{config.binarize}",
)
def test_every_algorithm_gives_the_same_bits_there_as_here(there: Lab, config: rbm.TrainConfig) -> None:
    run_id = finish(there, config)
    same(there, run_id, expected(config))
    assert [point.epoch for point in there.points(run_id)] == [0, 1, 2, 3, 4, 5]
    *_, last = rbm.train(TINY.train_images, config, validation=TINY.test_images)
    assert there.points(run_id)[-1].validation_error == last.validation_error


def test_labels_measures_and_every_point_of_the_curve(there: Lab, tmp_path: Path, monkeypatch: Any) -> None:
    with_labels = finish(there, labels=True)
    assert there.run(with_labels).n_classes == 3
    same(there, with_labels, expected(labels=TINY.train_labels, validation_labels=TINY.test_labels))
    measures = ("exact", "dead_units", "free_energy_gap")
    curve = there.points(finish(there, measures=measures))
    assert "exact_log_likelihood" in curve[-1].measures
    monkeypatch.undo()
    here = Lab(tmp_path / "here", LIMITS, load=load)
    alone = here.points(finish(here, measures=measures))
    assert [replace(point, seconds=0.0) for point in curve] == [replace(point, seconds=0.0) for point in alone]
    assert len({point.seconds for point in curve}) == len(curve)
    here.close()


def test_layers_on_layers(there: Lab) -> None:
    first, *_, top = there.start_tower("ann", "tiny", [CONFIG, UPPER, TOP], "Tower", labels=False)
    eventually(lambda: there.run(top).over and there.job(top) is None)
    assert there.run(first).status == there.run(top).status == "finished"
    assert equal(there.net(top), trained(CONFIG, UPPER, TOP))


def test_pauses_steps_turns_and_restarts_change_nothing(two: Processes, there: Lab, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=300)
    run_id = there.start("ann", "tiny", LONG, "x")
    eventually(lambda: there.progress(run_id).epoch > 0)
    there.pause("ann", run_id)
    until(there, run_id, "paused")
    before = there.run(run_id).fraction
    there.step("ann", run_id)
    eventually(lambda: there.run(run_id).fraction > before)
    until(there, run_id, "paused")
    batches = -(-len(TINY.train_images) // LONG.batch_size)
    assert round((there.run(run_id).fraction - before) * LONG.epochs * batches) == 1
    there.stop("ann", run_id)
    until(there, run_id, "stopped")
    assert there.progress(run_id).model is not None
    paused = there.start("ann", "tiny", config, "y")
    eventually(lambda: there.run(paused).fraction > 0)
    there.close()
    again = open_lab(tmp_path / "home", two.address)
    if not again.run(paused).over:
        again.resume("ann", paused)
    wait(again, paused)
    same(again, paused, expected(config))
    again.close()


def test_the_curve_and_the_model_are_live(there: Lab) -> None:
    run_id = there.start("ann", "tiny", LONG, "x")
    eventually(lambda: len(there.progress(run_id).history) > 3)
    first = there.progress(run_id)
    assert first.running
    assert first.model is not None
    eventually(lambda: not np.array_equal(there.progress(run_id).model.weights, first.model.weights))
    eventually(lambda: there.progress(run_id).speed > 0)
    there.stop("ann", run_id)
    until(there, run_id, "stopped")


def test_a_blow_up_and_a_mistake_are_told_as_here(there: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    wild = replace(CONFIG, learning_rate=1e6)
    run_id = finish(there, wild)
    with pytest.raises(rbm.Diverged) as raised:
        list(rbm.train(TINY.train_images, wild))
    assert (there.run(run_id).status, there.run(run_id).message) == ("diverged", str(raised.value))
    np.testing.assert_array_equal(there.progress(run_id).model.weights, raised.value.model.weights)
    ask = away.Way.ask

    def without_images(self: away.Way, method: str, *args: object) -> object:
        return True if method == "has" else ask(self, method, *args)

    monkeypatch.setattr(away.Way, "ask", without_images)
    other = replace(TINY, name="other", train_images=TINY.train_images[::-1].copy())
    monkeypatch.setattr(there, "_load", lambda name: other)
    failed = finish(there)
    assert there.run(failed).status == "failed"
    assert "KeyError" in there.run(failed).message


def test_images_come_to_a_worker_once(there: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, asked = away.Way.ask, Counter[tuple[str, str]]()

    def counted(self: away.Way, method: str, *args: object) -> object:
        asked[method, self.worker] += 1
        return ask(self, method, *args)

    monkeypatch.setattr(away.Way, "ask", counted)
    all_over(there, start(there))
    brought = {worker: count for (method, worker), count in asked.items() if method == "bring"}
    begun = {worker: count for (method, worker), count in asked.items() if method == "begin"}
    assert set(brought.values()) == {1}
    assert brought.keys() == begun.keys()
    assert sum(begun.values()) >= len(CONFIGS)


# ---- sweeps


def test_a_sweep_is_bit_for_bit_that_of_the_labs_own_queue(there: Lab) -> None:
    sweep = start(there)
    all_over(there, sweep)
    for run in runs(there, sweep):
        same(there, run.id, expected(run.config))


def test_two_visitors_sweeps_share_the_workers(there: Lab) -> None:
    endless = start(there, grid(LONG, {"n_hidden": [2, 3, 5, 7]}))
    eventually(lambda: any(run.fraction for run in runs(there, endless)))
    short = start(there, CONFIGS, "bob")
    all_over(there, short, "bob")
    assert statuses(there, short, "bob") == ["finished"] * 6
    before = sum(run.fraction for run in runs(there, endless))
    eventually(lambda: sum(run.fraction for run in runs(there, endless)) > before)
    there.stop_sweep("ann", endless)
    all_over(there, endless)


# ---- who dies


def where(opened: Lab) -> dict[str, int]:
    """Trainings under way, by worker."""
    return dict(opened.cluster._under_way)  # type: ignore[union-attr]


def test_a_worker_killed_in_the_middle_costs_what_lies_after_the_last_checkpoint(
    mortal: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_here(monkeypatch)
    opened = open_lab(tmp_path / "home", mortal.address, every=0.2)
    configs, losses = grid(replace(CONFIG, epochs=1500), {"seed": [1, 2]}), Counter[str]()
    note = Job._note_loss

    def noted(self: Job, error: stretch.Lost) -> None:
        losses[self.run.id] += 1
        note(self, error)

    monkeypatch.setattr(Job, "_note_loss", noted)
    sweep = start(opened, configs)
    first, second = (run.id for run in runs(opened, sweep))
    jobs = [opened.job(run_id) for run_id in (first, second)]
    eventually(lambda: len(where(opened)) == 2 and all(job is not None and job.run.fraction > 0.05 for job in jobs))
    kill(mortal.worker_at(next(iter(where(opened)))))
    all_over(opened, sweep)
    for run in runs(opened, sweep):
        same(opened, run.id, expected(run.config))
        assert [point.epoch for point in opened.points(run.id)] == list(range(1501))
    assert sorted(losses[run_id] for run_id in (first, second)) == [0, 1], "the other one was untouched"
    opened.close()


def test_without_any_worker_the_lab_goes_on_by_itself_and_a_new_one_is_found(
    mortal: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "AGAIN", 0.1)
    config = replace(CONFIG, epochs=1500)
    opened = open_lab(tmp_path / "home", mortal.address, every=0.2)
    run_id = opened.start("ann", "tiny", config, "x")
    eventually(lambda: opened.run(run_id).fraction > 0.05)
    for worker in mortal.workers:
        kill(worker)
    wait(opened, run_id)
    same(opened, run_id, expected(config))
    assert opened.notice == workplace.AWAY
    mortal.add_worker()
    forbid_here(monkeypatch)

    def found() -> bool:
        opened.cluster.look()  # type: ignore[union-attr]
        return opened.notice is None

    eventually(found)
    same(opened, finish(opened, replace(CONFIG, seed=9)), expected(replace(CONFIG, seed=9)))
    opened.close()


def test_a_scheduler_that_dies_is_one_sentence_and_the_runs_go_on_here(mortal: Processes, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=1500)
    opened = open_lab(tmp_path / "home", mortal.address, every=0.2)
    run_id = opened.start("ann", "tiny", config, "x")
    eventually(lambda: opened.run(run_id).fraction > 0.05)
    mortal.end()
    wait(opened, run_id)
    same(opened, run_id, expected(config))
    assert opened.notice == workplace.AWAY
    assert mortal.address in opened.cluster.trouble  # type: ignore[union-attr, operator]
    assert opened.queue.workers == queue.cores()
    opened.close()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "tls://127.0.0.1:9", "hello"])
def test_a_scheduler_that_cannot_be_reached_is_one_sentence(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    opened = Lab(tmp_path, LIMITS, load=load, dask=address)
    same(opened, finish(opened), expected())
    assert opened.notice == workplace.AWAY
    said = opened.cluster.trouble  # type: ignore[union-attr]
    assert str(said).startswith(f"The scheduler at {address} can't be reached (")
    assert str(said).count("\n") == 0
    opened.close()


def test_without_dask_it_is_one_sentence_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Unavailable, match=r"pip install '\.\[cluster\]'"):
        Cluster("tcp://127.0.0.1:9").workers()


def test_a_worker_with_another_program_is_not_asked(two: Processes, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(away, "versions", lambda: {**bench.versions(), "numpy": "0.1"})
    opened = open_lab(tmp_path, two.address)
    same(opened, finish(opened), expected())
    assert "has another version of numpy" in str(opened.cluster.trouble)  # type: ignore[union-attr]
    opened.close()


# ---- the way without it


def test_dask_is_never_imported_without_an_address(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from rbm.runs.lab import Lab; from rbm import TrainConfig\n"
        "lab = Lab(pathlib.Path(sys.argv[1])); run = lab.start('a', 'digits-8x8', TrainConfig(n_hidden=3), 'x')\n"
        "job = lab.job(run); job and job.join(); print(lab.run(run).status)\n"
        "print([name for name in ('distributed', 'dask', 'rbm.runs.cluster') if name in sys.modules])\n"
        "lab.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=SECONDS
    )
    assert done.stdout.split("\n")[:2] == ["finished", "[]"]


def test_a_bench_keeps_so_many_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "MOST_BYTES", 1.5 * TINY.train_images.nbytes)
    one = bench.Bench()
    for name in ("a", "b", "c"):
        one.bring(TINY, name)
    assert [one.has(name) for name in ("a", "b", "c")] == [False, False, True]
    answer = one.begin("key", None, "nowhere", None, None)  # type: ignore[arg-type]
    assert isinstance(answer, bench.Raised)
    assert isinstance(answer.again(), KeyError)


class Fickle(stretch.Here):
    """Is lost as often as `losses` says, at its first mini-batch."""

    losses = 0

    def go_on(self, once: bool) -> stretch.Moved:
        if Fickle.losses:
            Fickle.losses -= 1
            raise stretch.Lost("the worker at x is gone")
        return super().go_on(once)


@pytest.mark.parametrize(("losses", "status"), [(2, "finished"), (3, "failed")])
def test_a_training_that_loses_every_worker_fails(
    losses: int, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Lab(tmp_path, LIMITS, load=load)
    job_of: Callable[..., Any] = opened._job

    def fickle(*args: Any) -> Any:
        job = job_of(*args)
        job._make = Fickle
        return job

    monkeypatch.setattr(opened, "_job", fickle)
    Fickle.losses = losses
    run_id = finish(opened)
    assert opened.run(run_id).status == status
    if status == "failed":
        assert "3 times in a row" in opened.run(run_id).message
    else:
        same(opened, run_id, expected())
    opened.close()


def test_a_step_that_is_lost_is_made_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Lab(tmp_path, LIMITS, load=load)
    run_id = opened.start("ann", "tiny", LONG, "x")
    opened.pause("ann", run_id)
    until(opened, run_id, "paused")
    before = opened.run(run_id).fraction
    monkeypatch.setattr("rbm.runs.workplace.Here", Fickle)
    Fickle.losses = 1
    opened.step("ann", run_id)
    until(opened, run_id, "paused")
    batches = -(-len(TINY.train_images) // LONG.batch_size)
    assert round((opened.run(run_id).fraction - before) * LONG.epochs * batches) == 1
    assert Fickle.losses == 0
    opened.close()
