"""A tower of RBMs: dream from its top, look up and down it, see what each layer knows."""

import streamlit as st

from rbm.app import frame, places, show
from rbm.app.deep_page import codes, dream, knows, look, nets, tower
from rbm.app.explained import link
from rbm.app.glossary import define
from rbm.app.text import plain

frame.ensure()

st.title("Deep")
st.markdown(
    f"{places.asks('deep')} RBMs in a tower: each learns what the {link('hidden layer', 'layers')} below it "
    "says. The top two "
    f"{link('dream', 'gibbs')}, and one way down paints the picture.",
    help=define("deep belief net", "Gibbs chain", "hidden unit"),
)
named = nets.chosen()
if named is None:
    st.error(f"There is no net to show: {plain(nets.trouble())}. Install it again; all other pages work.")
    st.stop()
    raise AssertionError  # st.stop raises; this is for the type checker
data = named.dataset
if data is None:
    st.info(f"There are no images here for **{plain(named.name)}**, which has {named.net.n_pixels} pixels.")
    st.stop()
    raise AssertionError
show.pending_message()

dream.section(named, data)
tower.section(named, data)
look.section(named, data)
knows.section(named, data)
codes.section(data)
places.lead_on("deep")
