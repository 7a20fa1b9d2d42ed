"""Digits beside what the model makes of them, whole or damaged."""

import streamlit as st

from rbm.app import browse, controls, session, shell, show

shell.ensure()
named = session.current()

st.title("Reconstructions")
st.markdown(
    "Push a digit up to the hidden units and back down: $\\hat v = p(v \\mid p(h \\mid v))$. What comes back is the "
    "digit as the model understands it. Its **error** is $\\sum_i (v_i - \\hat v_i)^2$, summed over pixels."
)
data = controls.needs_data(named)
controls.fairness(named, data)

with st.container(horizontal=True, vertical_alignment="bottom"):
    part = controls.part("reconstructions_part")
    order = browse.order_choice()
    only = controls.class_filter(data, part, "reconstructions_digit")
with st.expander("How the digits are rebuilt, and damage to repair"):
    how = browse.rebuild_controls()

selection = browse.select(named, part, only, order, how)
show.picture(browse.grid(selection, data.shape), browse.grid_caption(selection))

st.header("Look closer")
browse.closer(named, selection, browse.pick(selection), data.shape)

if data.labelled:
    st.header("Which digits are hard?")
    show.chart(browse.error_per_class(named, part), key="error_per_class")
