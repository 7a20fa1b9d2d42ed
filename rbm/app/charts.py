"""Arrays in, Plotly figures out.

Every function returns the chart and the alternative text that says what it shows. No Streamlit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

# Plotly looks into pandas where it finds it, and another visitor's thread may be half way through importing it
import pandas as pd  # type: ignore[import-untyped]  # noqa: F401
import plotly.graph_objects as go

from rbm.app.pictures import SEQUENTIAL, Floats
from rbm.app.text import plotted
from rbm.measures.likelihood import FEW
from rbm.runs.progress import Point

HEIGHT = 320
MOST = 500  # points a curve
COLOURS = ["#4c6ef5", "#e8590c", "#2b9a78", "#9c5fd6", "#c29200", "#7a869a"]  # readable on both themes


Trace = dict[str, Any]


class Chart(NamedTuple):
    figure: go.Figure
    alt: str


# ---- charts


def learning_curve(history: tuple[Point, ...], epochs: int, *, log: bool = False) -> Chart:
    """Reconstruction error per epoch, training and held-out, on an axis of the `epochs` that were asked for."""
    keep = sorted({round(i) for i in np.linspace(0, len(history) - 1, min(MOST, len(history)))})
    points = [history[i] for i in keep]
    seen = [p.epoch for p in points]
    lines = [line(seen, [p.training_error for p in points], "training")]
    if any(p.validation_error is not None for p in points):
        lines.append(line(seen, [p.validation_error for p in points], "held-out"))
    linear = {"rangemode": "tozero", "range": None if history else [0, 60]}
    figure = figure_of(
        lines, "Reconstruction error by epoch", "epoch", "squared error per image",
        xaxis={"range": [-0.02 * epochs, 1.02 * epochs]}, yaxis={"type": "log"} if log else linear,
    )  # fmt: skip
    if not history:
        return Chart(figure, "An empty chart: the reconstruction error will be drawn here")
    last = points[-1]
    held = "" if last.validation_error is None else f", held-out {last.validation_error:.2f}"
    alt = f"Reconstruction error after {last.epoch} of {epochs} epochs: training {last.training_error:.2f}{held}"
    return Chart(figure, alt)


MEASURES = {  # what to plot together: title, unit, names of metrics with their legend
    "misread": ("Held-out digits misread", "share", {"misread": "misread"}),
    "gap": ("Free-energy gap: held-out minus training", "nats", {"free_energy_gap": "gap"}),
    "pseudo": ("Pseudo-likelihood of held-out digits", "nats per image", {"pseudo_likelihood": "estimate"}),
    "swaps": (
        "Swaps between neighbouring temperatures that succeed",
        "share",
        {"swap_rate": "mean", "swap_rate_lowest": "the rarest"},
    ),
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
    found = likelihood(history)
    charts = {} if found is None else {"likelihood": found}
    for key, (title, unit, names) in MEASURES.items():
        lines, told = [], []
        for name, legend in names.items():
            points = [(point.epoch, point.measures[name]) for point in history if name in point.measures]
            if points:
                x, y = zip(*points[-MOST:], strict=True)
                lines.append(line(x, y, legend))
                told.append(f"{legend} {y[-1]:.4g}")
        if told:
            figure = figure_of(lines, title, "epoch", unit, yaxis={"type": "log" if key == "updates" else "linear"})
            charts[key] = Chart(figure, f"{title}, at the end: {', '.join(told)} {unit}")
    return charts


def likelihood(history: tuple[Point, ...]) -> Chart | None:
    """What is known of the log-likelihood by epoch: the exact one, what the training's own chains tell, and the
    estimate of AIS with its error between bounds."""
    lines: list[Trace] = []
    told = []
    bounded = [p for p in history if "ais_lower" in p.measures][-MOST:]
    if bounded:
        x, (low, high) = [p.epoch for p in bounded], zip(*map(bounds, bounded), strict=True)
        lines += _band(x, low, high)
        told.append(f"between {low[-1]:.4g} and {high[-1]:.4g}")
    estimated = [p for p in bounded if "ais" in p.measures]
    if estimated:
        y, error = zip(*((p.measures["ais"], p.measures["ais_error"]) for p in estimated), strict=True)
        bars = {"array": [2 * e for e in error], "thickness": 1}
        x = [p.epoch for p in estimated]
        lines.append(line(x, y, "AIS ± 2 errors", error_y=bars, line={"color": COLOURS[0]}))
        told.append(f"estimate {y[-1]:.4g} ± {error[-1]:.2g} after epoch {x[-1]}")
    followed = [(p.epoch, p.measures["trajectory"]) for p in history if "trajectory" in p.measures][-MOST:]
    if followed:
        at, y = zip(*followed, strict=True)
        count = chains_that_count(history)
        lines.append(line(at, y, f"by its own chains, {count:.0f} of which count", line={"color": COLOURS[2]}))
        told.append(f"by its own chains {y[-1]:.4g} after epoch {at[-1]}")
    exact = [(p.epoch, p.measures["exact_log_likelihood"]) for p in history if "exact_log_likelihood" in p.measures]
    if exact:
        at, y = zip(*exact[-MOST:], strict=True)
        lines.append(line(at, y, "exact", line={"color": COLOURS[1]}))
        told.append(f"exact {y[-1]:.4g}")
    if not told:
        return None
    figure = figure_of(lines, "Log-likelihood of held-out digits", "epoch", "nats per image")
    return Chart(figure, f"Log-likelihood of held-out digits, in nats per image, at the end: {', '.join(told)}")


def _band(x: Sequence[float], low: Sequence[float], high: Sequence[float]) -> list[Trace]:
    """All between two lines that are not drawn."""
    none = {"mode": "lines", "line": {"width": 0}}
    fill = {"fill": "tonexty", "fillcolor": "rgba(76, 110, 245, 0.25)"}
    return [line(x, low, "lower bound", showlegend=False, **none), line(x, high, "bounds", **none, **fill)]


def bounds(point: Point) -> tuple[float, float]:
    """The bounds of the log-likelihood at a point. Runs of an earlier version kept two estimates there, which noise
    may have swapped."""
    low, high = sorted((point.measures["ais_lower"], point.measures["ais_upper"]))
    return low, high


def chains_that_count(history: tuple[Point, ...]) -> float:
    """How many of the training's own chains counted where they last told the log-likelihood; 0 where they never did."""
    sizes = [p.measures["trajectory_sample_size"] for p in history if "trajectory" in p.measures]
    return sizes[-1] if sizes else 0.0


