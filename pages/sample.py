"""Draw a digit, and watch Gibbs chains dream from it."""

import streamlit as st

from rbm.app import current_model, frame
from rbm.app.sample_page import chains, charts, download, options, samplers, starts
from rbm.errors import Refused

frame.ensure()
named = current_model.current()

st.title("Sample")
st.markdown(
    "Start from a picture and let the two layers answer each other: draw $h \\sim p(h \\mid v)$, then "
    "$v \\sim p(v \\mid h)$, and again. This **Gibbs chain** wanders to what the model finds likely: pictures of low "
    "**free energy** $F(v)$, where $p(v) \\propto e^{-F(v)}$."
)
if not chains.model_fits(named.model):
    st.info(f"**{named.name}** has real-valued pixels, and this page draws in black and white. Choose another model.")
    st.stop()
download.open_link(named)
source = starts.source_choice(named)
board, below = st.container(), st.container()
try:
    with below:
        st.header("The dream", anchor=False)
        chosen = options.controls(named, source)
    with board:
        start = starts.start(named, source, chosen.plan)
    if start is None:
        st.stop()
    with below:
        shown = chains.run(named, start, chosen)
except Refused as error:
    st.error(f"No dream: {error}.", icon=":material/error:")
    st.stop()

film, story = below.columns([9, 10], gap="large")
with film:
    chains.play(named, shown)
    chains.show_held(named, start, chosen)
with story:
    charts.numbers(shown)
    charts.show_digits(shown)

names = ["Film strip", "Free energy", "How far", "Mixing better", "Take it away"]
strip, energy, distance, mixing, away = below.tabs(names, key="dream_tab", on_change="rerun")
if strip.open:
    with strip:
        chains.show_film_strip(named, shown)
if energy.open:
    with energy:
        charts.energy(named, shown)
if distance.open:
    with distance:
        charts.distance(shown)
if mixing.open:
    with mixing:
        samplers.panel(named, start, chosen)
if away.open:
    with away:
        download.panel(named, start, chosen, shown)
