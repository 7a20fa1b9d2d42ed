"""What models learn from: look at a data set, fetch one, bring or make one's own."""

import streamlit as st

from rbm import datasets
from rbm.app import bringing, controls, library, patterns, shell, specimens

shell.ensure()
bringing.go_on()

st.title("Data")
st.markdown("A model learns what its images have in common. See what there is, or bring images of your own.")
specimens.told()

own = [card.name for card in library.mine()]
about, images = st.columns([2, 3], gap="large")
with about:
    name = controls.data_set(
        "Data set", [*datasets.names(), *own], "set",
        "The first come with this lab or are generated; **mnist**, **fashion-mnist** and **kmnist** are downloaded "
        "once; then follow those that you brought.",
    )  # fmt: skip
    data = library.find(name)
    if data is not None:
        specimens.facts(data)
        with st.container(horizontal=True):
            if st.button("Train on it", type="primary", icon=":material/model_training:", key="data_train"):
                bringing.train_on(name)
            specimens.delete(name)
    elif name in datasets.names() and not datasets.is_at_hand(name):
        specimens.fetch(name)
    else:
        st.warning(library.problem(name), icon=":material/hide_image:")
        specimens.delete(name)
if data is not None:
    with images:
        specimens.mosaic(data)

st.header("Add a data set")
upload, generate = st.tabs(["Your own images", "Generated patterns"], key="data_tab", on_change="rerun")
if upload.open:
    with upload:
        bringing.upload()
if generate.open:
    with generate:
        patterns.generate()
