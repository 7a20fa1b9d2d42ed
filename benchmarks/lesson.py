"""A class that guesses all at once, under one lesson, against the real server:

    python -m benchmarks.lesson [SESSIONS]

30 sessions that speak Streamlit's websocket protocol open the lesson, each with an owner of its own. They guess at the
same moment; then the teacher uncovers. Every guess must be counted, once and as it was given, and the bars must reach
everybody. Ends with code 1 if not.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
import time
from collections import Counter
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing
from pathlib import Path
from typing import NamedTuple

from benchmarks import server as serving
from benchmarks.wire import Tab, opened
from rbm.runs.lessons import Lessons, secret_of

SESSIONS, TEACHER, PATIENCE = 30, "the teacher's key", 120.0
QUESTION, CHOICES = "hot", ("One picture takes all", "Nearly even", "Much as before")
SHOWN = "**The class**"


class Hour(NamedTuple):
    """given, counted: guesses by choice. Seconds from the moment when all guess until all are counted, and from the
    uncovering until the last one sees the bars. people: those who see them."""

    given: Counter[str]
    counted: Counter[str]
    seconds_to_count: float
    seconds_to_uncover: float
    people: int


def main() -> None:
    sessions = int((sys.argv[1:] or [str(SESSIONS)])[0])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with serving.running(Path(folder) / "log", RBM_HOME=str(home)) as server:
            hour = asyncio.run(lesson(server.url, home, sessions))
        traces = (Path(folder) / "log").read_text().count("Traceback")
    print(f"{sessions} sessions guess at once: {sum(hour.counted.values())} counted, {dict(hour.counted)}")
    print(f"from the moment all guess until all are counted {hour.seconds_to_count:8.2f} s")
    print(f"from the uncovering until all see the bars      {hour.seconds_to_uncover:8.2f} s   target 2 s")
    print(f"tracebacks in the server's log                  {traces:8}")
    sys.exit(hour.given != hour.counted or hour.people != sessions or traces > 0)


async def lesson(url: str, home: Path, sessions: int) -> Hour:
    """The server at `url` has its store under `home`, which this process opens too."""
    with closing(Lessons(home)) as lessons:
        made = lessons.create(TEACHER, "At once", "Guess.", "learn", {"chapter": ["probability"]}, [])
        query = f"chapter=probability&lesson={made.code}"
        async with AsyncExitStack() as stack:
            tabs = [await stack.enter_async_context(_seat(url, query)) for _ in range(sessions)]
            given = [CHOICES[seat * seat % len(CHOICES)] for seat in range(sessions)]
            begin = time.perf_counter()
            await asyncio.gather(*(_guess(tab, choice) for tab, choice in zip(tabs, given, strict=True)))
            seconds_to_count = time.perf_counter() - begin
            counted = Counter(lessons.guesses(made.code).get(QUESTION, {}))
            begin = time.perf_counter()
            lessons.uncover(made.code, secret_of(TEACHER, made.code), QUESTION)
            await asyncio.gather(*map(_sees, tabs))
            seconds_to_uncover = time.perf_counter() - begin
            people = sum(not tab.words("exception") for tab in tabs)
    return Hour(Counter(given), counted, seconds_to_count, seconds_to_uncover, people)


def _seat(url: str, query: str) -> AbstractAsyncContextManager[Tab]:
    return opened(url, "learn", f"rbm_owner={secrets.token_urlsafe(32)}", PATIENCE, query)


async def _sees(tab: Tab) -> None:
    await tab.until(lambda: tab.says(SHOWN, "markdown"), PATIENCE)


async def _guess(tab: Tab, choice: str) -> None:
    """Returns once the page has answered."""
    await tab.choose(f"guess_{QUESTION}", choice)
    await tab.until(lambda: tab.says(choice, "markdown") and not tab.busy, PATIENCE)


if __name__ == "__main__":
    main()
