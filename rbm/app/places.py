"""The pages: what each is called, what it asks, and where it leads. Their order is the sidebar's, group by group."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from rbm.app.lessons import now


class Place(NamedTuple):
    """A page: `question` stands at its head, and at its end a link to the page `then`, with `words`."""

    title: str
    icon: str
    about: str
    question: str
    then: str
    words: str


GROUPS = {
    "Begin": {
        "home": Place(
            "Home", ":material/home:", "What an RBM is, and what each page does.",
            "What can a machine dream that has only ever looked?",
            "learn", "How it works, in 15 minutes",
        ),
        "learn": Place(
            "Learn", ":material/school:", "How it works, in 15 minutes: a machine small enough to see all of it.",
            "How does it work?",
            "train", "Train one on real digits",
        ),
    },
    "Make": {
        "train": Place(
            "Train", ":material/model_training:", "Train an RBM on real digits and watch the error fall.",
            "How does it learn?",
            "sample", "Draw a digit, and let your model dream from it",
        ),
        "data": Place(
            "Data", ":material/photo_library:", "Look at the images that models learn from, or bring your own.",
            "What do models learn from?",
            "train", "Train a model on these images",
        ),
        "runs": Place(
            "Runs", ":material/table_rows:", "Your trainings: compare, keep, download, bring back.",
            "What did your trainings bring?",
            "sample", "Let the model in use dream",
        ),
    },
    "Look inside": {
        "sample": Place(
            "Sample", ":material/draw:", "Draw a digit and watch the Gibbs chain dream from it.",
            "What does the machine see in your digit?",
            "reconstructions", "See it repair damaged digits",
        ),
        "reconstructions": Place(
            "Reconstructions", ":material/compare:", "Damaged digits, and what the model makes of them.",
            "Can it repair what it has never seen?",
            "filters", "See what each hidden unit looks for",
        ),
        "filters": Place(
            "Filters", ":material/grid_view:", "What each hidden unit looks for.",
            "What does each hidden unit look for?",
            "activations", "See which units answer to which digit",
        ),
        "activations": Place(
            "Activations", ":material/blur_on:", "Which hidden units answer to which digit.",
            "Which units tell the digits apart?",
            "features", "See what the hidden layer is good for",
        ),
        "features": Place(
            "Features", ":material/category:", "What the hidden layer is good for.",
            "Is the hidden layer a better description than the pixels?",
            "deep", "Put a second layer on top",
        ),
        "deep": Place(
            "Deep", ":material/stacks:", "A tower of RBMs that reads digits, and dreams them from its top.",
            "What does a second layer add?",
            "train", "Train a tower of your own",
        ),
    },
}  # fmt: skip
ALL = {name: place for group in GROUPS.values() for name, place in group.items()}


def asks(name: str) -> str:
    """The question of a page, in bold."""
    return f"**{ALL[name].question}**"


def lead_on(name: str) -> None:
    """The last line of a page: where to go from here."""
    place = ALL[name]
    link = f"pages/{place.then}.py"
    st.page_link(link, label=place.words, icon=":material/arrow_forward:", query_params=now.query() or None)