def lost_trajectory(history: tuple[Point, ...]) -> int | None:
    """The first epoch after which the training's own chains no longer told the log-likelihood; None if they do."""
    lost = [p.epoch for p in history if "trajectory_sample_size" in p.measures and "trajectory" not in p.measures]
    return lost[0] if lost else None


def too_few_chains(history: tuple[Point, ...]) -> bool:
    """Whether the last AIS gave no estimate but bounds, since hardly a chain counted."""
    sizes = [p.measures["ais_sample_size"] for p in history if "ais_sample_size" in p.measures]
    return bool(sizes) and sizes[-1] < FEW


class Quantity(NamedTuple):
    """What several runs can be compared by: `value` and half the height of its error bar, None where not measured."""

    title: str
    unit: str
    value: Callable[[Point], tuple[float, float] | None]


def _held_out_error(point: Point) -> tuple[float, float] | None:
    return None if point.validation_error is None else (point.validation_error, 0.0)


def _log_likelihood(point: Point) -> tuple[float, float] | None:
    """The exact one; else AIS and two errors; else what the training's own chains tell, and two errors, at most; else
    all between the bounds."""
    found = point.measures
    if "exact_log_likelihood" in found:
        return found["exact_log_likelihood"], 0.0
    if "ais" in found:
        return found["ais"], 2 * found["ais_error"]
    if "trajectory" in found:
        return found["trajectory"], 2 / math.sqrt(found["trajectory_sample_size"])
    if "ais_lower" in found:
        low, high = bounds(point)
        return (low + high) / 2, (high - low) / 2
    return None


def _measure(name: str) -> Callable[[Point], tuple[float, float] | None]:
    return lambda point: (point.measures[name], 0.0) if name in point.measures else None


QUANTITIES = {
    "log_likelihood": Quantity("Log-likelihood of held-out digits", "nats per image", _log_likelihood),
    "held_out_error": Quantity("Held-out reconstruction error", "squared error per image", _held_out_error),
    "training_error": Quantity(
        "Training reconstruction error", "squared error per image", lambda point: (point.training_error, 0.0)
    ),
    "misread": Quantity("Held-out digits misread", "share", _measure("misread")),
    "pseudo_likelihood": Quantity(
        "Pseudo-likelihood of held-out digits", "nats per image", _measure("pseudo_likelihood")
    ),
    "free_energy_gap": Quantity("Free-energy gap: held-out minus training", "nats", _measure("free_energy_gap")),
    "dead_units": Quantity("Dead units", "units", _measure("dead_units")),
    "saturated_units": Quantity("Units that are always on", "units", _measure("saturated_units")),
    "update_ratio_weights": Quantity("Update size over weight size", "ratio", _measure("update_ratio_weights")),
    "swap_rate": Quantity("Swaps between temperatures that succeed", "share", _measure("swap_rate")),
}
"""What runs are compared by, the one that tells most first."""


