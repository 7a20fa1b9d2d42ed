"""Train a model in the background and watch it learn."""

import streamlit as st

from rbm.app import current_model, current_run, frame, show
from rbm.app.train_page import form, model_file, start, watch
from rbm.errors import Refused

frame.ensure()

st.title("Train")
st.markdown(
    "Contrastive divergence shows the model a digit, lets it dream $k$ steps away from it, and makes the digit "
    r"more likely and the dream less so: $\Delta W \propto \langle v h^\top \rangle_{\text{data}} - \langle v h^\top "
    r"\rangle_{k\text{ steps}}$"
)

show.pending_message()
for sentence in form.wrong_in_address():
    st.warning(sentence, icon=":material/link_off:")
preset = form.preset()
try:
    start.start_or_offer(form.form(preset))
    start.offer()
except Refused as error:
    st.error(f"Training did not start: {error}.", icon=":material/error:")
watch.refusal()

if (run_id := current_run.run_id()) is None:
    watch.before_the_first()
else:
    watch.panel(run_id)

st.header("Keep it, or bring one back")
model_file.files(current_model.current())
