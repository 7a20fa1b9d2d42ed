"""A class of pupils, each with a browser, settings and a seed of their own; and whether each got what they trained."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import rbm
from benchmarks.wire import Tab, opened
from rbm.models import threads
from rbm.runs.store import Store
from rbm.training.config import PRESETS, TrainConfig
from rbm.visitors import owner_hash

RECOMMENDED = PRESETS["Recommended"]  # what the form holds at first
ANSWERS = ("Epoch", "Waiting")  # how the line above the curve begins once Start has been heard
PATIENCE = 900.0  # seconds for a training and all that wait before it


@dataclass
class Pupil:
    """Who, what they train, and how it went: seconds from the press of Start to an answer, and to the end."""

    data: str
    config: TrainConfig
    owner: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    pressed: float = 0.0
    answered: float = 0.0
    finished: float = 0.0

    @property
    def typed(self) -> dict[str, Any]:
        """What differs from the form as it opens."""
        mine, first = asdict(self.config), asdict(RECOMMENDED)
        return {"data": self.data} | {key: value for key, value in mine.items() if value != first[key]}


def pupils(count: int, data: str, n_hidden: int, epochs: int) -> list[Pupil]:
    """No two alike: seeds, learning rates and numbers of epochs (from `epochs` to 4 more) differ."""
    return [
        Pupil(
            data,
            replace(
                RECOMMENDED,
                n_hidden=n_hidden,
                epochs=epochs + seat % 5,
                learning_rate=round(0.02 + 0.001 * seat, 3),
                seed=1000 + seat,
            ),
        )
        for seat in range(count)
    ]


# ---- at the lab


async def seated(url: str, seats: Sequence[Pupil], stack: AsyncExitStack) -> list[Tab]:
    """All at the Train page, one after another; until `stack` closes."""
    return [await stack.enter_async_context(opened(url, "train", f"rbm_owner={pupil.owner}")) for pupil in seats]


async def train(seats: Sequence[Pupil], tabs: Sequence[Tab], spread: float) -> list[str]:
    """All press Start within `spread` seconds, and watch to the end. Sentences on those who were let down."""
    lessons = (
        _lesson(pupil, tab, spread * seat / len(seats))
        for seat, (pupil, tab) in enumerate(zip(seats, tabs, strict=True))
    )
    ends = await asyncio.gather(*lessons, return_exceptions=True)
    return [
        f"seed {pupil.config.seed}: {end!r}; the page said {tab.words('alert', 'progress', 'exception')}"
        for pupil, tab, end in zip(seats, tabs, ends, strict=True)
        if end is not None
    ]


async def _lesson(pupil: Pupil, tab: Tab, wait: float) -> None:
    await asyncio.sleep(wait)
    pupil.pressed = time.perf_counter()
    await tab.press("Start", **pupil.typed)
    end = f"Finished {pupil.config.epochs} epochs"
    await tab.until(lambda: any(tab.says(word, "progress") for word in ANSWERS) or tab.says(end, "markdown"), PATIENCE)
    pupil.answered = time.perf_counter()
    await tab.until(lambda: tab.says(end, "markdown") and not tab.busy, PATIENCE)
    pupil.finished = time.perf_counter()
    if not tab.says(f"seed {pupil.config.seed} ", "markdown"):
        raise AssertionError("the sidebar shows another model than the one trained here")
    if errors := tab.words("exception"):
        raise AssertionError(errors[0])


# ---- afterwards


def faults(home: Path, seats: Iterable[Pupil], repeat: int) -> list[str]:
    """Runs that the store under `home` has lost or mixed up, in sentences. `repeat`: train so many again to compare."""
    everyone = list(seats)
    with Store(home) as store:
        said = [wrong for pupil in everyone for wrong in _fault(store, pupil)]
        chosen = [everyone[place] for place in np.linspace(0, len(everyone) - 1, repeat).astype(int)]
        said += [wrong for pupil in chosen for wrong in _other_weights(store, pupil)]
    with closing(sqlite3.connect(home / "runs.sqlite")) as database:
        (count,) = database.execute("SELECT COUNT(*) FROM runs").fetchone()
    if count != len(everyone):
        said.append(f"the store holds {count} runs of {len(everyone)} pupils")
    return said


def _fault(store: Store, pupil: Pupil) -> list[str]:
    runs, who = store.owned_by(owner_hash(pupil.owner)), f"seed {pupil.config.seed}"
    if len(runs) != 1:
        return [f"{who} has {len(runs)} runs"]
    run = runs[0]
    epochs = [point.epoch for point in store.all_points(run.id)]
    checks = {
        f"is {run.status}: {run.message}": run.status == "finished",
        f"has trained {run.config} on {run.data}": (run.data, run.config) == (pupil.data, pupil.config),
        f"is at epoch {run.epoch}": run.epoch == pupil.config.epochs,
        f"has a curve of epochs {epochs}": epochs == list(range(pupil.config.epochs + 1)),
    }
    return [f"{who} {what}" for what, right in checks.items() if not right]


def _other_weights(store: Store, pupil: Pupil) -> list[str]:
    """The same training, without a server: on one thread, as there, it gives the same bits."""
    data = rbm.datasets.load(pupil.data)
    with threads.one_thread():
        *_, last = rbm.train(data.train_images, pupil.config, validation=data.test_images)
    stored = [store.model(run) for run in store.owned_by(owner_hash(pupil.owner))]
    if len(stored) == 1 and stored[0] is not None and _same(stored[0], last.model):
        return []
    return [f"seed {pupil.config.seed} has not the weights that rbm.train gives"]


def _same(one: rbm.RBM, other: rbm.RBM) -> bool:
    names = ("weights", "visible_bias", "hidden_bias")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
