"""Draw a digit, and watch Gibbs chains dream from it."""

import streamlit as st

from rbm.app import current_model, frame, places, sigma, widgets
from rbm.app.lessons import share
from rbm.app.sample_page import board, chains, charts, download, lost_ink, options, samplers, stage, starts
from rbm.app.text import plain
from rbm.errors import Refused

frame.ensure()
named = current_model.current()

stage.heading()
if not chains.model_fits(named.model):
    sigma.dreams(named)
    st.stop()
download.open_link(named)
board.prepare()
here = stage.build()
try:
    with here.tabs["Settings"]:
        source = starts.source_choice(named)
    chosen = options.controls(named, source, here.controls, here.tabs["Settings"])
    start = starts.start(named, source, chosen.plan, here)
    if start is None:
        here.nothing_yet()
        st.stop()
    with here.busy:
        shown = chains.run(named, start, chosen)
except Refused as error:
    here.note.error(f"No dream: {plain(error)}.", icon=":material/error:")
    st.stop()

with here.film:
    chains.play(named, shown)
with here.tabs["Settings"]:
    chains.show_held(named, start, chosen)
with here.note:
    widgets.not_asked_to_be_probable(named.info)
    lost_ink.tell(named, source, start, chosen, shown)
panels = {
    "Film strip": lambda: chains.show_film_strip(named, shown),
    "Digits read": lambda: charts.show_digits(shown),
    "Free energy": lambda: charts.energy(named, shown),
    "How far": lambda: charts.distance(shown),
    "Mixing better": lambda: samplers.panel(named, start, chosen),
    "Take it away": lambda: download.panel(named, start, chosen, shown),
}
for name, panel in panels.items():
    if here.opened(name):
        with here.tabs[name]:
            panel()
share.offer("sample", download.query(named, start))
places.lead_on("sample")
