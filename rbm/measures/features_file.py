"""Features as a file for other programs."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm.models.arrays import Array


def packed(features: Array, labels: NDArray[np.int64], held_out: NDArray[np.bool_], suffix: str) -> bytes:
    """Features (n, d) with the label, the index and the part of each image, as the bytes of a .npz or a .csv file.

    In a CSV a line is an image: index, label, held_out (0 or 1), h0, h1, ... with six digits.
    """
    index = np.arange(len(features))
    if suffix == ".npz":
        arrays: dict[str, Any] = {"features": features, "labels": labels, "index": index, "held_out": held_out}
        np.savez(file := io.BytesIO(), **arrays)
        return file.getvalue()
    head = ",".join(["index", "label", "held_out", *(f"h{unit}" for unit in range(features.shape[1]))])
    rows = np.column_stack([index, labels, held_out, features])
    text = io.StringIO()
    np.savetxt(text, rows, fmt=["%d"] * 3 + ["%.6g"] * features.shape[1], delimiter=",", header=head, comments="")
    return text.getvalue().encode()
