"""A run as one zip, for people and for other labs. What comes back in is hostile until checked."""

from __future__ import annotations

import csv
import io as buffers
import json
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import IO, Any

from rbm import files
from rbm.datasets.own import is_brought
from rbm.errors import BadFile
from rbm.models import io
from rbm.models.binary import RBM
from rbm.runs.progress import OVER, History, Point
from rbm.runs.record import Run
from rbm.training import autoencoder
from rbm.training.config import TrainConfig
from rbm.visitors import clean_name

VERSION = 1
MAX_POINTS = 1_000_001
LATEST = 10**10  # seconds: until the year 2286
MAX_RATIO = 200  # of a member; a curve of one repeated digit stays below, a bomb does not
_MOST_BYTES = {"model.npz": io.MAX_BYTES, "config.json": 2**16, "metrics.csv": 8 * 2**20, "README.md": 2**16}
MAX_BYTES = sum(_MOST_BYTES.values())
MAX_ENTRIES = len(_MOST_BYTES) + io.MAX_ENTRIES  # the model's own are seen too, for it is stored as it is
_ERRORS = ("training_error", "validation_error", "seconds")
_README = """# {name}

A restricted Boltzmann machine of {visible} visible and {hidden} hidden units, trained for {epoch} of {epochs} epochs
on "{data}" in {seconds:.0f} seconds with RBM Lab. `config.json` holds all settings, `metrics.csv` the learning curve.
Five lines load the model, and let ten chains dream:

```python
import json, pathlib, numpy as np, rbm
model = rbm.load("model.npz")
config = rbm.TrainConfig(**json.loads(pathlib.Path("config.json").read_text())["config"])
start = np.zeros((10, model.n_visible))
dreams = rbm.gibbs(model, start, steps=1000, rng=np.random.default_rng(config.seed))
```
"""

_LAYER = """
It is one layer of a tower, and its visible units are the hidden units of the layer below. It stands on, bottom first:
{names}. Each is a run of its own; `rbm.DeepBeliefNet` puts their models together.
"""


def pack(run: Run, points: Sequence[Point], model: RBM, on: Sequence[str] = ()) -> bytes:
    """The run as a zip of model.npz, config.json, metrics.csv and README.md. Its owner and its id stay here.

    on: names of the layers that it stands on, bottom first; of these it tells, and brings back none of them.
    """
    data = "own images" if is_brought(run.data) else run.data  # whose name is nobody's business
    data = f"hidden units on {data}" if run.below else data
    about: dict[str, Any] = {"name": run.name, "data": data}
    file = buffers.BytesIO()
    figures = {"epochs": run.epoch, "validation_error": run.validation_error}
    io.save(file, model, {**about, **figures, **autoencoder.note(run.config)})
    settings = {
        "version": VERSION,
        **about,
        **{key: getattr(run, key) for key in ("fingerprint", "created", "status", "epoch", "fraction", "seconds")},
        "versions": dict(run.versions),
        "config": asdict(run.config),
        **({"stands_on": list(on)} if run.below else {}),
    }
    readme = _README.format(
        **about, visible=model.n_visible, hidden=model.n_hidden, epoch=run.epoch, epochs=run.config.epochs,
        seconds=run.seconds,
    )  # fmt: skip
    if run.below:
        readme += _LAYER.format(names=", ".join(on) or "layers that are gone")
    packed = buffers.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.npz", file.getvalue(), zipfile.ZIP_STORED)
        archive.writestr("config.json", json.dumps(settings, indent=2))
        archive.writestr("metrics.csv", metrics(points))
        archive.writestr("README.md", readme)
    return packed.getvalue()


def bundle(packed: Iterable[tuple[Run, bytes]], max_bytes: int) -> bytes:
    """The first runs that `pack` made, as many as `max_bytes` hold, as zips in a zip."""
    file, left = buffers.BytesIO(), max_bytes
    with zipfile.ZipFile(file, "w") as archive:
        for run, data in packed:
            left -= len(data)
            if left < 0:
                break
            archive.writestr(f"rbm-run-{run.id[:6]}.zip", data)
    return file.getvalue()


def metrics(points: Iterable[Point]) -> str:
    """The learning curve as CSV, a line for each point."""
    kept = list(points)
    names = sorted({name for point in kept for name in point.measures})
    text = buffers.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["epoch", *_ERRORS, *names])
    for p in kept:
        table.writerow([p.epoch, *(getattr(p, name) for name in _ERRORS), *(p.measures.get(name) for name in names)])
    return text.getvalue()


