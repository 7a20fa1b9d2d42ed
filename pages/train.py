"""Train a model in the background and watch it learn."""

import streamlit as st

from rbm import datasets
from rbm.app import controls, live, session, shell
from rbm.queue import Busy

shell.ensure()

st.title("Train")
st.markdown(
    "Contrastive divergence shows the model a digit, lets it dream $k$ steps away from it, and makes the digit "
    "more likely and the dream less so:"
)
st.latex(r"\Delta W \propto \langle v h^\top \rangle_{\text{data}} - \langle v h^\top \rangle_{k\text{ steps}}")

preset = controls.preset()
try:
    chosen = controls.training_form(preset)
    if chosen is not None:
        data, config = chosen
        session.start_job(data, config, live.job_name(preset, config))
        st.rerun()
except (ValueError, Busy) as error:
    st.error(f"Training did not start: {error}.", icon=":material/error:")

job = session.job()
if job is None:
    st.info("Press **Start**: 30 epochs take about ten seconds.", icon=":material/lightbulb:")
else:
    live.panel(job, datasets.load(session.job_data()))

st.subheader("Keep it, or bring one back")
live.files(session.current())
