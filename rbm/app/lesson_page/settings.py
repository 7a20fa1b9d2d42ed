"""What the runs that were chosen have in common, and the others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from rbm.runs.record import Run
from rbm.training.config import TrainConfig
from rbm.training.settings import settings_of

_SHOWN = 4  # values of a setting, the most frequent first


def table(chosen: Sequence[Run], runs: Sequence[Run]) -> None:
    """A row for every setting that is not the same on the whole wall."""
    st.header("What did these do differently?", anchor=False)
    found = rows(chosen, runs)
    if found:
        st.table(found)
    else:
        st.caption("All runs on the wall have the same settings.")


def rows(chosen: Sequence[Run], runs: Sequence[Run]) -> list[dict[str, str]]:
    """Each with the values among `chosen` and the others of `runs`, and how often where that is more than once."""
    ids = {run.id for run in chosen}
    others = [run for run in runs if run.id not in ids]
    labels = {name: known.label for name, known in settings_of(TrainConfig).items()}
    differ = [name for name in _values(runs[0]) if len({str(_values(run)[name]) for run in runs}) > 1]
    return [
        {
            "Setting": labels.get(name, name),
            f"The {len(chosen)} you chose": _told(chosen, name),
            **({f"The other {len(others)}": _told(others, name)} if others else {}),
        }
        for name in differ
    ]


def _values(run: Run) -> dict[str, Any]:
    return {**asdict(run.config), "Learns classes": "yes" if run.n_classes else "no"}


def _told(runs: Sequence[Run], name: str) -> str:
    counts = Counter(str(_values(run)[name]) for run in runs).most_common()
    said = [value if number == 1 else f"{value} ({number}×)" for value, number in counts[:_SHOWN]]
    return ", ".join([*said, *(["…"] if len(counts) > _SHOWN else [])])
