"""Charts of chains over time: which digit each looks like, its free energy, how far it has come."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from plotly.colors import qualitative

from rbm.app import charts, show
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import reader
from rbm.app.sample_page.chains import Measured
from rbm.measures import mixing
from rbm.measures.mixing import Memory, Visits
from rbm.measures.reader import NONE

MOST_LINES, MOST_POINTS = 16, 250
NO_COLOUR = "#808080"


def numbers(dream: Measured) -> None:
    """How the chains got on, in three numbers."""
    with st.grid(3, min_column_width=120):
        if dream.labels is not None:
            found = mixing.visits(dream.labels, dream.film.every)
            st.metric(
                "Digits seen", f"{found.distinct.mean():.1f}",
                help=f"Different digits that a chain looked like for at least {mixing.HOLD} sweeps, on average.",
            )  # fmt: skip
            st.metric(
                "Sweeps/jump", between(found),
                help="Sweeps until a chain looks like another digit. Good chains jump often; most get stuck.",
            )  # fmt: skip
        st.metric(
            "Memory", remembered(dream.memory),
            help="Integrated autocorrelation time of the pixels: so many sweeps make one independent picture. "
            "'>' means at least so many: the film is too short, or one chain can't know what it never sees.",
        )  # fmt: skip


def between(found: Visits) -> str:
    return "none" if math.isinf(found.sweeps_between) else f"{found.sweeps_between:.0f}"


def remembered(memory: Memory) -> str:
    return f"{'' if memory.complete else '> '}{memory.sweeps:.0f}"


def digits(labels: NDArray[np.int64], sweeps: NDArray[np.int64], title: str, height: int = 310) -> charts.Chart:
    """A line for each chain, a colour for each digit: long stretches of one colour are chains that are stuck."""
    chosen = thinned(len(sweeps))
    classes = np.unique(labels)
    place = np.searchsorted(classes, labels[chosen].T)
    chart = charts.heatmap(np.zeros((1, 1)), title, "sweep", "chain", height)
    colours = [NO_COLOUR if c == NONE else qualitative.Safe[int(c) % 10] for c in classes]
    steps = np.linspace(0, 1, len(colours) + 1)
    chart.figure.update_traces(
        z=place,
        x=sweeps[chosen],
        y=np.arange(1, labels.shape[1] + 1),
        zmin=-0.5,
        zmax=len(classes) - 0.5,
        colorscale=[(float(steps[i + k]), colour) for i, colour in enumerate(colours) for k in (0, 1)],
        colorbar={
            "title": "", "thickness": 12, "tickvals": list(range(len(classes))),
            "ticktext": ["none" if c == NONE else str(c) for c in classes],
        },
    )  # fmt: skip
    chains = labels.shape[1]
    ticks = sorted({round(tick) for tick in np.linspace(1, chains, min(chains, 5))})
    chart.figure.update_yaxes(autorange="reversed", tickvals=ticks)
    found = mixing.visits(labels, int(sweeps[-1] - sweeps[-2]))
    return charts.Chart(chart.figure, f"{title}: {chains} chains, {found.jumps} changes of digit in all")


def show_digits(dream: Measured) -> None:
    numbers(dream)
    if dream.labels is None:
        st.caption("There are no labelled pictures of this size here, so nobody can say which class these are of.")
        return
    show.chart(digits(dream.labels, dream.film.sweeps, "Which digit each chain looks like"), key="dream_digits")


def energy(named: NamedModel, dream: Measured) -> None:
    chart = _bundle(dream.free_energy, dream.film.sweeps, "Free energy of each chain", "free energy (nats)")
    found = reader.of(named)
    if found is not None:
        low, high = np.quantile(found.energies, [0.05, 0.95])
        chart.figure.add_hrect(low, high, fillcolor=charts.COLOURS[2], opacity=0.15, line_width=0, layer="below")
    show.chart(chart, key="dream_energy")
    band = " The band holds nine of ten held-out digits." if found is not None else ""
    st.caption(
        f"Lower is likelier; the thick line is the median.{band} A drawing usually starts high, drops within a few "
        "sweeps to what the model knows, and then wanders. Chains far below the band have found pictures that the "
        "model likes better than any real digit."
    )


def distance(dream: Measured) -> None:
    shown = _bundle(dream.distance, dream.film.sweeps, "Distance from the start", "pixels that differ")
    show.chart(shown, key="dream_distance")
    st.caption(
        "Hamming distance: pixels on the other side of one half than at the start. Over the whole film the chains "
        f"remember a picture for **{remembered(dream.memory)}** sweeps (integrated autocorrelation time, all pixels)."
    )


def thinned(kept: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, kept - 1, min(kept, MOST_POINTS)).round().astype(np.int64))


def _bundle(values: NDArray[np.generic], sweeps: NDArray[np.int64], title: str, unit: str) -> charts.Chart:
    """The median over chains, thick, and up to 16 of the chains, thin."""
    chosen = thinned(len(sweeps))
    chart = charts.curve(sweeps[chosen], np.median(values[chosen], axis=1), title, "sweep", unit)
    chart.figure.update_traces(mode="lines", line={"width": 3, "color": charts.COLOURS[1]}, name="median")
    if values.shape[1] > 1:
        for chain in range(min(MOST_LINES, values.shape[1])):
            chart.figure.add_scatter(
                x=sweeps[chosen], y=values[chosen, chain], mode="lines", opacity=0.45, name=f"chain {chain + 1}",
                line={"width": 1, "color": charts.COLOURS[0]},
            )  # fmt: skip
        chart.figure.data = (*chart.figure.data[1:], chart.figure.data[0])
    chart.figure.update_layout(showlegend=False)
    return charts.Chart(chart.figure, f"Median of {values.shape[1]} chains. {chart.alt}")
