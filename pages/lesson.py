"""The class of the lesson that is open: its runs side by side. Without one: how to give a lesson, and one's own."""

import streamlit as st

from rbm.app import frame
from rbm.app.lesson_page import own, plan, wall
from rbm.app.lessons import now

frame.ensure()

if (here := now.current()) is None:
    st.title("Lesson", anchor=False)
    own.listed()
    plan.draw()
else:
    st.title("The class", anchor=False)
    own.ways(here)
    wall.draw(here)
    if here.teaches:
        plan.folded()
