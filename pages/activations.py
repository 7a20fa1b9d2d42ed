"""Which hidden units answer to which digit, and which to none."""

import streamlit as st

from rbm.app import activations_page, current_model, frame, show, widgets
from rbm.app.explained import link
from rbm.app.glossary import define

frame.ensure()
named = current_model.current()

st.title("Activations")
st.markdown(
    f"Each digit becomes a row of {link('hidden probabilities', 'layers')} $p(h_j = 1 \\mid v)$: its **features**. "
    "In the map below an even grain is healthy. A stripe that runs through all digits is a unit "
    "stuck on (yellow) or off (dark).",
    help=define("activation", "hidden unit", "dead unit"),
)
data = widgets.needs_data(named)
widgets.fairness(named, data)

with st.container(horizontal=True, vertical_alignment="bottom"):
    part = widgets.part("activations_part")
    by_class = data.labelled and st.toggle(
        "Sort digits by class", value=True, key="activations_sort", persist_state="session",
        help="Off: a random order. Blocks that change at a class border are units that tell classes apart.",
    )  # fmt: skip
chosen = activations_page.batch(data, part, by_class)
activations_page.health(named, data.name, part)
show.chart(activations_page.heatmap(named, data.name, part, chosen), key="activation_map")

left, right = st.columns(2, gap="large")
with left:
    show.chart(activations_page.mean_per_unit(named, data.name, part), key="mean_activation")
with right:
    st.header("One digit's hidden layer", anchor=False)
    column = st.number_input("Digit (column of the map, from 0)", 0, len(chosen) - 1, key="activations_digit")
    activations_page.one_digit(named, data, part, int(chosen[int(column)]))
if data.labelled:
    show.chart(activations_page.mean_per_class(named, data, part), key="class_activation")
