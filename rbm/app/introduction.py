"""What a restricted Boltzmann machine is, in a minute."""

from __future__ import annotations

import streamlit as st

from rbm.app import session, show

GUIDE = "https://www.cs.toronto.edu/~hinton/absps/guideTR.pdf"


@st.dialog("How does it work?", width="medium")
def dialog() -> None:
    st.markdown(
        "Two layers. The **visible units** $v$ are the pixels of an image; the **hidden units** $h$ each look for a "
        "pattern. Every pixel is wired to every hidden unit by a weight, and nothing is wired within a layer: that "
        "is the restriction."
    )
    show.picture(session.portrait(session.current()), width=480)
    st.caption("Each hidden unit is shown as its weights: red pixels switch it on, blue ones off.")
    st.markdown(
        r"""
Together they give each image an **energy**, and likely images are those of low energy:

$E(v, h) = -\,b^\top v - c^\top h - v^\top W h, \qquad p(v, h) \propto e^{-E(v, h)}$

**Dreaming.** Given the pixels, each hidden unit is on with probability
$p(h_j = 1 \mid v) = \sigma(c_j + \sum_i v_i W_{ij})$; given the hidden units, each pixel likewise. Letting the two
layers answer each other in turn is a **Gibbs chain**: it wanders through what the model finds likely.

**Training.** Show a digit, and lower its energy. Let the chain dream a few steps away from it, and raise the energy
of what it dreamt. That is **contrastive divergence**; when the dreams look like the digits, the two cancel.
"""
    )
    with st.container(horizontal=True):
        if st.button("See it train", icon=":material/model_training:", type="primary"):
            st.switch_page("pages/train.py")
        st.link_button(
            "Hinton's practical guide",
            "https://www.cs.toronto.edu/~hinton/absps/guideTR.pdf",
            icon=":material/menu_book:",
        )
