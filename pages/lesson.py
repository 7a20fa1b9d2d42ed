"""The class of the lesson that is open: its runs side by side. Without one: how to give a lesson, and one's own."""

import streamlit as st

from rbm.app import frame
from rbm.app.lesson_page import own, plan, wall
from rbm.app.lessons import now
from rbm.app.text import plain

frame.ensure()

if (here := now.current()) is None:
    st.title("Lesson")
    own.listed()
    plan.draw()
else:
    st.title(plain(here.lesson.title))
    own.ways(here)
    wall.draw(here)
    if here.teaches:
        plan.folded()
