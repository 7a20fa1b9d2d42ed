"""Runs as points: held-out error against seconds of training."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rbm.app import charts
from rbm.app.charts import Chart
from rbm.runs.record import Run

HEIGHT = 360
WAYS = {"Click": "pan", "Box": "select"}
_SIZE, _RING = 13, 19  # pixels


def chart(runs: Sequence[Run], mine: Sequence[bool], dragmode: str = "pan") -> Chart:
    """One point a run, its place in `customdata`; a ring around those that are `mine`.

    dragmode: "pan", in which a click selects a point, or "select", in which a box does; Streamlit offers no third.
    """
    x, y = [run.seconds for run in runs], [run.validation_error for run in runs]
    own = [place for place, is_mine in enumerate(mine) if is_mine]
    ring = {"symbol": "circle-open", "size": _RING, "color": charts.COLOURS[1], "line": {"width": 2.5}}
    traces = [
        {
            "type": "scatter", "mode": "markers", "x": x, "y": y, "customdata": list(range(len(runs))), "name": "a run",
            "marker": {"size": _SIZE, "color": charts.COLOURS[0], "opacity": 0.8},
            "hovertemplate": "error %{y:.1f}, %{x:.0f} s<extra></extra>",
        },
        {
            "type": "scatter", "mode": "markers", "x": [x[place] for place in own], "y": [y[place] for place in own],
            "name": "yours", "marker": ring, "hoverinfo": "skip",
        },
    ]  # fmt: skip
    figure = charts.figure_of(
        traces[: 2 if own else 1], "Held-out error of each run", "seconds of training", "squared error per image",
        HEIGHT, dragmode=dragmode, showlegend=bool(own),
    )  # fmt: skip
    errors = [run.validation_error or 0.0 for run in runs]
    alt = f"{len(runs)} runs as points: held-out errors from {min(errors):.1f} to {max(errors):.1f}, {len(own)} yours"
    return Chart(figure, alt)


def draw(runs: Sequence[Run], mine: Sequence[bool]) -> list[int]:
    """The chart; places of the points that are selected on it."""
    by = st.segmented_control(
        "Choose points by", list(WAYS), default="Click", required=True, key="wall_by",
        help="**Click**: one point; with the Shift key, one more. **Box**: all that you draw a box around.",
    )  # fmt: skip
    drawn = chart(runs, mine, WAYS[str(by)])
    event = st.plotly_chart(
        drawn.figure, key=f"class_wall_{by}", alt=drawn.alt, on_select="rerun", selection_mode=("points", "box"),
        config={"displayModeBar": False},
    )  # fmt: skip
    places = {int(point["customdata"]) for point in event.selection.points if point.get("customdata") is not None}
    return sorted(place for place in places if place < len(runs))
