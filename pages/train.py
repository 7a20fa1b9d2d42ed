"""Train a model in the background and watch it learn."""

import streamlit as st

from rbm import datasets
from rbm.app import live, session, settings, shell

shell.ensure()

st.title("Train")
st.markdown(
    "Contrastive divergence shows the model a digit, lets it dream $k$ steps away from it, and makes the digit "
    "more likely and the dream less so:"
)
st.latex(r"\Delta W \propto \langle v h^\top \rangle_{\text{data}} - \langle v h^\top \rangle_{k\text{ steps}}")

preset = settings.preset()
try:
    chosen = settings.form(preset)
    if chosen is not None:
        session.start_job(chosen)
        st.rerun()
except ValueError as error:
    st.error(f"Training did not start: {error}.", icon=":material/error:")

job = session.job()
if job is None:
    live.before_the_first()
else:
    live.panel(job, datasets.load(session.job_data()))

st.subheader("Keep it, or bring one back")
live.files(session.current())
