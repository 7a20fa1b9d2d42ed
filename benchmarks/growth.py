"""How time and memory of training grow with one number at a time, beside the growth of the products alone."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from statistics import median

import rbm
from benchmarks.timing import CONFIG, IMAGES, bound, digits, interleaved, ours, with_one

CASES = [
    ("hidden units", "n_hidden", (64, 256, 1024, 4096)),
    ("batch", "batch_size", (16, 64, 256, 1024)),
    ("k", "gibbs_steps", (1, 2, 5, 10, 25)),
    ("images", "", (1000, 5000, 20_000, 60_000)),
]
HEAD = f"{'':18} {'µs/image':>9} {'products':>9} {'ratio':>6} {'grows':>7} {'products':>9} {'peak MB':>8}"


def lines(rounds: int) -> Iterator[str]:
    """A row for each value: time per image of ours and of the products, and both as multiples of the first row's."""
    yield HEAD
    for title, field, values in CASES:
        first: tuple[float, float] | None = None
        for value in values:
            images = digits(IMAGES if field else value)
            config = with_one(CONFIG, field, value) if field else CONFIG
            runs = {"ours": ours(images, config), "products": bound(images, config)}
            seconds = interleaved(runs, rounds)
            us = {name: 1e6 * median(found) / len(images) for name, found in seconds.items()}
            first = first or (us["ours"], us["products"])
            grown, bound_grown = us["ours"] / first[0], us["products"] / first[1]
            yield (
                f"{f'{title} {value}':18} {us['ours']:9.1f} {us['products']:9.1f} {us['ours'] / us['products']:6.2f} "
                f"{grown:6.1f}x {bound_grown:8.1f}x {peak(images, config) / 2**20:8.1f}"
            )


def peak(images: object, config: rbm.TrainConfig) -> int:
    """Most bytes that a run holds at once in its first epoch, beside the images."""
    tracemalloc.start()
    next(rbm.train(images, config))  # type: ignore[arg-type]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most
