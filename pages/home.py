"""What an RBM is, what each page does, and the model in use."""

import streamlit as st

from rbm.app import library, session, shell, show

shell.ensure()
named = session.current()
model = named.model

st.title("RBM Lab")
st.markdown(
    "Train a **restricted Boltzmann machine** on handwritten digits in your browser, see what it learned, "
    "and watch it dream."
)
text, picture = st.columns(2, gap="large")
with text:
    st.subheader("What is an RBM?")
    st.markdown(
        "It is a network of two layers that learns what its data look like, without being told what they are. "
        "The **visible units** $v$ are the pixels of an image; the **hidden units** $h$ each look for a pattern. "
        "Every pixel is wired to every hidden unit by a weight, and nothing is wired within a layer: that is the "
        "restriction. Together they give each image an energy, "
        r"$E(v, h) = -\,b^\top v - c^\top h - v^\top W h$, and likely images are those of low energy. "
        "Training lowers the energy of real digits and raises that of what the model dreams up by itself, until "
        "its dreams look like digits."
    )
    with st.container(horizontal=True):
        if st.button("Draw a digit", icon=":material/draw:", type="primary"):
            st.switch_page("pages/sample.py")
        if st.button("Train your own", icon=":material/model_training:"):
            st.switch_page("pages/train.py")
with picture:
    show.picture(session.portrait(named))
    st.caption("Each hidden unit is shown as its weights: red pixels switch it on, blue ones off.")

st.subheader("The pages")
with st.grid(3, min_column_width=180, border=True):
    for name, (title, icon, description) in shell.PAGES.items():
        if name != "home":
            with st.container():
                st.page_link(f"pages/{name}.py", label=title, icon=icon)
                st.caption(description)

st.subheader("The model in use")
with st.grid(5, min_column_width=140):
    st.metric("Name", named.name, border=True)
    st.metric("Visible × hidden", f"{model.n_visible} × {model.n_hidden}", border=True)
    st.metric("Data", library.title(named.data) if named.data else "none fits", border=True)
    st.metric("Epochs", "unknown" if named.epochs is None else named.epochs, border=True)
    st.metric(
        "Held-out error",
        "unknown" if named.error is None else f"{named.error:.2f}",
        border=True,
        help="Squared difference between a digit the model never saw and its reconstruction, summed over pixels, "
        "averaged over digits. Lower is better; what is good depends on the data.",
    )
