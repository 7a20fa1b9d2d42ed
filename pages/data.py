"""What models learn from: look at a data set, fetch one, bring or make one's own."""

import streamlit as st

from rbm import datasets
from rbm.app import data_sets, frame, places, show, widgets
from rbm.app.data_page import generate, sets, upload
from rbm.app.glossary import define
from rbm.app.text import plain

frame.ensure()
upload.go_on()

st.title("Data")
st.markdown(
    f"{places.asks('data')} What its images have in common is what a model learns. "
    "See what there is, or bring images of your own.",
    help=define("held-out"),
)
show.pending_message()

own = [card.name for card in data_sets.mine()]
about, images = st.columns([2, 3], gap="large")
with about:
    name = widgets.data_set(
        "Data set", [*datasets.names(), *own], "set",
        "The first come with this lab or are generated; **mnist**, **fashion-mnist** and **kmnist** are downloaded "
        "once; then follow those that you brought.",
    )  # fmt: skip
    data = data_sets.find(name)
    if data is not None:
        sets.facts(data)
        with st.container(horizontal=True):
            if st.button("Train on it", type="primary", icon=":material/model_training:", key="data_train"):
                upload.train_on(name)
            sets.delete(name)
    elif name in datasets.names() and not datasets.is_at_hand(name):
        sets.fetch(name)
    else:
        st.warning(plain(data_sets.problem(name)), icon=":material/hide_image:")
        sets.delete(name)
if data is not None:
    with images:
        sets.mosaic(data)

st.header("Add a data set")
from_file, by_rule = st.tabs(["Your own images", "Generated patterns"], key="data_tab", on_change="rerun")
if from_file.open:
    with from_file:
        upload.upload()
if by_rule.open:
    with by_rule:
        generate.generate()
places.lead_on("data")
