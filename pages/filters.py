"""What each hidden unit looks for: its weights."""

import streamlit as st

from rbm.app import current_model, filters_page, frame, places, show, sigma, widgets
from rbm.app.explained import link
from rbm.app.glossary import define

frame.ensure()
named = current_model.current()

st.title("Filters")
st.markdown(
    f"{places.asks('filters')} The weights of a {link('hidden unit', 'layers')} are a picture of what switches it on: "
    "$p(h_j = 1 \\mid v) = \\sigma(c_j + \\sum_i v_i W_{ij})$. **Red** pixels excite the unit, **blue** ones silence "
    "it. Strokes, dots and edges are signs of learning; even noise is a unit that has found nothing to do.",
    help=define("filter", "weights", "bias"),
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    order = filters_page.order_choice()
    common = filters_page.scale_choice()
    every = filters_page.how_many()
filters_page.gallery(named, order, common, every)
sigma.section(named)

st.header("All parameters")
with st.grid(3, min_column_width=240):
    for key, chart in filters_page.parameter_histograms(named).items():
        show.chart(chart, key=key)
if named.dataset is None:
    widgets.needs_data(named)
places.lead_on("filters")
