"""Before NumPy is loaded: one BLAS thread, for two workers of pytest share the cores (test_threads.py takes two)."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
