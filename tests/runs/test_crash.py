"""kill -9 at 20 random moments of one training: nothing kept is lost, and it ends as if nothing had happened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

import rbm
from rbm.runs.checkpoint import read
from rbm.runs.store import Store
from tests.runs.test_lab import CONFIG, LIMITS, TINY, expected, open_lab, replace, wait

KILLS = 20
MOST_BATCHES = 40  # of one life, and then up to
LONGEST = 0.02  # seconds more, in which the next are made and kept
EPOCHS = 1500  # of 5 mini-batches of more than a millisecond: more than all that is left to live
TRAINED = replace(CONFIG, epochs=EPOCHS, algorithm="pcd", chains=7, momentum=0.5)

# Half of the time goes into writing, and the disk is slow, so that many kills find it half done.
CHILD = """
import os, sys, threading, time
from pathlib import Path
from rbm.runs import ledger
from rbm.training.trainer import Trainer
from tests.runs.test_crash import TRAINED, open_lab, LIMITS
ledger.SHARE = 1
step = Trainer.step
named = threading.Event()
def slow(self):
    named.wait()
    print("batch", flush=True)
    time.sleep(0.001)
    return step(self)
Trainer.step = slow
fsync = os.fsync
def slow_fsync(number):
    time.sleep(0.005)
    fsync(number)
os.fsync = slow_fsync
lab = open_lab(Path(sys.argv[1]), LIMITS, every=0.0)
if len(sys.argv) > 2:
    lab.resume("ann", sys.argv[2])
    run_id = sys.argv[2]
else:
    run_id = lab.start("ann", "tiny", TRAINED, "x")
print(run_id, flush=True)
named.set()
lab.job(run_id).join()
print("done", flush=True)
"""


def train_until_killed(home: Path, rng: np.random.Generator, *run_id: str) -> str:
    command = [sys.executable, "-W", "error", "-c", CHILD, str(home), *run_id]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        started = child.stdout.readline().strip()
        for _ in range(rng.integers(1, MOST_BATCHES)):
            assert child.stdout.readline() == "batch\n"
        try:
            child.wait(rng.uniform(0, LONGEST))
        except subprocess.TimeoutExpired:
            child.kill()
        assert "done" not in child.stdout.read(), "it must be killed while it trains"
    assert child.returncode == -9
    return started


def kept(home: Path, run_id: str) -> int:
    """The epoch of the checkpoint, after all has been checked that must hold after a kill."""
    with Store(home) as store:
        assert store.trouble is store.notice is None
        run = store.get(run_id)
        assert run.status == "interrupted"
        assert store.owned_by(run.owner) == [run]
        path = home / "checkpoints" / f"{run_id}.npz"
        epoch = read(path)[0].epoch if path.exists() else 0
        epochs = [point.epoch for point in store.all_points(run_id)]
        assert epochs == list(range(len(epochs))), "no gap"
        assert len(epochs) > epoch or not path.exists(), "no epoch before the checkpoint is missing"
        return epoch


def test_20_kills(tmp_path: Path) -> None:
    rng = np.random.default_rng(20)
    run_id = train_until_killed(tmp_path, rng)
    reached = [kept(tmp_path, run_id)]
    for _ in range(KILLS - 1):
        assert train_until_killed(tmp_path, rng, run_id) == run_id
        reached.append(kept(tmp_path, run_id))
    assert reached == sorted(reached), "never back"
    assert len(set(reached)) > KILLS / 3, "and mostly on"

    lab = open_lab(tmp_path, LIMITS)
    lab.resume("ann", run_id)
    wait(lab, run_id)
    run, progress = lab.run(run_id), lab.progress(run_id)
    never_killed = expected(TRAINED)
    assert (run.status, run.epoch) == ("finished", EPOCHS)
    for name in ("weights", "visible_bias", "hidden_bias"):
        np.testing.assert_array_equal(getattr(progress.model, name), getattr(never_killed.model, name))
    every = [(report.epoch, report.reconstruction_error) for report in rbm.train(TINY.train_images, TRAINED)]
    assert [(point.epoch, point.training_error) for point in lab.points(run_id)][1:] == every
    lab.close()
