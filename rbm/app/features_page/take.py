"""Take it along: features as a file, and the lines of scikit-learn that read them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm.app.current_model import NamedModel
from rbm.app.features_page import described
from rbm.datasets.dataset import Dataset
from rbm.measures import features_file

LINES = """import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

file = np.load("rbm-features.npz")
features, labels, held_out = file["features"], file["labels"], file["held_out"]
few, _, names, _ = train_test_split(
    features[~held_out], labels[~held_out], train_size=100, stratify=labels[~held_out], random_state=0)
reader = LogisticRegression(max_iter=1000).fit(few, names)
print(f"{1 - reader.score(features[held_out], labels[held_out]):.1%} misread")"""


def section(named: NamedModel, data: Dataset) -> None:
    st.header("Take it along", anchor=False)
    with st.container(horizontal=True):
        for suffix, mime in ((".npz", "application/octet-stream"), (".csv", "text/csv")):
            st.download_button(
                f"Features as {suffix}",
                data=lambda suffix=suffix: packed(named, data, suffix),  # type: ignore[misc]
                file_name=f"rbm-features{suffix}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"features{suffix}",
            )
    if data.labelled:
        st.caption("These lines read the .npz by a hundred labels, as the curve above does:")
        st.code(LINES, language="python", wrap_lines=True)


def packed(named: NamedModel, data: Dataset, suffix: str) -> bytes:
    """Hidden probabilities of the training images and of those held out, with labels, as bytes of a file."""
    (images, labels), (others, truth) = described.training(named, data), described.held_out(named, data)
    features = np.concatenate([described.hidden(named, images), described.hidden(named, others)])
    held_out = np.repeat([False, True], [len(images), len(others)])
    return features_file.packed(features, np.concatenate([labels, truth]), held_out, suffix)
