"""A model that learns, and dreams; three ways in; the models that ship with the app."""

import streamlit as st

from rbm.app import current_model, frame, home_page, places
from rbm.app.glossary import define

frame.ensure()

with home_page.beside_the_way_in():
    st.title("RBM Lab")
    st.markdown(
        f"{places.asks('home')} A **restricted Boltzmann machine** learns what its data look like, without being told "
        "what they are, and then dreams them.",
        help=define("RBM", "visible unit", "hidden unit"),
    )
    with st.container(horizontal=True):
        if st.button("How it works, in 15 minutes", icon=":material/school:", type="primary"):
            st.switch_page("pages/learn.py")
        if st.button("Draw a digit", icon=":material/draw:"):
            st.switch_page("pages/sample.py")
        if st.button("Train your own", icon=":material/model_training:"):
            st.switch_page("pages/train.py")
home_page.opening(current_model.current())

st.header("Models to play with")
home_page.shipped_models()

st.header("The pages")
with st.grid(4, min_column_width=180, border=True):
    for name, place in places.ALL.items():
        if name != "home":
            with st.container():
                st.page_link(f"pages/{name}.py", label=place.title, icon=place.icon)
                st.caption(place.about)
places.lead_on("home")