def unpack(file: IO[bytes], owner: str, check: io.Check | None = None) -> tuple[Run, list[Point], RBM]:
    """A new run of this owner from what `pack` made, with its curve, thinned, and model. Raises BadFile.

    check: refuses a model by its numbers of units, before it is read.
    """
    file.seek(0)
    with files.opened(file.read(MAX_BYTES + 1), MAX_ENTRIES, MAX_BYTES, free=2**16, max_ratio=MAX_RATIO) as archive:
        _check_members(archive)
        contents = {name: files.read_member(archive, archive.getinfo(name)) for name in _MOST_BYTES}
    model, _ = io.read(buffers.BytesIO(contents["model.npz"]), check)
    try:
        points = list(History(_points(contents["metrics.csv"].decode())).points())
    except (ValueError, IndexError, csv.Error):
        raise BadFile("metrics.csv is not a table of numbers, one line for each epoch") from None
    try:
        return _run(json.loads(contents["config.json"]), points, model, owner), points, model
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise BadFile(f"config.json does not describe this run: {error}") from None


def _check_members(archive: zipfile.ZipFile) -> None:
    """By what the table of contents says, before anything is unpacked."""
    members = archive.infolist()
    if sorted(member.filename for member in members) != sorted(_MOST_BYTES):
        raise BadFile(f"a run holds {', '.join(sorted(_MOST_BYTES))}, and nothing else")
    for member in members:
        most = _MOST_BYTES[member.filename]
        if member.file_size > most:
            raise BadFile(f"{member.filename} unpacks to {member.file_size:,} bytes; {most:,} is the limit")


def _points(text: str) -> Iterable[Point]:
    table = csv.reader(buffers.StringIO(text))
    names = next(table, [])
    if (
        names[:4] != ["epoch", *_ERRORS]
        or len(names) > 50
        or len(set(names)) != len(names)
        or max(map(len, names)) > 40
    ):
        raise ValueError("other columns")
    before = -1
    for count, values in enumerate(table):
        epoch = int(values[0])
        if count >= MAX_POINTS or not before < epoch < MAX_POINTS or len(values) != len(names):
            raise ValueError("other lines")
        numbers = [float(value) if value else None for value in values[1:]]
        if not all(number is None or math.isfinite(number) for number in numbers):
            raise ValueError("not a number")
        training, validation, seconds, *others = numbers
        if training is None or seconds is None:
            raise ValueError("a gap")
        measures = {name: value for name, value in zip(names[4:], others, strict=True) if value is not None}
        yield Point(epoch, training, validation, seconds, measures)
        before = epoch


def _run(about: dict[str, Any], points: Sequence[Point], model: RBM, owner: str) -> Run:
    """Raises ValueError, KeyError, TypeError or AttributeError for what doesn't fit together."""
    if about["version"] != VERSION:
        raise ValueError(f"it has version {str(about['version'])[:9]}; this program reads version {VERSION}")
    config = TrainConfig(**about["config"])
    if config.n_hidden != model.n_hidden or config.visible != model.pixel_kind:
        raise ValueError(f"its settings ask for {config.n_hidden} hidden units; the model has {model.n_hidden}")
    if not re.fullmatch("[0-9a-f]{64}", about["fingerprint"]):
        raise ValueError("its fingerprint is none")
    created, seconds, fraction = numbers = [float(about[key]) for key in ("created", "seconds", "fraction")]
    if not all(0 <= number <= LATEST for number in numbers):
        raise ValueError(f"its times must be numbers from 0 to {LATEST:,}")
    last = points[-1] if points else None
    return Run(
        name=clean_name(str(about["name"])),
        owner=owner,
        data=clean_name(str(about["data"])),
        fingerprint=about["fingerprint"],
        config=config,
        n_classes=model.n_classes,
        versions={str(key)[:20]: str(value)[:20] for key, value in list(dict(about["versions"]).items())[:10]},
        status=about["status"] if about["status"] in OVER else "stopped",
        epoch=min(max(int(about["epoch"]), 0), config.epochs),
        training_error=last.training_error if last else None,
        validation_error=last.validation_error if last else None,
        imported=True,
        created=created,
        seconds=seconds,
        fraction=min(fraction, 1.0),
    )
