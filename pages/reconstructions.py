"""Digits beside what the model makes of them, whole or damaged."""

import streamlit as st

from rbm.app import current_model, frame, reconstructions_page, show, widgets
from rbm.app.glossary import define

frame.ensure()
named = current_model.current()

st.title("Reconstructions")
st.markdown(
    "Push a digit up to the hidden units and back down: $\\hat v = p(v \\mid p(h \\mid v))$. What comes back is the "
    "digit as the model understands it. Its **error** is $\\sum_i (v_i - \\hat v_i)^2$, summed over pixels.",
    help=define("reconstruction error", "visible unit", "hidden unit", "held-out"),
)
data = widgets.needs_data(named)
widgets.fairness(named, data)

with st.container(horizontal=True, vertical_alignment="bottom"):
    part = widgets.part("reconstructions_part")
    order = reconstructions_page.order_choice()
    only = widgets.class_filter(data, part, "reconstructions_digit")
with st.expander("How the digits are rebuilt, and damage to repair"):
    how = reconstructions_page.rebuild_controls()

selection = reconstructions_page.select(named, part, only, order, how)
show.picture(reconstructions_page.grid(selection, data.shape), reconstructions_page.grid_caption(selection))

st.header("Look closer")
reconstructions_page.closer(named, selection, reconstructions_page.pick(selection), data.shape)

if data.labelled:
    st.header("Which digits are hard?")
    show.chart(reconstructions_page.error_per_class(named, part), key="error_per_class")
