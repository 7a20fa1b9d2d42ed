"""RBM Lab. Run it with: streamlit run streamlit_app.py"""

from rbm.app import frame

frame.run()
