"""Seconds from a start to a film that can be sent to the browser, with the default model:

    python -m benchmarks.dream          needs nothing but the app's own packages

The chains, what is measured on them (free energy, distance, memory, the digit each looks like), and the sprite of
all frames; the sprite's size; and how many sweeps a second the chains alone make. Medians of 3.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter

import numpy as np

import rbm
from rbm import pretrained
from rbm.app.components import sprite
from rbm.measures import diagnostics, mixing
from rbm.measures.reader import Reader
from rbm.models import threads
from rbm.models.film import SamplingPlan, film_of

DEFAULT = pretrained.path("default")
SHAPE, ROUNDS = (28, 28), 3
CASES = [(1, 200), (16, 200), (16, 1000), (100, 200), (100, 1000)]  # chains, sweeps
WANTED, MOST_MEGABYTES, SHOWN = 3.0, 2.0, 20  # seconds for the last case; of a sprite; sweeps a second on the screen
SHARE = 0.1  # of the time on the screen that sampling 16 chains may take


def main() -> None:
    data, model = rbm.datasets.load("mnist-5k"), rbm.load(DEFAULT)
    known = diagnostics.hidden(model, data.train_images)
    reader = Reader.fit(known, data.train_labels, data.train_images)
    columns = ("chains", "sweeps", "run, s", "measure", "sprite", "all, s", "MB", "sweeps/s")
    print(" ".join(f"{name:>8}" for name in columns))
    for chains, steps in CASES:
        start = np.repeat(data.test_images[:1] / np.float32(255), chains, axis=0)
        rounds = [once(model, reader, start, SamplingPlan(chains, steps)) for _ in range(ROUNDS)]
        run, measure, reel, size = (median(column) for column in zip(*rounds, strict=True))
        total = run + measure + reel
        notes = verdicts(chains, steps, total, run, size)
        seconds = " ".join(f"{value:8.2f}" for value in (run, measure, reel, total, size))
        print(f"{chains:8} {steps:8} {seconds} {steps / run:8.0f}{notes}", flush=True)


def once(model: rbm.RBM, reader: Reader, start: np.ndarray, plan: SamplingPlan) -> tuple[float, ...]:
    """Seconds of the chains, of the measures, of the sprite, and its megabytes."""
    begin = perf_counter()
    film = film_of(model, start, plan.temperatures(), plan.rng("chain"))
    ran = perf_counter()
    flat = film.states.reshape(-1, film.states.shape[2])
    with threads.one_thread():
        reader.read(diagnostics.hidden(model, flat), flat)
        diagnostics.free_energy(model, flat)
        mixing.hamming(film.states)
        mixing.memory(mixing.autocorrelation(film.states[1:]), film.every, chains=film.states.shape[1])
    measured = perf_counter()
    png = sprite.of(film.means, SHAPE).png
    return ran - begin, measured - ran, perf_counter() - measured, len(png) / 1e6


def verdicts(chains: int, steps: int, total: float, run: float, size: float) -> str:
    text = "" if size <= MOST_MEGABYTES else f"  more than {MOST_MEGABYTES:g} MB"
    if (chains, steps) == CASES[-1]:
        text += f"  at most {WANTED:g} s: {'reached' if total <= WANTED else 'missed'}"
    if chains == 16:
        share = run / (steps / SHOWN)
        text += f"  {share:.1%} of {SHOWN} sweeps/s, at most {SHARE:.0%}: {'reached' if share <= SHARE else 'missed'}"
    return text


if __name__ == "__main__":
    main()
