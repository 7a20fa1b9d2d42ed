"""Parallel Gibbs chains as a film: a plan, its temperatures, and the states that are kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.models import threads
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.models.layers import Learned
from rbm.models.sampling import Mask, Sweep, sweeps
from rbm.models.tempering import Tempered

Bytes = NDArray[np.uint8]
Schedule = Literal["steady", "cooling", "restarts"]

MOST_CHAINS, MOST_STEPS = 100, 1000
HOTTEST, COLDEST = 10.0, 0.1
TILES = 10_000  # pictures a film keeps: 16 MB of the default model's


@dataclass(frozen=True)
class SamplingPlan:
    """How chains run. Raises BadValue, naming the limit, for what can't be.

    `chains` from 1 to 100, `steps` full sweeps from 1 to 1000. `temperature` T of p(v, h)^(1/T), from 0.1 to
    10. `schedule`: "steady" stays there; "cooling" falls to it from `hot`; "restarts" falls to it in the
    first half of every `period` sweeps and stays for the second. `seed` of all random numbers.
    """

    chains: int = 16
    steps: int = 200
    temperature: float = 1.0
    schedule: Schedule = "steady"
    hot: float = 3.0
    period: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        _within("chains", self.chains, 1, MOST_CHAINS)
        _within("steps", self.steps, 1, MOST_STEPS)
        _within("temperature", self.temperature, COLDEST, HOTTEST)
        _within("hot", self.hot, COLDEST, HOTTEST)
        _within("period", self.period, 2, MOST_STEPS)
        _within("seed", self.seed, 0, 2**63 - 1)
        if self.schedule not in get_args(Schedule):
            raise BadValue(f"schedule must be one of {', '.join(get_args(Schedule))}; got {self.schedule!r}")

    def temperatures(self) -> NDArray[np.float64]:
        """T of each sweep (steps,); falls are even in log T."""
        if self.schedule == "cooling":
            return np.geomspace(self.hot, self.temperature, self.steps)
        if self.schedule == "restarts":
            fall = self.period // 2
            cycle = np.full(self.period, self.temperature)
            cycle[:fall] = np.geomspace(self.hot, self.temperature, fall)
            return np.resize(cycle, self.steps)
        return np.full(self.steps, self.temperature)

    def rng(self, purpose: Literal["start", "chain"]) -> np.random.Generator:
        """Random numbers of the plan's seed; those of one purpose don't depend on the other's."""
        return np.random.default_rng([self.seed, ("start", "chain").index(purpose)])


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise BadValue(f"{name} must be between {low:g} and {high:g}, got {value}")


class Film(NamedTuple):
    """What is kept of `n` chains. `sweeps` (kept,): their numbers, 0 is the start, then evenly apart to the last.

    `states`, `means` (kept, n, n_visible) as bytes, 255 is one: the states, and the p(v | h) each was drawn from.
    """

    sweeps: NDArray[np.int64]
    states: Bytes
    means: Bytes

    @property
    def every(self) -> int:
        """Sweeps between two kept ones."""
        return int(self.sweeps[-1] - self.sweeps[-2])


