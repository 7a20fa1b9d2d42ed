"""A class on one small server: the stress test, against the real one:

    python -m benchmarks.classroom [SESSIONS] [EPOCHS]      needs Chromium and the package playwright

30 sessions that speak Streamlit's websocket protocol and two real Chromium pages press Start within 5 s, each with an
owner, a seed and settings of its own; one more visitor walks through the pages all the while, in a third Chromium.
Then the store is opened: every owner must have their own run and no other. Ends with code 1 only if one is lost or
mixed up: the rest depends on the machine, on which all of this, the browsers too, runs.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import app, pupils
from benchmarks import server as serving
from benchmarks.pupils import Pupil

DATA, HIDDEN, SESSIONS, EPOCHS = "mnist-5k", 500, 30, 8
BROWSERS, SPREAD, SAMPLE, IDLE_SECONDS = 2, 4.0, 3, 20.0
PAGES = [*app.PAGES[:-1], "Runs", "Home"]
Row = tuple[str, float, str, float | None]  # what, how much, of what unit, at most


def main() -> None:
    path = serving.chromium()
    if path is None:
        sys.exit("needs Chromium on the PATH (Debian: apt-get install chromium)")
    sessions, epochs = (int(given) for given in (sys.argv[1:] + [str(SESSIONS), str(EPOCHS)][len(sys.argv) - 1 :]))
    seats = pupils.pupils(sessions + BROWSERS, DATA, HIDDEN, epochs)
    print(f"{sessions} websocket sessions and {BROWSERS} browsers train 784-{HIDDEN} on {DATA} for {epochs} to")
    print(f"{epochs + 4} epochs each. Load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=serving.FLAGS)
        with serving.running(Path(folder) / "log", RBM_HOME=f"{folder}/home") as server:
            rows, unhappy = hour(browser, server, seats)
        traces = (Path(folder) / "log").read_text().count("Traceback")
        wrong = pupils.faults(Path(folder) / "home", seats, SAMPLE)
    rows += [("tracebacks in the server's log", traces, "", 0), ("runs lost or mixed up", len(wrong), "", 0)]
    for row in rows:
        report(*row)
    print(*unhappy, *wrong, sep="\n")
    sys.exit(1 if wrong else 0)


def hour(browser: Browser, server: serving.Server, seats: Sequence[Pupil]) -> tuple[list[Row], list[str]]:
    """The lesson, the lull after it, what was measured and who was let down."""
    visitor = app.open_home(browser, server.url)
    for title in PAGES:  # the code of every page is loaded once
        app.visit(visitor, title)
    with background() as run, contextmanager(_stack)(run) as stack:
        tabs = run(pupils.seated(server.url, seats[BROWSERS:], stack)).result()
        pages = [take_seat(browser, server.url, pupil) for pupil in seats[:BROWSERS]]
        lesson = run(pupils.train(seats[BROWSERS:], tabs, SPREAD))
        for page, pupil in zip(pages, seats, strict=False):
            press(page, pupil)
        visits = walk(visitor, lesson, pages, seats)
        unhappy = lesson.result()
        unhappy += [f"browser with seed {p.config.seed} is not done" for p in seats[:BROWSERS] if not p.finished]
        peak, idle = megabytes(server, "VmHWM"), idle_seconds(server)
    return rows_of(seats, visits, peak, idle), unhappy


def rows_of(seats: Sequence[Pupil], visits: Sequence[tuple[float, str]], peak: float, idle: float) -> list[Row]:
    first = min(pupil.pressed for pupil in seats)
    times, (worst, where) = [seconds for seconds, _ in visits], max(visits)
    return [
        ("from the first press of Start to the last", max(p.pressed for p in seats) - first, "s", 5),
        ("from Start to an answer, median", median(p.answered - p.pressed for p in seats if p.answered), "s", None),
        ("from Start to an answer, worst", max(p.answered - p.pressed for p in seats), "s", None),
        (f"of {len(seats)} trainings not finished", sum(not p.finished for p in seats), "", 0),
        ("until all were finished", max(p.finished for p in seats) - first, "s", None),
        (f"page visit of one more, median of {len(times)}", median(times), "s", 2),
        (f"page visit of one more, worst ({where})", worst, "s", 2),
        ("page visits that took longer than 2 s", sum(seconds > 2 for seconds in times), "", 0),
        ("memory of the server, peak", peak, "MB", 1200),
        (f"processor time in {IDLE_SECONDS:.0f} s, all sessions idle", idle, "s", 0.01 * IDLE_SECONDS),
    ]


# ---- the sessions without a browser, in a thread of their own


class Runner:
    """Runs coroutines in another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __call__(self, what: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(what, self._loop)


@contextmanager
def background() -> Iterator[Runner]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield Runner(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _stack(run: Runner) -> Iterator[AsyncExitStack]:
    stack = AsyncExitStack()
    try:
        yield stack
    finally:
        run(stack.aclose()).result()


# ---- the browsers


def take_seat(browser: Browser, url: str, pupil: Pupil) -> Page:
    """A page with the pupil's settings in its address. It gets its owner from the app, as any browser does."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    address = "&".join(f"{key}={value}" for key, value in pupil.typed.items())
    page.goto(f"{url}/train?{address}")
    page.get_by_role("button", name="Start").wait_for()
    page.wait_for_function("document.cookie.includes('rbm_owner=')")
    app.idle(page)
    pupil.owner = next(c["value"] for c in page.context.cookies() if c["name"] == "rbm_owner")
    return page


def press(page: Page, pupil: Pupil) -> None:
    pupil.pressed = time.perf_counter()
    page.get_by_role("button", name="Start").click()
    page.get_by_text(re.compile("Epoch [0-9]|Waiting for|Finished")).first.wait_for()
    pupil.answered = time.perf_counter()


def walk(visitor: Page, lesson: Future[Any], pages: Sequence[Page], seats: Sequence[Pupil]) -> list[tuple[float, str]]:
    """Seconds and titles of the visitor's page visits, until everybody's training is over, or they have given up."""
    visits: list[tuple[float, str]] = []
    end = time.monotonic() + pupils.PATIENCE
    while not (lesson.done() and all(pupil.finished for pupil in seats[: len(pages)])) and time.monotonic() < end:
        title = PAGES[len(visits) % len(PAGES)]
        visits.append((app.visit(visitor, title), title))
        for page, pupil in zip(pages, seats, strict=False):
            if not pupil.finished and page.get_by_text(f"Finished {pupil.config.epochs} epochs").count():
                pupil.finished = time.perf_counter()
    return visits


# ---- the server's process


def megabytes(server: serving.Server, field: str) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1024


def idle_seconds(server: serving.Server) -> float:
    """Processor time that the server spends while nobody does anything, once it has settled."""
    time.sleep(5)
    before = processor_seconds(server)
    time.sleep(IDLE_SECONDS)
    return processor_seconds(server) - before


def processor_seconds(server: serving.Server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(what: str, value: float, unit: str, target: float | None) -> None:
    wanted = "" if target is None else f"  target {target:g} {unit}: {'reached' if value <= target else 'missed'}"
    print(f"{what:56} {value:8.2f} {unit:2}{wanted}", flush=True)


if __name__ == "__main__":
    main()
