"""While anything trains there is one BLAS thread, and afterwards as many as before."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import rbm
from rbm.models.threads import NICE, give_way, one_thread
from rbm.training.trainer import Trainer


def threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


@pytest.fixture
def two() -> Iterator[list[int]]:
    with threadpool_limits(2, user_api="blas"):
        assert set(threads()) == {2}
        yield threads()


def test_the_limit_holds_from_the_first_to_the_last(two: list[int]) -> None:
    first, second = one_thread(), one_thread()
    first.__enter__()
    assert set(threads()) == {1}
    second.__enter__()
    first.__exit__(None, None, None)
    assert set(threads()) == {1}
    second.__exit__(None, None, None)
    assert threads() == two


def test_an_error_gives_the_threads_back(two: list[int]) -> None:
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert threads() == two


def test_the_result_does_not_depend_on_what_else_runs(two: list[int]) -> None:
    """Two threads give other last bits at this size, so this would fail without the limit."""
    images = np.random.default_rng(0).integers(0, 256, (256, 784), dtype=np.uint8)
    config = rbm.TrainConfig(n_hidden=500, centering=True, epochs=1, batch_size=100)

    def weights() -> np.ndarray:
        trainer = Trainer(images, config)
        while not trainer.finished:
            trainer.step()
        return trainer.model.weights

    with one_thread():
        alone = weights()
        results: list[np.ndarray] = []
        others = [threading.Thread(target=lambda: results.append(weights())) for _ in range(2)]
        for thread in others:
            thread.start()
        for thread in others:
            thread.join()
    for result in results:
        np.testing.assert_array_equal(result, alone)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells threads apart")
def test_a_thread_that_gives_way_does_so_alone() -> None:
    found = []

    def work() -> None:
        give_way()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [max(before, NICE)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
