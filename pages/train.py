"""Train a model in the background and watch it learn."""

import streamlit as st

from rbm.app import current_model, current_run, frame, places, show
from rbm.app.explained import link
from rbm.app.glossary import define
from rbm.app.lessons import share
from rbm.app.train_page import buttons, form, model_file, sweep, watch

frame.ensure()

st.title("Train")
st.markdown(  # no caption: a link in pale words is hard to read
    f"{places.asks('train')} Show the machine a digit, let it dream, and make the digit more "
    "likely and the dream less so: "
    f"**{link('contrastive divergence', 'update')}**.",
    help=define("CD", "PCD", "epoch", "reconstruction error", "held-out", "filter"),
)
show.pending_message()
for sentence in form.wrong_in_address():
    st.warning(sentence, icon=":material/link_off:")

preset, data = form.preset_and_data()
controls, live = st.container(), st.container()
with st.expander("Settings", icon=":material/tune:", expanded=True):
    chosen = form.settings(preset, data)
with controls:
    buttons.row(chosen)
with live:
    if (run_id := current_run.run_id()) is not None:
        watch.panel(run_id)
    elif chosen is not None:
        watch.before_the_first(chosen.data, chosen.config)
sweep.section(chosen)

with st.expander("Keep the model in use as a file, or bring one back", icon=":material/save:", key="model_files"):
    model_file.files(current_model.current())
share.offer("train")
places.lead_on("train")
