"""Where a training step's time goes: each part's own, and what is left for the interpreter between them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from statistics import quantiles
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

import rbm
from rbm.models import layers
from rbm.training import batches, chains, gradient, trainer

PLACES: list[tuple[str, Any, tuple[str, ...]]] = [  # each part's name, where it is looked up, and as what
    ("v·W + c", trainer, ("up",)),
    ("v·W + c", chains, ("up",)),
    ("h·Wᵀ + b", chains, ("down",)),
    ("vᵀ·h into W", gradient, ("add_product",)),
    ("images made ready", batches.Images, ("fill",)),
    ("inputs to means", layers.Bernoulli, ("mean_",)),
    ("means to draws", layers.Bernoulli, ("draw",)),
    ("inputs to draws", layers.Bernoulli, ("sample",)),
    ("of draws: random bits", layers, ("random_words",)),
    ("error", trainer.Trainer, ("_error",)),
]
INSIDE = "of draws"  # is part of another part's time
Clock = Callable[[], float]


def seconds_of(images: NDArray[np.uint8], config: rbm.TrainConfig, steps: int, clock: Clock) -> dict[str, list[float]]:
    """Seconds that each part took in each of so many steps, and under "step" all of it. The first epoch warms up."""
    run = rbm.Trainer(images, config)
    while run.epoch < 1:
        run.step()
    found: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        spent: dict[str, float] = defaultdict(float)
        for part, owner, (name,) in PLACES:
            stack.enter_context(patch.object(owner, name, timed(getattr(owner, name), part, spent, clock)))
        while len(found["step"]) < steps:
            spent.clear()
            ends = run.batch + 1 == run.batches
            begin = clock()
            run.step()
            spent["step"] = clock() - begin
            if not ends:  # the end of an epoch is no step
                for part in ["step", *dict.fromkeys(part for part, *_ in PLACES)]:
                    found[part].append(spent[part])
    return found


def timed(function: Callable[..., Any], part: str, spent: dict[str, float], clock: Clock) -> Callable[..., Any]:
    def run(*args: Any, **options: Any) -> Any:
        begin = clock()
        result = function(*args, **options)
        spent[part] += clock() - begin
        return result

    return run


def table(found: dict[str, list[float]]) -> Iterator[str]:
    """Of each part the first decile, which other work on the machine hardly touches, and its share of the step's."""
    low = {part: quantiles(values, n=10)[0] for part, values in found.items()}
    whole = low.pop("step")
    rest = whole - sum(seconds for part, seconds in low.items() if not part.startswith(INSIDE))
    yield f"{'part of a step':26} {'µs':>7} {'share':>6}"
    for part, seconds in {**low, "the rest": rest, "all": whole}.items():
        yield f"{part:26} {1e6 * seconds:7.0f} {seconds / whole:6.1%}"


def show(
    images: NDArray[np.uint8], config: rbm.TrainConfig, steps: int = 400, clock: Clock = time.perf_counter
) -> None:
    for line in table(seconds_of(images, config, steps, clock)):
        print(line)
