"""What is shown of the next Step is what it does; and nothing is shown where there is nothing to step through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rbm.errors import NoSuchRun
from rbm.runs import ahead
from rbm.runs.lab import Lab
from rbm.training.config import TrainConfig
from tests.runs.test_lab import CONFIG, LONG, TINY, lab, open_lab, until, wait

__all__ = ["lab"]
PLAIN = replace(
    LONG, algorithm="pcd", chains=13, momentum=0.0, final_momentum=0.0, l2=0.0, centering=False, sparsity_cost=0.0
)


def paused(lab: Lab, config: TrainConfig, **options: bool) -> str:
    run_id = lab.start("ann", "tiny", config, "x", **options)
    while not lab.progress(run_id).fraction:
        pass
    lab.pause("ann", run_id)
    until(lab, run_id, "paused")
    return run_id


def weights(lab: Lab, run_id: str) -> np.ndarray:
    state = lab.store.checkpoint(lab.run(run_id))
    assert state is not None
    return state.arrays["weights"]


@pytest.mark.parametrize("labels", [False, True], ids=["pixels", "with classes"])
def test_the_step_does_what_was_shown_of_it(lab: Lab, labels: bool) -> None:
    run_id = paused(lab, PLAIN, labels=labels)
    before = weights(lab, run_id)
    seen = ahead.next_update(lab, run_id, TINY)
    assert seen is not None
    again = ahead.next_update(lab, run_id, TINY)
    assert again is not None
    np.testing.assert_array_equal(seen.chain_v, again.chain_v)
    lab.step("ann", run_id)
    until(lab, run_id, "paused")
    change = np.stack([seen.of_unit(unit).change for unit in range(7)], axis=1)
    rate = PLAIN.learning_rate * len(seen.data_v) / PLAIN.batch_size
    assert np.abs(change).max() > 0.01
    np.testing.assert_allclose(weights(lab, run_id) - before, rate * change, atol=1e-5)


def test_what_does_not_rest_or_has_no_chain_shows_nothing(lab: Lab) -> None:
    run_id = lab.start("ann", "tiny", LONG, "x")
    assert ahead.next_update(lab, run_id, TINY) is None
    lab.stop("ann", run_id)
    wait(lab, run_id)
    assert ahead.next_update(lab, run_id, TINY) is None
    encoder = replace(LONG, algorithm="autoencoder", sparsity_cost=0.0)
    assert ahead.next_update(lab, paused(lab, encoder), TINY) is None
    hybrid = paused(lab, replace(LONG, discriminative=0.5), labels=True)
    assert ahead.next_update(lab, hybrid, TINY) is None
    below, above = lab.start_tower("ann", "tiny", [CONFIG, LONG], "tower")
    wait(lab, below)
    until(lab, above, "running") if lab.run(above).status != "running" else None
    lab.pause("ann", above)
    until(lab, above, "paused")
    assert ahead.next_update(lab, above, TINY) is None
    with pytest.raises(NoSuchRun):
        ahead.next_update(lab, "A" * 22, TINY)


def test_a_pause_outlives_the_server_and_so_does_what_is_next(tmp_path: Path) -> None:
    lab = open_lab(tmp_path)
    run_id = paused(lab, PLAIN)
    seen = ahead.next_update(lab, run_id, TINY)
    lab.close()
    other = open_lab(tmp_path)
    again = ahead.next_update(other, run_id, TINY)
    assert seen is not None
    assert again is not None
    np.testing.assert_array_equal(seen.data_v, again.data_v)
    other.close()