def measured(histories: Iterable[tuple[Point, ...]]) -> list[str]:
    """The names of QUANTITIES that at least one of the runs holds."""
    points = [point for history in histories for point in history]
    return [name for name, known in QUANTITIES.items() if any(known.value(point) is not None for point in points)]


def overlay(lines: dict[str, tuple[Point, ...]], quantity: str, *, by_seconds: bool) -> Chart:
    """One of QUANTITIES in several runs; bars are two errors, or what lies between the bounds."""
    known = QUANTITIES[quantity]
    traces, told = [], []
    for name, history in lines.items():
        found = [(p, value) for p in history if (value := known.value(p)) is not None]
        keep = [found[i] for i in sorted({round(i) for i in np.linspace(0, len(found) - 1, MOST)})] if found else []
        y, half = [value for _, (value, _) in keep], [half for _, (_, half) in keep]
        x = [p.seconds if by_seconds else p.epoch for p, _ in keep]
        bars = {"array": half, "thickness": 1} if any(half) else None
        traces.append(line(x, y, plotted(name), error_y=bars, marker={"size": 4}))
        if y:
            told.append(f"{name} {y[-1]:.4g}")
    axis = "seconds of training" if by_seconds else "epoch"
    figure = figure_of(traces, known.title, axis, known.unit, showlegend=True)
    return Chart(figure, f"{known.title} at the end: {', '.join(told) or 'no points yet'}")


def bars(labels: list[str], values: Floats, title: str, x: str, y: str) -> Chart:
    figure = figure_of([{"type": "bar", "x": labels, "y": values}], title, x, y, xaxis={"type": "category"})
    worst, best = labels[int(np.argmax(values))], labels[int(np.argmin(values))]
    return Chart(figure, f"{title}: largest for {worst} ({values.max():.3g}), smallest for {best} ({values.min():.3g})")


def histogram(values: Floats, title: str, x: str, y: str = "count", bins: int = 50) -> Chart:
    """Counted here, so that the browser gets the bars and not every value."""
    counts, edges = np.histogram(values, bins=bins)
    middle, width = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    drawn = {"type": "bar", "x": middle, "y": counts, "width": width, "marker": {"line": {"width": 0}}}
    figure = figure_of([drawn], title, x, y)
    return Chart(figure, f"{title}: mean {values.mean():.3g}, from {values.min():.3g} to {values.max():.3g}")


def curve(x: Floats, y: Floats, title: str, x_name: str, y_name: str) -> Chart:
    drawn = line(x, y, None, mode="lines+markers" if len(x) < 120 else "lines")
    figure = figure_of([drawn], title, x_name, y_name)
    return Chart(figure, f"{title}: from {y[0]:.3g} to {y[-1]:.3g}, lowest {y.min():.3g}, highest {y.max():.3g}")


def heatmap(values: Floats, title: str, x: str, y: str, height: int = 420) -> Chart:
    """Values in [0, 1] (rows, columns), as whole per cents, so that 50,000 cells stay small on the wire."""
    cents = np.rint(values * 100).astype(np.uint8)
    bar = {"title": {"text": "%"}, "thickness": 12}
    drawn = {"type": "heatmap", "z": cents, "colorscale": SEQUENTIAL, "zmin": 0, "zmax": 100, "colorbar": bar}
    figure = figure_of([drawn], title, x, y, height)
    return Chart(figure, f"{title}: {values.shape[0]} by {values.shape[1]}, mean {values.mean():.1%}")


# ---- what all of them are made of


def line(x: Sequence[float] | Floats, y: Sequence[float | None] | Floats, name: str | None, **more: Any) -> Trace:
    return {
        "type": "scatter", "x": x, "y": y, "name": name, "mode": "lines+markers", "marker": {"size": 5}, **more,
    }  # fmt: skip


def figure_of(
    traces: list[Trace], title: str, x: str, y: str, height: int = HEIGHT, *,
    xaxis: dict[str, Any] | None = None, yaxis: dict[str, Any] | None = None, **layout: Any,
) -> go.Figure:  # fmt: skip
    """Of plain dictionaries at once: Plotly's `update_layout` and `add_scatter` take five times as long, and a class
    that watches thirty trainings draws sixty of these in a second."""
    dress = {
        "colorway": COLOURS,
        "title": {"text": title, "font": {"size": 15}, "x": 0, "xanchor": "left"},
        "xaxis": {"title": {"text": x}, **(xaxis or {})},
        "yaxis": {"title": {"text": y}, **(yaxis or {})},
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 44 if len(traces) < 2 else 72, "b": 10},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
        "bargap": 0.1,
        "uirevision": "keep",
    }
    return go.Figure({"data": traces, "layout": dress | layout})
