"""A progress bar on stderr, where that is a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType

WIDTH = 24  # of the bar, in characters
PAUSE = 0.1  # seconds between two drawings of the same words


class Bar:
    """Counts to `total`; as a context manager it wipes its line at the end, whatever ends it."""

    def __init__(self, total: int) -> None:
        self._total, self._begin = total, time.monotonic()
        self._drawn, self._words = -PAUSE, ""
        self._terminal = sys.stderr.isatty()

    def show(self, done: int, words: str) -> None:
        """`done` of the total, and what is going on."""
        now = time.monotonic()
        if not self._terminal or (words == self._words and now - self._drawn < PAUSE):
            return
        self._drawn, self._words = now, words
        fraction = done / self._total
        full = round(WIDTH * fraction)
        left = f", {(now - self._begin) / fraction * (1 - fraction):.0f} s left" if done else ""
        self._write(f"[{'#' * full}{'.' * (WIDTH - full)}] {fraction:4.0%}  {words}{left}")

    def say(self, line: str) -> None:
        """Print a line that stays, to stdout."""
        self._write("")
        print(line, flush=True)

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("")

    def _write(self, text: str) -> None:
        if self._terminal:
            sys.stderr.write(f"\r{text}\x1b[K")  # to the start of the line; then wipe what is left of the last one
            sys.stderr.flush()
