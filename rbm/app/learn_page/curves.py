"""The two curves of chapter 7: what CD-1's error does, and what the likelihood does meanwhile. No Streamlit."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from rbm.app.charts import COLOURS, Chart
from rbm.pretrained import course
from rbm.training import small

HEIGHT = 260
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def error() -> Chart:
    curve = course.curve("CD-1")
    figure = go.Figure(go.Scatter(x=curve.updates + 1, y=curve.error, mode="lines", line_color=COLOURS[0], name="CD-1"))
    _dress(figure, "Reconstruction error of CD-1", "squared error per picture")
    powers = range(-5, 1)
    names = [f"10{power}".replace(str(power), str(power).translate(SUPERSCRIPTS)) if power else "1" for power in powers]
    figure.update_yaxes(type="log", tickvals=[10.0**power for power in powers], ticktext=names)
    return Chart(figure, f"The error of CD-1 falls from {curve.error[0]:.1f} to {curve.error[-1]:.5f}")


def likelihood() -> Chart:
    figure, told = go.Figure(), []
    for method, colour in zip(course.COUSINS, COLOURS, strict=False):
        curve = course.curve(method)
        figure.add_scatter(
            x=curve.updates + 1, y=curve.log_likelihood, mode="lines", name=method, line_color=colour,
            line_width=3.5 if method == "CD-1" else 1.8,
        )  # fmt: skip
        told.append(f"{method} {curve.log_likelihood.max():.2f} at best, {curve.log_likelihood[-1]:.2f} at the end")
    best = -float(np.log(len(small.bars_and_stripes(3))))
    figure.add_hline(
        best, line_dash="dash", line_width=1, annotation_text=f"the best there is: {best:.2f}".replace("-", "−"),
        annotation_position="top left",
    )  # fmt: skip
    _dress(figure, "Exact log-likelihood", "nats per picture")
    figure.update_yaxes(range=[-6.6, -2.1])
    return Chart(figure, f"Exact log-likelihood in nats: {'; '.join(told)}")


def _dress(figure: go.Figure, title: str, unit: str) -> None:
    figure.update_layout(
        title={"text": title, "font_size": 15, "x": 0, "xanchor": "left"},
        height=HEIGHT,
        margin={"l": 10, "r": 10, "t": 62, "b": 10},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
        showlegend=len(figure.data) > 1,
        yaxis_title=unit,
    )
    places = [0, 10, 100, 1000, 10_000]
    figure.update_xaxes(
        type="log",
        title="updates",
        tickvals=[place + 1 for place in places],
        ticktext=[f"{place:,}" for place in places],
    )
