"""Where a training step's time goes: into each of its parts, and into what is left between them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

import rbm
from rbm.models import layers
from rbm.training import batches, chains, gradient, trainer

PLACES: list[tuple[str, Any, str]] = [  # each part, where it is looked up, and by which name
    ("v·W + c", trainer, "up"),
    ("v·W + c", chains, "up"),
    ("h·Wᵀ + b", chains, "down"),
    ("W + vᵀ·h", gradient, "add_product"),
    ("images made ready", batches.Images, "fill"),
    ("inputs to means", layers.Bernoulli, "mean_"),
    ("means to draws", layers.Bernoulli, "draw"),
    ("inputs to draws", layers.Bernoulli, "sample"),
    ("  random bits of these", layers, "random_words"),
    ("error", trainer.Trainer, "_error"),
]
STEPS, QUIET = 400, 0.1  # of so many steps, that share is counted: the fastest, which other work touched least

Seconds = dict[str, float]


def table(images: NDArray[np.uint8], config: rbm.TrainConfig) -> Iterator[str]:
    """Of steps that measure the error of their batch and of those that don't, the mean over the quiet ones."""
    found = seconds_of(images, config)
    yield f"{'µs of a step':24} {'plain':>12} {'measuring too':>18}"
    kinds = [mean_of_quiet([step for step, measured in found if measured == kind]) for kind in (False, True)]
    for part in [*dict.fromkeys(part for part, *_ in PLACES), "the rest", "all"]:
        cells = [f"{1e6 * kind[part]:8.0f} {kind[part] / kind['all']:6.1%}" for kind in kinds]
        yield f"{part:24} {cells[0]} {cells[1]}"
    share = sum(measured for _, measured in found) / len(found)
    yield f"\none step in {1 / share:.1f} measures"


def seconds_of(images: NDArray[np.uint8], config: rbm.TrainConfig) -> list[tuple[Seconds, bool]]:
    """Seconds of each part in each step but the last of an epoch, and whether the step measures its error."""
    run = rbm.Trainer(images, config)
    while run.epoch < 1:  # warms up
        run.step()
    found: list[tuple[Seconds, bool]] = []
    spent: Seconds = defaultdict(float)
    with ExitStack() as stack:
        for part, owner, name in PLACES:
            stack.enter_context(patch.object(owner, name, timed(getattr(owner, name), part, spent)))
        while len(found) < STEPS:
            spent.clear()
            begin = time.perf_counter()
            report = run.step()
            spent["all"] = time.perf_counter() - begin
            if report is None:
                found.append((with_rest(spent), "error" in spent))
    return found


def timed(function: Callable[..., Any], part: str, spent: Seconds) -> Callable[..., Any]:
    def run(*args: Any, **options: Any) -> Any:
        begin = time.perf_counter()
        result = function(*args, **options)
        spent[part] += time.perf_counter() - begin
        return result

    return run


def with_rest(spent: Seconds) -> Seconds:
    """And what no part took; an indented part is inside another."""
    parts = sum(seconds for part, seconds in spent.items() if part != "all" and not part.startswith(" "))
    return defaultdict(float, spent) | {"the rest": spent["all"] - parts}


def mean_of_quiet(steps: list[Seconds]) -> Seconds:
    quiet = sorted(steps, key=lambda step: step["all"])[: max(1, round(QUIET * len(steps)))]
    names = {name for step in quiet for name in step}
    return defaultdict(float, {name: sum(step.get(name, 0.0) for step in quiet) / len(quiet) for name in names})
