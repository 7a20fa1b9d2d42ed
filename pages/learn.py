"""What an RBM is, on a machine small enough to see all of it: eight chapters, a guess in each."""

import streamlit as st

from rbm.app import frame
from rbm.app.learn_page import chapters

frame.ensure()

st.title("Learn")
chapter = chapters.choice()
chapters.ALL[chapter].draw()
chapters.ways_on(chapter)
