"""Chapters 5 to 7: how a machine learns, and what the error hides."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm.app import one_step, pictures, show
from rbm.app.components import machine
from rbm.app.learn_page import curves, numbers, quiz
from rbm.pretrained import course
from rbm.training import small

PHASES = [
    "A picture v₀ is shown.",
    "Positive phase: h₀ is drawn from p(h | v₀). Each pixel that is on is paired with each unit's probability.",
    "Negative phase: the dream v₁ is drawn from p(v | h₀), and paired with p(h | v₁).",
    "Update: data minus dream. Wires change; dashed is what the bars were.",
]
DERIVATION = r"""
\begin{aligned}
\ln p(v) &= \ln \textstyle\sum_h e^{-E(v,h)} - \ln Z \\
\frac{\partial \ln p(v)}{\partial w} &= -\Bigl\langle \frac{\partial E}{\partial w} \Bigr\rangle_{h \mid v}
  + \Bigl\langle \frac{\partial E}{\partial w} \Bigr\rangle_{\text{model}} \\
\frac{\partial E}{\partial W_{ij}} &= -\,v_i h_j \\
\frac{\partial \ln p(v)}{\partial W_{ij}} &= \underbrace{v_i\,p(h_j{=}1 \mid v)}_{\text{positive: data}}
  - \underbrace{\langle v_i h_j \rangle_{\text{model}}}_{\text{negative: dream}}
\end{aligned}
"""
SAMPLES, COLUMNS = 36, 12


def update() -> None:
    st.markdown(
        "One step of **contrastive divergence**, CD-1, in four phases: what goes together in the picture is "
        "strengthened, what goes together in the machine's dream is weakened. "
        "$\\;\\Delta W = \\eta\\,(v_0\\,p(h \\mid v_0)^\\top - v_1\\,p(h \\mid v_1)^\\top)$, here $\\eta = 0.5$."
    )
    start = numbers.updates_start()
    alt = "The machine during forty updates of CD-1: network, products of data and dream, and the sixteen probabilities"
    data = {"chapter": "update", "mode": "update", "view": "update", "updates": numbers.updates(), **start}
    machine.machine({**data, "phases": PHASES, "world": numbers.WORLD, "alt": alt}, key="machine_update")
    with st.grid(2, min_column_width=380):
        quiz.card("negative")
        quiz.card("sign")
    st.header("Why two phases?", anchor=False)
    st.markdown(
        "To make data likely is to raise the mean of $\\ln p(v)$ over them. Four lines lead from there to the phases:"
    )
    st.markdown(f"$\\displaystyle{' '.join(DERIVATION.split())}$")  # not st.latex, whose box scrolls
    st.markdown(
        "The first term takes one look at the data. The second is a sum over **all** states: seven units have 128, a "
        "machine of 784 and 500 units has $2^{1284}$. CD-1 puts in its place what one sweep from the data brings. The "
        "cosine above tells how near that comes on average over pictures and draws: 1 is the same direction. A single "
        "step is far noisier."
    )
    st.header("The same step with digits", anchor=False)
    one_step.panel()


def training() -> None:
    st.markdown(
        "The same machine, 400 updates long. The four pictures framed green are all there is in its world, each as "
        f"likely as the others; so no machine can do better than $-\\ln 4 = {-np.log(4):.3f}$ nats, and the gap to "
        f"that line "
        "is $\\mathrm{KL}(\\text{data}\\,\\|\\,\\text{model}) = \\sum_v p_\\text{data}(v) \\ln "
        "\\frac{p_\\text{data}(v)}{p(v)}$."
    )
    rates = [f"{rate:g}" for rate in course.RATES]
    first = rates.index("5" if quiz.guessed("rate") else "0.5")
    data = {
        "chapter": "training", "mode": "film", "view": "film", "films": numbers.films(), "parts": numbers.PARTS,
        "moments": course.UPDATES // course.EVERY + 1, "every": course.EVERY, "last": course.UPDATES,
        "axes": [numbers.axis("Step", list(course.METHODS), 0), numbers.axis("Rate", rates, first)],
        "limit": {"value": float(-np.log(4)), "name": f"best: {-np.log(4):.3f}".replace("-", "−")},
        "world": numbers.WORLD, "alt": "The machine during 400 updates: filters, probabilities, likelihood and error",
    }  # fmt: skip
    machine.machine(data, key="machine_training")
    with st.grid(2, min_column_width=380):
        quiz.card("plateau")
        quiz.card("rate")


def error() -> None:
    st.markdown(
        "A larger cousin: 9 pixels, 6 hidden units, 512 pictures, of which its world holds 14: the bars and stripes of "
        "3 × 3. It learns by CD-1, and $\\text{error} = \\frac1n \\sum \\lVert v - p(v \\mid p(h \\mid v)) \\rVert^2$ "
        "falls to next to nothing."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        show.chart(curves.error(), key="cousin_error")
    with right:
        if quiz.guessed("error"):
            show.chart(curves.likelihood(), key="cousin_likelihood")
        else:
            with st.container(
                border=True, height=curves.HEIGHT, vertical_alignment="center", horizontal_alignment="center"
            ):
                st.markdown(
                    ":material/visibility_off: Covered until you have guessed: the **exact log-likelihood** of this "
                    "run."
                )
    if quiz.card("error"):
        _samples()
    st.markdown(
        "784 pixels have $2^{784}$ pictures, and 500 hidden units $2^{500}$ states: counting is over. What still "
        "works: the conditionals, the chain, CD, and "
        "estimates of $Z$. So look at dreams and likelihood, not at the error alone."
    )
    with st.container(horizontal=True):
        st.page_link("pages/train.py", label="Train on digits", icon=":material/model_training:")
        st.page_link("pages/sample.py", label="Let it dream", icon=":material/draw:")
        st.page_link(
            "pages/train.py", label="Measure its likelihood", icon=":material/straighten:",
            query_params={"monitors": "Likelihood (AIS bracket)"},
        )  # fmt: skip
    quiz.summary()


def _samples() -> None:
    """What CD-1's machine dreams where it was best, and at the end."""
    curve = course.curve("CD-1")
    known = {tuple(pattern) for pattern in small.bars_and_stripes(3)}
    moments = curve.updates[int(curve.log_likelihood.argmax())], curve.updates[-1]
    with st.grid(2, min_column_width=380):
        for model, when in zip(course.cousins(), moments, strict=True):
            drawn = numbers.drawn(model, SAMPLES)
            right = sum(tuple(row) in known for row in drawn)
            alt = f"{SAMPLES} draws from CD-1's machine after {when:,.0f} updates: {right} are bars or stripes"
            show.picture(pictures.mosaic(pictures.grey(drawn, (3, 3)), COLUMNS, alt, scale=10), f"{alt}.", width=400)
