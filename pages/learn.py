"""What an RBM is, on a machine small enough to see all of it: eight chapters, a guess in each."""

import streamlit as st

from rbm.app import frame
from rbm.app.learn_page import chapters
from rbm.app.lessons import now, share

frame.ensure()

chapter = chapters.heading()
chapters.ALL[chapter].draw()
chapters.ways_on(chapter)
with st.container(horizontal=True, vertical_alignment="center"):
    share.offer("learn", {"chapter": [chapter]})
    if now.current() is None:
        st.page_link("pages/lesson.py", label="A lesson of 45 minutes, for teachers", icon=":material/co_present:")
