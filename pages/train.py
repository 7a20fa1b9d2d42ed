"""Train a model in the background and watch it learn."""

import streamlit as st

from rbm.app import again, exchange, lab, live, session, settings, shell, specimens
from rbm.queue import Busy
from rbm.records import StoreError

shell.ensure()

st.title("Train")
st.markdown(
    "Contrastive divergence shows the model a digit, lets it dream $k$ steps away from it, and makes the digit "
    r"more likely and the dream less so: $\Delta W \propto \langle v h^\top \rangle_{\text{data}} - \langle v h^\top "
    r"\rangle_{k\text{ steps}}$"
)

specimens.told()
for sentence in settings.wrong_in_address():
    st.warning(sentence, icon=":material/link_off:")
preset = settings.preset()
try:
    again.start_or_offer(settings.form(preset))
    again.offer()
except (ValueError, Busy, StoreError) as error:
    st.error(f"Training did not start: {error}.", icon=":material/error:")
live.refusal()

if (run_id := lab.run_id()) is None:
    live.before_the_first()
else:
    live.panel(run_id)

st.header("Keep it, or bring one back")
exchange.files(session.current())