def kept(steps: int, chains: int, tiles: int = TILES) -> NDArray[np.int64]:
    """The sweeps (kept,) that a film of `steps` sweeps keeps so as to hold at most `tiles` pictures."""
    every = -(-steps // max(1, tiles // chains - 1))
    return np.append(0, np.arange(steps, 0, -every)[::-1])


def film_of(
    model: RBM,
    start: ArrayLike,
    temperatures: NDArray[np.floating],
    rng: np.random.Generator,
    clamp: Mask | None = None,
    tiles: int = TILES,
) -> Film:
    """Gibbs chains from `start` (n, n_visible), one sweep at each of the `temperatures` (steps,).

    Units where `clamp` (n_visible,) is True keep their value. Raises as `rbm.gibbs` does. One BLAS thread, so that
    the same seed gives the same film whatever else runs.
    """
    first: Array = np.array(start, dtype=np.float32)
    with threads.one_thread():
        return _film(first, sweeps(model, first, len(temperatures), rng, clamp, temperatures), len(temperatures), tiles)


def tempered_film(
    model: RBM,
    start: ArrayLike,
    steps: int,
    rng: np.random.Generator,
    rungs: int = 10,
    base: ArrayLike | None = None,
    tiles: int = TILES,
) -> Film:
    """The same by parallel tempering: each chain is the cold end of a ladder of `rungs`, all begun at `start`.

    `base` (n_visible,): visible biases at the hot end, best `arrays.log_odds(images)` of the training data;
    without it the model's own. The ladder is that of `rbm.models.tempering.Tempered`; `means` are p(v | p(h | v)).
    """
    first: Array = np.array(start, dtype=np.float32)
    n = len(first)
    layers = model.layers(rng, largest=rungs * n * max(model.weights.shape))
    p = model.parameters
    hot = np.asarray(model.visible_bias if base is None else base, dtype=np.float32)
    ladder = Tempered(n, rungs, p, hot, layers, rng)
    mean = np.tile(model.mean_hidden(first).astype(np.float32), (rungs, 1))
    layers.hidden.draw(mean, out=ladder.arrays()["chains"])
    with threads.one_thread():
        return _film(first, _cold_ends(model, ladder, p, first.shape, steps), steps, tiles)


def _cold_ends(model: RBM, ladder: Tempered, p: Learned, shape: tuple[int, ...], steps: int) -> Iterable[Sweep]:
    v, h = np.empty(shape, dtype=np.float32), np.empty((shape[0], model.n_hidden), dtype=np.float32)
    for _ in range(steps):
        ladder.run(p, 1, h, v, h)
        yield Sweep(v, model.mean_visible(h).astype(np.float32, copy=False))


def _film(start: Array, walk: Iterable[Sweep], steps: int, tiles: int) -> Film:
    numbers = kept(steps, len(start), tiles)
    states = np.empty((len(numbers), *start.shape), dtype=np.uint8)
    means = np.empty_like(states)
    states[0] = means[0] = _bytes(start)
    place = 1
    for number, sweep in enumerate(walk, start=1):
        if number == numbers[place]:
            states[place], means[place] = _bytes(sweep.visible), _bytes(sweep.mean)
            place += 1
    return Film(numbers, states, means)


def _bytes(values: Array) -> Bytes:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)  # real-valued ones may lie beyond


class Contender(NamedTuple):
    """A way to sample, the film of it, and the seconds that took."""

    name: str
    film: Film
    seconds: float


def compare_samplers(
    model: RBM, start: ArrayLike, plan: SamplingPlan, rungs: int, base: ArrayLike | None = None, tiles: int = TILES
) -> list[Contender]:
    """The same start (n, n_visible) under plain Gibbs sampling, annealed restarts, and parallel tempering.

    All make `plan.steps` sweeps and end at temperature 1; restarts begin at `plan.hot` every `plan.period`. `tiles`:
    pictures that each film may keep.
    """
    steady = SamplingPlan(steps=plan.steps)
    restarts = SamplingPlan(steps=plan.steps, schedule="restarts", hot=plan.hot, period=plan.period)
    ways: dict[str, Callable[[np.random.Generator], Film]] = {
        "Plain Gibbs": lambda rng: film_of(model, start, steady.temperatures(), rng, None, tiles),
        "Annealed restarts": lambda rng: film_of(model, start, restarts.temperatures(), rng, None, tiles),
        "Parallel tempering": lambda rng: tempered_film(model, start, plan.steps, rng, rungs, base, tiles),
    }
    return [_timed(name, way, plan.rng("chain")) for name, way in ways.items()]


def _timed(name: str, way: Callable[[np.random.Generator], Film], rng: np.random.Generator) -> Contender:
    begin = perf_counter()
    film = way(rng)
    return Contender(name, film, perf_counter() - begin)
