"""A map of images as dots, and the dot that is clicked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.colors
import streamlit as st
from numpy.typing import NDArray

from rbm.app import charts, show
from rbm.app.text import plotted
from rbm.datasets.dataset import Dataset
from rbm.models.arrays import Array

HEIGHT = 380
TEN = plotly.colors.qualitative.D3
CHOSEN = "features_digit"  # the number of the image whose neighbours are shown
FIRST = {"mnist-5k": 641}  # the image to begin with: a 2 that pixels take for much else, and hidden units don't


def show_map(
    data: Dataset, places: Array, labels: NDArray[np.int64], title: str, key: str, drawing: Array | None = None
) -> None:
    """The map of images at `places` (n, 2), with a cross where the visitor's `drawing` (2,) lies, if there is one."""
    chosen = st.session_state.get(CHOSEN, FIRST.get(data.name, 1)) - 1
    _choose(show.selectable(chart(data, places, labels, title, chosen, drawing), key=key), key)


def _choose(points: Sequence[int], key: str) -> None:
    """A click on a map chooses an image for the neighbours below; the same click counts once."""
    if points and points[0] != st.session_state.get(f"{key}_seen"):
        st.session_state[f"{key}_seen"] = points[0]
        st.session_state[CHOSEN] = points[0] + 1
        st.rerun()  # all of the page, even where a map that moves was clicked


def chart(
    data: Dataset, places: Array, labels: NDArray[np.int64], title: str, chosen: int, drawing: Array | None = None
) -> charts.Chart:
    """A dot for each image, coloured by class where there are some; a ring around the `chosen` one."""
    groups = [(label, labels == label) for label in data.classes] if data.labelled else [(0, labels == labels)]
    traces = [
        {
            "type": "scattergl", "mode": "markers", "x": places[mine, 0], "y": places[mine, 1],
            "name": plotted(data.class_name(int(label))) if data.labelled else "image",
            "customdata": np.flatnonzero(mine), "hovertemplate": "%{fullData.name}<extra></extra>",
            "marker": {"size": 5, "color": TEN[number % len(TEN)]}, "unselected": {"marker": {"opacity": 1}},
        }
        for number, (label, mine) in enumerate(groups)
    ]  # fmt: skip
    ring = {"size": 14, "color": "rgba(0, 0, 0, 0)", "line": {"width": 2.5, "color": "#7a869a"}}
    at = {"x": places[chosen : chosen + 1, 0], "y": places[chosen : chosen + 1, 1]}
    traces.append(
        {"type": "scattergl", "mode": "markers", **at, "marker": ring, "showlegend": False, "hoverinfo": "skip"}
    )
    if drawing is not None:
        cross = {"size": 16, "symbol": "x", "color": "#e8590c", "line": {"width": 2, "color": "#ffffff"}}
        here = {
            "x": drawing[:1],
            "y": drawing[1:],
            "name": "your drawing",
            "hovertemplate": "your drawing<extra></extra>",
        }
        traces.append({"type": "scattergl", "mode": "markers", **here, "marker": cross})
    bare = {"showticklabels": False, "showgrid": False, "zeroline": False}
    figure = charts.figure_of(
        traces, "", "", "", HEIGHT, xaxis=bare, yaxis=bare, showlegend=data.labelled, dragmode="pan"
    )
    beside = "" if drawing is None else ", and of your drawing"
    return charts.Chart(figure, f"{title}: a map of {len(places):,} held-out images of {len(groups)} classes{beside}")
