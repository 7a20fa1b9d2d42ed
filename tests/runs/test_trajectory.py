"""A likelihood told by the training's own chains, of runs that pause, are kept, and train elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import rbm
from rbm.errors import BadValue
from rbm.runs.bench import Bench
from rbm.runs.record import Run
from tests.runs.test_lab import TINY, open_lab, wait

CONFIG = rbm.TrainConfig(n_hidden=7, epochs=3, batch_size=11, algorithm="pcd", chains=41, learning_rate=0.01)
OWNER = "x" * 32


def straight(config: rbm.TrainConfig = CONFIG) -> list[dict[str, float]]:
    """What an unbroken training of this process tells after each epoch."""
    watched = {"validation": TINY.test_images, "monitors": ["trajectory", "update_ratio"]}
    return [report.metrics for report in rbm.train(TINY.train_images, config, **watched)]


def test_a_run_that_pauses_over_a_restart_tells_the_same(tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=97)
    lab = open_lab(tmp_path)
    run_id = lab.start(OWNER, "tiny", config, "Run", measures=("trajectory",))
    lab.close()  # wherever it is by now
    lab = open_lab(tmp_path)
    assert lab.run(run_id).status == "interrupted"
    lab.resume(OWNER, run_id)
    wait(lab, run_id)
    told = [dict(point.measures) for point in lab.points(run_id)[1:]]
    assert lab.run(run_id).status == "finished"
    lab.close()
    assert told == straight(config)
    assert all("trajectory" in measures for measures in told)


def test_a_worker_tells_the_same_from_a_checkpoint_on() -> None:
    """The bench of a cluster's worker, asked directly: a run is begun, handed over in the midst, and goes on."""
    run = Run("Run", "", "tiny", "print", CONFIG, 0.0, measures=("trajectory",))
    bench, told = Bench(), []
    with bench._stay:
        bench.bring(TINY, "print")
        bench.begin("first", run, "print", None, None)
        while not told:
            told += bench.go_on("first", 0.0, False)[1].epochs
        bench.go_on("first", 0.0, False)
        bench.begin("second", run, "print", None, bench.snapshot("first"))
        while len(told) < CONFIG.epochs:
            told += bench.go_on("second", 0.0, False)[1].epochs
    assert [dict(ended.measures) for ended in told] == straight()


@pytest.mark.parametrize("config", [replace(CONFIG, algorithm="cd"), replace(CONFIG, momentum=0.5)])
def test_what_it_can_not_follow_does_not_start(tmp_path: Path, config: rbm.TrainConfig) -> None:
    lab = open_lab(tmp_path)
    try:
        with pytest.raises(BadValue, match="'trajectory'"):
            lab.start(OWNER, "tiny", config, "Run", measures=("trajectory",))
        with pytest.raises(BadValue, match="'trajectory'"):
            lab.start_sweep(OWNER, "tiny", [CONFIG, config], ["one", "two"], measures=("trajectory",))
        assert not lab.runs(OWNER)
    finally:
        lab.close()
