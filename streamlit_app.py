"""RBM Lab. Run it with: streamlit run streamlit_app.py"""

import streamlit as st

from rbm.app import figures, shell

st.set_page_config(page_title="RBM Lab", page_icon=figures.favicon(), layout="wide")
shell.run()
