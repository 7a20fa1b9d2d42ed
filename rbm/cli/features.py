"""rbm features: the hidden probabilities of images, as a file for other programs."""

from __future__ import annotations

import argparse
import io as buffers
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm import files
from rbm.cli.data import as_learned, check_fit, read_data
from rbm.cli.options import Add, add_data, add_model
from rbm.cli.refusals import check_target, refusals
from rbm.errors import BadValue
from rbm.measures import diagnostics
from rbm.models import io
from rbm.models.arrays import Array

SUFFIXES = (".npz", ".csv")


def add_options(add: Add) -> None:
    add_model(add)
    add_data(add, "what to describe, its training images and those held out")
    add("--out", required=True, help="where to save them, a .npz or a .csv file; replaces it (required)")


def run(options: argparse.Namespace) -> int:
    out = Path(options.out)
    with refusals():
        if out.suffix.lower() not in SUFFIXES:
            raise BadValue(f"features are saved as {' or '.join(SUFFIXES)}, and {out.name} is neither")
        check_target(out)
        model, note = io.read(options.model)
        data = read_data(options.data)
        check_fit(model, data)
    parts = (data.train_images, data.test_images)
    features = np.concatenate([diagnostics.hidden(model.marginal, as_learned(p, data, model, note)) for p in parts])
    labels = np.concatenate([data.train_labels, data.test_labels])
    held_out = np.repeat([False, True], [len(part) for part in parts])
    with refusals():
        files.write(out, table(features, labels, held_out, out.suffix.lower()))
    print(f"saved {features.shape[1]} features of {len(features):,} images in {out}")
    return 0


def table(features: Array, labels: NDArray[np.int64], held_out: NDArray[np.bool_], suffix: str) -> bytes:
    """Features (n, d) with the label, the index and the part of each image, as the bytes of a .npz or a .csv file.

    In a CSV a line is an image: index, label, held_out (0 or 1), h0, h1, ... with six digits.
    """
    index = np.arange(len(features))
    if suffix == ".npz":
        arrays: dict[str, Any] = {"features": features, "labels": labels, "index": index, "held_out": held_out}
        np.savez_compressed(packed := buffers.BytesIO(), **arrays)
        return packed.getvalue()
    head = ",".join(["index", "label", "held_out", *(f"h{unit}" for unit in range(features.shape[1]))])
    rows = np.column_stack([index, labels, held_out, features])
    text = buffers.StringIO()
    np.savetxt(text, rows, fmt=["%d"] * 3 + ["%.6g"] * features.shape[1], delimiter=",", header=head, comments="")
    return text.getvalue().encode()
