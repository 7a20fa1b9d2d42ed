"""What the hidden layer is good for: read it, map it, find neighbours in it, take it along."""

import streamlit as st

from rbm.app import current_model, frame, places, show, widgets
from rbm.app.explained import link
from rbm.app.features_page import curves, neighbours, plane, take
from rbm.app.glossary import define

frame.ensure()
named = current_model.current()

st.title("Features")
st.markdown(
    f"{places.asks('features')} It describes an image anew, without having seen one label: {link('how', 'layers')}.",
    help=define("activation", "hidden unit", "held-out"),
)
data = widgets.needs_data(named)
widgets.fairness(named, data)
show.pending_message()

curves.section(named, data)
plane.section(named, data)
neighbours.section(named, data)
take.section(named, data)
places.lead_on("features")
