"""Before NumPy is loaded: one BLAS thread, for two workers of pytest share the cores (test_threads.py takes two). And
no test writes into the folder of whoever runs it."""

import os
import tempfile

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
_HOME = tempfile.TemporaryDirectory(prefix="rbm-tests-")  # gone with the process
os.environ["RBM_HOME"] = _HOME.name
