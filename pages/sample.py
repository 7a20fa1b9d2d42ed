"""Draw a digit, and watch the Gibbs chain dream from it."""

import streamlit as st

from rbm.app import dream, session, shell

shell.ensure()
named = session.current()

st.title("Sample")
st.markdown(
    "Start from a picture and let the two layers answer each other: draw $h \\sim p(h \\mid v)$, then "
    "$v \\sim p(v \\mid h)$, and again. This **Gibbs chain** wanders to what the model finds likely: pictures of low "
    "**free energy** $F(v)$, where $p(v) \\propto e^{-F(v)}$."
)
start_column, film_column = st.columns([10, 9], gap="medium")
with start_column:
    source = dream.source_choice(named)
    start = dream.start(named, source)
    settings = dream.settings()
with film_column:
    if start is None:
        st.info("Draw a digit on the black square, and the model will dream from it.", icon=":material/draw:")
        st.stop()
    frames = dream.run(named, start, settings)
    dream.play(named, frames)
dream.film_strip(named, frames)
dream.energy_chart(frames)
