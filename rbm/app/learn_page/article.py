"""Chapter 8: from the article that this lab grew out of to the lab, line for line, with its Chinese terms."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from rbm.app.learn_page import quiz


class Line(NamedTuple):
    """Of the article's program: its name there, what it computes, and what the lab does in its place."""

    name: str
    there: str
    here: str


LINES = (
    Line(
        "v0_prob",
        "the batch's grey levels, pixel / 255",
        "*Classic 784-500* does the same. Usual, though a binary unit holds 0 or 1; *Recommended* draws each pixel.",
    ),
    Line("h0_prob, h0", "σ(v0_prob · Wᵀ + bh), and drawn from it", "The same: mean_hidden and sample_hidden."),
    Line("v1_prob, v1", "σ(h0 · W + bv), and drawn from it", "The same: mean_visible and sample_visible."),
    Line(
        "h1_prob, h1",
        "σ(v1 · Wᵀ + bh), and drawn from it",
        "From the drawn v1 too. That probability is used as it is: drawing h1 would add noise and nothing else.",
    ),
    Line(
        "dW",
        "(h0ᵀ · v0_prob − h1ᵀ · v1_prob) / n",
        "Not usual: h0 and h1 drawn here, and v1's probabilities beside an h1 that came from the drawn v1. Ours: "
        "h0_prob and h1_prob, with v1 drawn. The setting *Dreamed pixels are: probabilities* comes nearest, and as "
        "there the error falls lower.",
    ),
    Line(
        "dbv, dbh",
        "means of v0_prob − v1_prob and of h0_prob − h1_prob",
        "dbh is the same; in dbv ours has the drawn v1. Probabilities in the biases' steps are usual; that dW has "
        "draws beside them is not.",
    ),
    Line("W += 0.1 · dW", "gradient ascent; batches of 128, 30 epochs", "*Classic 784-500* does the same."),
    Line(
        "N(0, 0.1²), zeros",
        "the first weights and biases",
        "*Classic 784-500* too. Hinton's guide advises N(0, 0.01²), and visible biases from the data.",
    ),
    Line(
        "err_sum",
        "each batch's mean squared error, added up; then divided by the number of images",
        "Ours is the mean over images. The article's figure is about a batch size too small.",
    ),
)
TERMS = {
    "受限玻尔兹曼机": "restricted Boltzmann machine",
    "显层": "visible layer",
    "隐层": "hidden layer",
    "偏置": "bias",
    "能量函数": "energy function",
    "玻尔兹曼分布": "Boltzmann distribution",
    "条件概率": "conditional probability",
    "采样": "sampling",
    "吉布斯采样": "Gibbs sampling",
    "对比散度": "contrastive divergence",
    "梯度上升": "gradient ascent",
    "重建误差": "reconstruction error",
    "降维": "dimensionality reduction",
    "自编码器": "autoencoder",
    "深度置信网络": "deep belief network",
}


def article() -> None:
    st.markdown(
        "This lab grew out of a Chinese article with a NumPy program: 784 pixels, 500 hidden units, CD-1 on the first "
        "5,000 training digits of MNIST (the lab's *mnist-5k* has 500 of each class, a fifth of them held out). Its "
        "lines, and ours:"
    )
    quiz.card("article")
    with st.grid(2, min_column_width=330):
        for line in LINES:
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"`{line.name}`  \n{line.there}")
                st.caption(f"**The lab:** {line.here}")
    st.markdown(
        "**One word differs from the field's.** The article lets the RBM *minimise the log-likelihood* "
        "(最小化对数似然). It is **maximised**; what is minimised is its negative. Its program does "
        "so: the step is an ascent, as ours. Its W has a row for each hidden unit, ours a column."
    )
    st.markdown(" · ".join(f"**{chinese}** {english}" for chinese, english in TERMS.items()))
    with st.container(horizontal=True):
        st.page_link(
            "pages/train.py",
            label="Train the article's machine",
            icon=":material/model_training:",
            query_params={"preset": "Classic 784-500"},
        )
        st.page_link("pages/reconstructions.py", label="See reconstructions", icon=":material/compare:")
