"""rbm features: the hidden probabilities of images, as a file for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from rbm import files
from rbm.cli.data import as_learned, check_fit, read_data
from rbm.cli.options import Add, add_data, add_model
from rbm.cli.refusals import check_target, refusals
from rbm.errors import BadValue
from rbm.measures import diagnostics, features_file
from rbm.models import io

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
        files.write(out, features_file.packed(features, labels, held_out, out.suffix.lower()))
    print(f"saved {features.shape[1]} features of {len(features):,} images in {out}")
    return 0
