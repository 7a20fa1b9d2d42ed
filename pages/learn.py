"""What an RBM is, on a machine small enough to see all of it: eight chapters, a guess in each."""

from rbm.app import frame
from rbm.app.learn_page import chapters

frame.ensure()

chapter = chapters.heading()
chapters.ALL[chapter].draw()
chapters.ways_on(chapter)
