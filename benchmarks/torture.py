"""What would take a class's server down, against the real one on a small machine:

    python -m benchmarks.torture [ATTACKERS] [PUPILS] [SECONDS]      100, 30 and 180; needs Chromium and playwright

First the holes that one visitor alone once used (`benchmarks.holes`), one after the other. Then a crowd: each attacker
is a websocket session with a key of its own that starts a training of 1,000 epochs, stops it and starts another, for
three minutes; the last ones train on. Beside them pupils press Start on what the form holds at first, and one more
visitor opens page after page. No memory limit is set (that takes a cgroup, and rights): the peak that the system noted
is read at the end, and more than the 2.7 GB of a small server count as its death. Ends with code 1 where anything is
missed; times depend on the machine, on which the attackers run too.
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from benchmarks import holes
from benchmarks import server as serving
from benchmarks.classroom import Row, megabytes, report
from benchmarks.pupils import RECOMMENDED, Pupil
from benchmarks.wire import Tab, opened
from rbm.runs.store import Store
from rbm.visitors import owner_hash

SMALL = 2700.0  # MB of memory of a small server
PAGES = [
    "",
    "train",
    "sample",
    "reconstructions",
    "filters",
    "activations",
    "features",
    "deep",
    "data",
    "runs",
    "learn",
]
SPREAD, PAUSE, PATIENCE = 60.0, 3.0, 1200.0  # seconds: pupils arrive, an attacker's rest, a pupil's most


@dataclass
class Counts:
    """What the attackers tried, and what the page said to it."""

    tried: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def main() -> None:
    attackers, pupils, seconds = (int(given) for given in (sys.argv[1:] + ["100", "30", "180"][len(sys.argv) - 1 :]))
    seats = [Pupil("mnist-5k", replace(RECOMMENDED, seed=1000 + seat)) for seat in range(pupils)]
    with tempfile.TemporaryDirectory() as folder:
        with serving.running(Path(folder) / "log", RBM_HOME=f"{folder}/home") as server:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=serving.chromium(), args=serving.FLAGS)
                tried = holes.try_all(browser, server)
            begun, visits, counts, unhappy = asyncio.run(crowd(server.url, seats, attackers, seconds))
            alive = server.process.poll() is None
            peak = megabytes(server, "VmHWM") if alive else math.inf
        log = (Path(folder) / "log").read_text()
        with Store(Path(folder) / "home") as store:
            lost = [seat for seat in seats if not store.owned_by(owner_hash(seat.owner))]
    for one in tried:
        said = "survived" if one.survived else "NOT SURVIVED"
        print(f"{said}  {one.what:55} {one.seconds:5.1f} s {one.megabytes:+6.0f} MB  {one.answer}")
    print(f"{attackers} attackers for {seconds} s: tried {counts.tried} starts, refused {sum(counts.refused.values())}")
    print(*(f"  {count:5} × {said}" for said, count in counts.refused.most_common(5)), sep="\n")
    done = [seat.finished - seat.pressed for seat in seats if seat.finished]
    rows: list[Row] = [
        ("holes that were one", len(holes.HOLES) - sum(one.survived for one in tried), "", 0),
        ("the server died, or took more than 2.7 GB", not alive or peak > SMALL, "", 0),
        ("memory of the server, peak", peak, "MB", 1500),
        (f"of {pupils} pupils refused or let down", len(unhappy), "", 0),
        ("runs of pupils lost", len(lost), "", 0),
        ("from Start to a first percent, median", median(begun) if begun else PATIENCE, "s", None),
        ("from Start to a first percent, worst", max(begun, default=PATIENCE), "s", 60),
        ("from Start to the end, median", median(done) if done else PATIENCE, "s", 600),
        (f"page visit, median of {len(visits)}", median(visits), "s", 2),
        ("page visit, worst", max(visits), "s", 5),
        ("tracebacks in the server's log", log.count("Traceback"), "", 0),
    ]
    for row in rows:
        report(*row)
    print(*unhappy, *log.split("Traceback")[1:3], sep="\n")
    sys.exit(1 if any(most is not None and found > most for _, found, _, most in rows) else 0)


async def crowd(
    url: str, seats: list[Pupil], attackers: int, seconds: float
) -> tuple[list[float], list[float], Counts, list[str]]:
    """Seconds until each pupil's training began, those of page visits, the attackers' counts, and who was let down."""
    counts, over = Counts(), asyncio.Event()
    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(opened(url, "train", f"rbm_owner={seat.owner}")) for seat in seats]
        until = time.monotonic() + seconds
        attack = [asyncio.create_task(_attack(url, number, until, counts)) for number in range(attackers)]
        walk = asyncio.create_task(_walk(url, over))
        lessons = [
            _lesson(seat, tab, SPREAD * n / len(seats)) for n, (seat, tab) in enumerate(zip(seats, tabs, strict=True))
        ]
        ends = await asyncio.gather(*lessons, return_exceptions=True)
        over.set()
        await asyncio.gather(*attack, return_exceptions=True)
        visits = await walk
    begun = [end for end in ends if isinstance(end, float)]
    unhappy = [
        f"seed {seat.config.seed}: {end!r}" for seat, end in zip(seats, ends, strict=True) if not isinstance(end, float)
    ]
    return begun, visits, counts, unhappy


async def _lesson(pupil: Pupil, tab: Tab, wait: float) -> float:
    """Seconds from Start to the first batch; the end is noted too."""
    await asyncio.sleep(wait)
    pupil.pressed = time.perf_counter()
    end = f"Finished {pupil.config.epochs} epochs"
    await tab.press("Start", **pupil.typed)
    await tab.until(lambda: _moved(tab) or tab.says(end, "markdown"), PATIENCE)
    begun = time.perf_counter() - pupil.pressed
    await tab.until(lambda: tab.says(end, "markdown") and not tab.busy, PATIENCE)
    pupil.finished = time.perf_counter()
    return begun


def _moved(tab: Tab) -> bool:
    """Whether the bar of a training has left 0; its first turn may be over before the page looks."""
    return any(element.progress.value > 0 for element in tab.elements("progress"))


async def _attack(url: str, number: int, until: float, counts: Counts) -> None:
    """Start, stop and start again, with another seed each time; the last training goes on when its owner has left."""
    seed = number * 10_000
    with suppress(TimeoutError):
        async with asyncio.timeout(until - time.monotonic()):
            async with opened(url, "train", f"rbm_owner=attacker-{number:026}", PATIENCE) as tab:
                while True:
                    seed, counts.tried = seed + 1, counts.tried + 1
                    await tab.press("Start", epochs=1000, n_hidden=2000, seed=seed)
                    await tab.until(lambda: not tab.busy, PATIENCE)
                    for said in tab.words("alert"):
                        counts.refused[said[:100]] += 1
                    await asyncio.sleep(PAUSE)
                    await tab.press("Stop")
                    await tab.until(lambda: not tab.busy, PATIENCE)


async def _walk(url: str, over: asyncio.Event) -> list[float]:
    """Seconds of one visitor's page visits, each from the first byte to the last element."""
    took: list[float] = []
    while not over.is_set():
        begin = time.perf_counter()
        async with opened(url, PAGES[len(took) % len(PAGES)], "rbm_owner=one-more-visitor-000000000000", PATIENCE):
            took.append(time.perf_counter() - begin)
        await asyncio.sleep(1)
    return took


if __name__ == "__main__":
    main()
