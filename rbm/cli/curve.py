"""The learning curve of a run as a CSV file: a line is added after every epoch, so that others can read along."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rbm import files
from rbm.errors import BadValue

FIRST = ("epoch", "training_error", "held_out_error", "seconds")


class Curve:
    """Begins `path` anew, or goes on with what is there up to epoch `after`, for columns `measured`.

    Raises BadValue for a file with other columns, and OSError. What an epoch did not measure stays empty.
    """

    def __init__(self, path: Path, measured: tuple[str, ...], after: int | None = None) -> None:
        self._path, self._columns = path, (*FIRST, *measured)
        kept = [] if after is None or not path.exists() else self._read(after)
        self.seconds = float(kept[-1]["seconds"]) if kept else 0.0
        self.empty = not kept
        files.write(path, self._text(kept, header=True).encode())

    def add(
        self, epoch: int, training_error: float, held_out_error: float | None, metrics: Mapping[str, float]
    ) -> None:
        """One more line; `seconds` of training are as the attribute says."""
        known = zip(FIRST, (epoch, training_error, held_out_error, f"{self.seconds:.3f}"), strict=True)
        with self._path.open("a", newline="") as file:
            file.write(self._text([{**dict(known), **metrics}]))

    def _read(self, after: int) -> list[dict[str, Any]]:
        with self._path.open(newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != self._columns:
                raise BadValue(
                    f"{self._path} has the columns {', '.join(reader.fieldnames or ())}, but this run would add "
                    f"{', '.join(self._columns)}; name another file"
                )
            return [dict(row) for row in reader if int(row["epoch"]) <= after]

    def _text(self, rows: list[dict[str, Any]], *, header: bool = False) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns, lineterminator="\n")
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()
