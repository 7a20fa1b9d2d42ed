"""Digits beside what the model makes of them, whole or damaged."""

import streamlit as st

from rbm.app import current_model, frame, places, show, widgets
from rbm.app.glossary import define
from rbm.app.reconstructions_page import look, selection

frame.ensure()
named = current_model.current()

st.title("Reconstructions")
st.markdown(
    f"{places.asks('reconstructions')} Push a digit up to the hidden units and back down, "
    "$\\hat v = p(v \\mid p(h \\mid v))$: what comes back is the digit as the model understands it. Its **error** is "
    "$\\sum_i (v_i - \\hat v_i)^2$, summed over pixels.",
    help=define("reconstruction error", "visible unit", "hidden unit", "held-out"),
)
data = widgets.needs_data(named)
widgets.fairness(named, data)

with st.container(horizontal=True, vertical_alignment="bottom"):
    damage = selection.damage_choice()
    part = widgets.part("reconstructions_part")
    order = selection.order_choice()
    only = widgets.class_filter(data, part, "reconstructions_digit")
place = st.container()
with st.expander("How the digits are rebuilt", icon=":material/tune:"):
    how = selection.rebuild_controls(damage)
with place:
    look.gallery(named, selection.select(named, part, only, order, how), data.shape)

if data.labelled:
    st.header("Which digits are hard?")
    show.chart(look.error_per_class(named, part), key="error_per_class")
places.lead_on("reconstructions")
