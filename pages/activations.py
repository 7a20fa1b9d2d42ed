"""Which hidden units answer to which digit, and which to none."""

import streamlit as st

from rbm.app import activations_page, current_model, frame, places, show, widgets
from rbm.app.explained import link
from rbm.app.glossary import define

frame.ensure()
named = current_model.current()

st.title("Activations")
st.markdown(
    f"{places.asks('activations')} Each digit becomes a row of {link('hidden probabilities', 'layers')} "
    "$p(h_j = 1 \\mid v)$: its **features**. "
    "A unit that is on for some digits and off for others tells them apart.",
    help=define("activation", "hidden unit", "dead unit"),
)
data = widgets.needs_data(named)
widgets.fairness(named, data)

with st.container(horizontal=True, vertical_alignment="bottom"):
    part = widgets.part("activations_part")
    by_class = data.labelled and st.toggle(
        "Sort digits by class", value=True, key="activations_sort", persist_state="session",
        help="Of the two lower figures. Off: a random order. Blocks that change at a class border are units that tell "
        "classes apart.",
    )  # fmt: skip
if data.labelled:
    activations_page.telling_units(named, data, part)
activations_page.health(named, data.name, part)

st.header("One digit's hidden layer", anchor=False)
chosen = activations_page.batch(data, part, by_class)
activations_page.one_digit(named, data, part, chosen)

st.header("All units", anchor=False)
st.markdown(
    "An even grain is healthy. A stripe that runs through all digits is a unit stuck on (yellow) or off (dark)."
)
show.chart(activations_page.heatmap(named, data.name, part, chosen), key="activation_map")
show.chart(activations_page.mean_per_unit(named, data.name, part), key="mean_activation")
if data.labelled:
    show.chart(activations_page.mean_per_class(named, data, part), key="class_activation")
places.lead_on("activations")
