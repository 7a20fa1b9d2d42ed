"""The model in use, dreaming; three ways in; the models that ship with the app."""

import streamlit as st

from rbm.app import current_model, frame, home_page

frame.ensure()

st.title("RBM Lab")
st.markdown(
    "A **restricted Boltzmann machine** learns what its data look like, without being told what they are. Then it "
    "dreams them."
)
home_page.dreaming(current_model.current())
with st.container(horizontal=True):
    if st.button("Draw a digit", icon=":material/draw:", type="primary"):
        st.switch_page("pages/sample.py")
    if st.button("Train your own", icon=":material/model_training:"):
        st.switch_page("pages/train.py")
    if st.button("How does it work?", icon=":material/help:"):
        home_page.introduction()

st.header("Models to play with")
home_page.shipped_models()

st.header("The pages")
with st.grid(4, min_column_width=180, border=True):
    for name, (title, icon, description) in frame.PAGES.items():
        if name != "home":
            with st.container():
                st.page_link(f"pages/{name}.py", label=title, icon=icon)
                st.caption(description)
