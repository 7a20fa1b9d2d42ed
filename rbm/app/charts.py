"""Arrays in, Plotly figures out.

Every function returns the chart and the alternative text that says what it shows. No Streamlit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from rbm.app.pictures import SEQUENTIAL, Floats
from rbm.runs.progress import Point

HEIGHT = 320
MOST = 500  # points a curve
COLOURS = ["#4c6ef5", "#e8590c", "#2b9a78", "#9c5fd6", "#c29200", "#7a869a"]  # readable on both themes


class Chart(NamedTuple):
    figure: go.Figure
    alt: str


# ---- charts


def learning_curve(history: tuple[Point, ...], epochs: int, *, log: bool = False) -> Chart:
    """Reconstruction error per epoch, training and held-out, on an axis of the `epochs` that were asked for."""
    keep = sorted({round(i) for i in np.linspace(0, len(history) - 1, min(MOST, len(history)))})
    points, figure = [history[i] for i in keep], go.Figure()
    seen = [p.epoch for p in points]
    figure.add_scatter(x=seen, y=[p.training_error for p in points], name="training", mode="lines+markers")
    if any(p.validation_error is not None for p in points):
        figure.add_scatter(x=seen, y=[p.validation_error for p in points], name="held-out", mode="lines+markers")
    figure.update_traces(marker_size=5)
    _dress(figure, "Reconstruction error by epoch", "epoch", "squared error per image")
    figure.update_xaxes(range=[-0.02 * epochs, 1.02 * epochs])
    if log:
        figure.update_yaxes(type="log")
    else:
        figure.update_yaxes(rangemode="tozero", range=None if history else [0, 60])
    if not history:
        return Chart(figure, "An empty chart: the reconstruction error will be drawn here")
    last = points[-1]
    held = "" if last.validation_error is None else f", held-out {last.validation_error:.2f}"
    alt = f"Reconstruction error after {last.epoch} of {epochs} epochs: training {last.training_error:.2f}{held}"
    return Chart(figure, alt)


MEASURES = {  # what to plot together: title, unit, names of metrics with their legend
    "gap": ("Free-energy gap: held-out minus training", "nats", {"free_energy_gap": "gap"}),
    "likelihood": (
        "Log-likelihood of held-out digits",
        "nats per image",
        {"ais_upper": "AIS, upper bound", "ais_lower": "reverse AIS, lower bound", "exact_log_likelihood": "exact"},
    ),
    "pseudo": ("Pseudo-likelihood of held-out digits", "nats per image", {"pseudo_likelihood": "estimate"}),
    "units": ("Hidden units that do nothing", "units", {"dead_units": "dead", "saturated_units": "always on"}),
    "updates": (
        "Size of an update over size of the weights",
        "ratio",
        {
            "update_ratio_weights": "weights",
            "update_ratio_visible_bias": "visible biases",
            "update_ratio_hidden_bias": "hidden biases",
        },
    ),
}


def measures(history: tuple[Point, ...]) -> dict[str, Chart]:
    """A curve for every group of measures that the history holds."""
    charts = {}
    for key, (title, unit, names) in MEASURES.items():
        figure, told = go.Figure(), []
        for name, legend in names.items():
            points = [(point.epoch, point.measures[name]) for point in history if name in point.measures]
            if points:
                x, y = zip(*points[-MOST:], strict=True)
                figure.add_scatter(x=x, y=y, name=legend, mode="lines+markers", marker_size=5)
                told.append(f"{legend} {y[-1]:.4g}")
        if told:
            _dress(figure, title, "epoch", unit)
            figure.update_yaxes(type="log" if key == "updates" else "linear")
            charts[key] = Chart(figure, f"{title}, at the end: {', '.join(told)} {unit}")
    return charts


def overlay(lines: dict[str, tuple[Point, ...]], *, by_seconds: bool) -> Chart:
    """The held-out error of several runs, or the training error where a run has no other."""
    figure, told = go.Figure(), []
    for name, history in lines.items():
        chosen = sorted({round(i) for i in np.linspace(0, len(history) - 1, MOST)})
        keep = [history[i] for i in chosen] if history else []
        y = [p.training_error if p.validation_error is None else p.validation_error for p in keep]
        x = [p.seconds if by_seconds else p.epoch for p in keep]
        figure.add_scatter(x=x, y=y, name=name, mode="lines+markers", marker_size=4)
        if y:
            told.append(f"{name} {y[-1]:.2f}")
    unit = "seconds of training" if by_seconds else "epoch"
    _dress(figure, "Held-out reconstruction error", unit, "squared error per image")
    return Chart(figure, f"Held-out error at the end: {', '.join(told) or 'no points yet'}")


def bars(labels: list[str], values: Floats, title: str, x: str, y: str) -> Chart:
    figure = go.Figure(go.Bar(x=labels, y=values))
    _dress(figure, title, x, y)
    figure.update_xaxes(type="category")
    worst, best = labels[int(np.argmax(values))], labels[int(np.argmin(values))]
    return Chart(figure, f"{title}: largest for {worst} ({values.max():.3g}), smallest for {best} ({values.min():.3g})")


def histogram(values: Floats, title: str, x: str, y: str = "count", bins: int = 50) -> Chart:
    """Counted here, so that the browser gets the bars and not every value."""
    counts, edges = np.histogram(values, bins=bins)
    figure = go.Figure(go.Bar(x=(edges[:-1] + edges[1:]) / 2, y=counts, width=np.diff(edges)))
    figure.update_traces(marker_line_width=0)
    _dress(figure, title, x, y)
    return Chart(figure, f"{title}: mean {values.mean():.3g}, from {values.min():.3g} to {values.max():.3g}")


def curve(x: Floats, y: Floats, title: str, x_name: str, y_name: str) -> Chart:
    figure = go.Figure(go.Scatter(x=x, y=y, mode="lines+markers" if len(x) < 120 else "lines", marker_size=5))
    _dress(figure, title, x_name, y_name)
    return Chart(figure, f"{title}: from {y[0]:.3g} to {y[-1]:.3g}, lowest {y.min():.3g}, highest {y.max():.3g}")


def heatmap(values: Floats, title: str, x: str, y: str, height: int = 420) -> Chart:
    """Values in [0, 1] (rows, columns), as whole per cents, so that 50,000 cells stay small on the wire."""
    cents = np.rint(values * 100).astype(np.uint8)
    figure = go.Figure(
        go.Heatmap(z=cents, colorscale=SEQUENTIAL, zmin=0, zmax=100, colorbar={"title": "%", "thickness": 12})
    )
    _dress(figure, title, x, y, height)
    return Chart(figure, f"{title}: {values.shape[0]} by {values.shape[1]}, mean {values.mean():.1%}")


def _dress(figure: go.Figure, title: str, x: str, y: str, height: int = HEIGHT) -> None:
    figure.update_layout(
        colorway=COLOURS,
        title={"text": title, "font_size": 15, "x": 0, "xanchor": "left"},
        xaxis_title=x,
        yaxis_title=y,
        height=height,
        margin={"l": 10, "r": 10, "t": 44 if len(figure.data) < 2 else 72, "b": 10},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
        bargap=0.1,
        uirevision="keep",
    )
