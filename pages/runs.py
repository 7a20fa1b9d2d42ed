"""Your trainings: compare, keep, download, bring back; and, by a link, somebody else's to look at."""

import streamlit as st

from rbm.app import frame, places, visitor
from rbm.app.explained import link
from rbm.app.glossary import define
from rbm.app.runs_page import compare, dreams, own, shared, sweeps, twins
from rbm.app.server import lab

frame.ensure()

st.title("Runs")
if wanted := st.query_params.get("run"):
    shared.show_run(wanted)
    st.stop()
if wanted := st.query_params.get("sweep"):
    sweeps.show_shared(wanted)
    st.stop()

st.markdown(
    f"{places.asks('runs')} Every training is kept as a **run**: its settings, its {link('curve', 'error')} and "
    "its model. This list "
    "belongs to this browser, and survives a reload, a closed laptop and a restarted server. Tick one run to use it, "
    "several to compare them.",
    help=define("epoch", "reconstruction error", "log-likelihood", "seed"),
)
runs = lab().runs(visitor.key())
own.warn_of_removals()
if runs:
    sweeps.section(runs)
    ticked = own.table(runs)
    own.undo()
    if not ticked:
        st.caption("Tick the box before a run to use, rename, pin, download or delete it.")
    if len(ticked) == 1:
        own.actions(ticked[0])
    elif len(ticked) > compare.MOST:
        st.info(f"Tick at most {compare.MOST} runs to compare them.")
    if twins.are_compared(ticked):
        twins.section(ticked, [run.name for run in ticked])
    if 1 <= len(ticked) <= compare.MOST:
        if not twins.are_compared(ticked):
            dreams.section(ticked)
        compare.curves(ticked)
        compare.filters(ticked)
    if 2 <= len(ticked) <= compare.MOST:
        st.header("Settings that differ")
        compare.settings_table(ticked)
else:
    own.undo()
    st.info("No runs yet. Train a model, and it will be listed here.", icon=":material/lightbulb:")
    if st.button("Train a model", icon=":material/model_training:"):
        st.switch_page("pages/train.py")
if runs:
    own.take_home()
own.import_run()
places.lead_on("runs")
