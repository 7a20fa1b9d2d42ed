"""Both sides of an update: what is shown of a step is what the step does."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from rbm.training.config import TrainConfig
from rbm.training.phases import Phases
from rbm.training.trainer import Trainer

RATE = 0.05
IMAGES = np.random.default_rng(0).integers(0, 256, (23, 11), dtype=np.uint8)
LABELS = np.arange(23) % 3
PLAIN = {"n_hidden": 7, "batch_size": 5, "epochs": 3, "learning_rate": RATE, "momentum": 0.0,
         "final_momentum": 0.0, "l2": 0.0, "centering": False, "sparsity_cost": 0.0}  # fmt: skip


def phases() -> Phases:
    rng = np.random.default_rng(3)
    return Phases(*(rng.random(shape).astype(np.float32) for shape in [(5, 11), (5, 7), (13, 11), (13, 7)]))


def test_products_of_a_unit_are_means_of_pixel_times_unit() -> None:
    seen, unit = phases(), 4
    data, chain = np.zeros(11), np.zeros(11)
    for row, pixel in product(range(5), range(11)):
        data[pixel] += float(seen.data_v[row, pixel]) * float(seen.data_h[row, unit]) / 5
    for row, pixel in product(range(13), range(11)):
        chain[pixel] += float(seen.chain_v[row, pixel]) * float(seen.chain_h[row, unit]) / 13
    found = seen.of_unit(unit)
    np.testing.assert_allclose(found.data, data, rtol=1e-6)
    np.testing.assert_allclose(found.chain, chain, rtol=1e-6)
    np.testing.assert_allclose(found.change, data - chain, rtol=1e-5, atol=1e-9)


def test_the_unit_that_learns_most_has_the_longest_change_of_the_lively() -> None:
    seen = phases()
    lengths = [np.linalg.norm(seen.of_unit(unit).change) for unit in range(7)]
    longest = int(np.argmax(lengths))
    seen.data_h[:] = 0.5 + 0.1 * (seen.data_h - 0.5)
    quiet = [np.linalg.norm(seen.of_unit(unit).change) for unit in range(7)]
    assert seen.learns_most() == int(np.argmax(quiet)), "where none tells the images apart, all count"
    stuck, apart = seen.learns_most(), (longest + 1) % 7 if longest == seen.learns_most() else longest
    seen.data_h[:, apart] = [0, 1, 0, 1, 1]
    seen.chain_h[:, stuck] = 0
    assert np.linalg.norm(seen.of_unit(stuck).change) > np.linalg.norm(seen.of_unit(apart).change)
    assert seen.learns_most() == apart, "not the one that is as good as constant"


@pytest.mark.parametrize("batches", [0, 4, 7], ids=["the first", "a short one", "in the second epoch"])
@pytest.mark.parametrize(
    "how",
    [{"algorithm": "cd"}, {"algorithm": "cd", "gibbs_steps": 3}, {"algorithm": "pcd", "chains": 13},
     {"algorithm": "pt", "chains": 13, "temperatures": 3}],
    ids=["cd", "cd-3", "pcd", "pt"],
)  # fmt: skip
def test_what_is_seen_beforehand_is_what_the_step_then_does(how: dict, batches: int) -> None:
    config = TrainConfig(**PLAIN | how)
    trainer = Trainer(IMAGES, config, labels=LABELS)
    for _ in range(batches):
        trainer.step()
    state, before = trainer.snapshot(), trainer.model
    seen = Trainer(IMAGES, config, labels=LABELS, state=state).see()
    changes = np.stack([seen.of_unit(unit).change for unit in range(7)], axis=1)
    trainer.step()
    rate = RATE * len(seen.data_v) / 5
    np.testing.assert_allclose(trainer.model.weights - before.weights, rate * changes, atol=2e-6)
    assert (trainer.snapshot().arrays["weights"] != state.arrays["weights"]).any()


def test_a_look_changes_nothing_for_the_run_itself() -> None:
    trainer = Trainer(IMAGES, TrainConfig(**PLAIN))
    trainer.step()
    state = trainer.snapshot()
    Trainer(IMAGES, TrainConfig(**PLAIN), state=state).see()
    other = Trainer(IMAGES, TrainConfig(**PLAIN), state=state)
    trainer.step(), other.step()
    np.testing.assert_array_equal(trainer.model.weights, other.model.weights)
