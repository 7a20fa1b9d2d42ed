"""A run in a zip: it comes back, its README works, and whatever else comes in is refused in one sentence."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rbm
from rbm.errors import BadFile, BadModelFile
from rbm.runs.export import metrics, pack, unpack
from rbm.runs.progress import Point
from rbm.runs.record import Run
from rbm.visitors import owner_hash
from tests import brute

ROOT = Path(__file__).parents[2]
CONFIG = rbm.TrainConfig(n_hidden=7, epochs=30, algorithm="pcd", l2=1e-4)
MODEL = brute.tiny(13, 7, seed=1)
POINTS = [
    Point(0, 5.5, None, 0.0),
    Point(1, 1 / 3, 4.5, 0.25, {"dead_units": 2.0}),
    Point(2, 0.1, 4.25, 0.5, {"dead_units": 1.0, "update_ratio": 1e-3}),
]
RUN = Run(
    "Ziffern ½",
    owner_hash("Quetzal"),
    "digits-8x8",
    "ab" * 32,
    CONFIG,
    created=1e9,
    status="finished",
    epoch=2,
    seconds=0.5,
)
BOB = owner_hash("bob")


def packed() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack(RUN, POINTS, MODEL))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer


def settings(**changes: object) -> dict[str, bytes]:
    members = packed()
    about = json.loads(members["config.json"]) | changes
    return members | {"config.json": json.dumps(about).encode()}


def test_a_run_comes_back_as_the_importers_own() -> None:
    run, points, model = unpack(io.BytesIO(pack(RUN, POINTS, MODEL)), BOB)
    np.testing.assert_array_equal(model.weights, MODEL.weights)
    assert points == POINTS
    assert run.id != RUN.id
    assert run == replace(RUN, id=run.id, owner=BOB, imported=True, training_error=0.1, validation_error=4.25)


@pytest.mark.parametrize("kind", ["LabelRBM", "GaussianRBM"])
def test_models_of_other_kinds(kind: str) -> None:
    arrays = (MODEL.weights, MODEL.visible_bias, MODEL.hidden_bias)
    label = kind == "LabelRBM"
    model = rbm.LabelRBM(*arrays, n_classes=3) if label else rbm.GaussianRBM(*arrays)
    config = CONFIG if label else replace(CONFIG, visible="gaussian")
    run, _, back = unpack(io.BytesIO(pack(replace(RUN, config=config), POINTS, model)), BOB)
    assert type(back).__name__ == kind
    assert run.n_classes == (3 if label else 0)


def test_neither_owner_nor_id_leave_the_house() -> None:
    everything = b"".join(packed().values())
    with np.load(io.BytesIO(packed()["model.npz"])) as arrays:
        everything += arrays["info"].tobytes()
    for secret in (RUN.id, RUN.owner, "Quetzal"):
        assert secret.encode() not in everything


def test_the_five_lines_in_the_readme_work(tmp_path: Path) -> None:
    for name, data in packed().items():
        (tmp_path / name).write_bytes(data)
    readme = (tmp_path / "README.md").read_text()
    program = re.search("```python\n(.*?)```", readme, re.DOTALL)[1]
    assert len(program.splitlines()) == 5
    check = f"{program}assert dreams.shape == (10, 13) and config.l2 == 1e-4, dreams"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", check], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=True
    )
    assert "Ziffern ½" in readme
    assert "for 2 of 30 epochs" in readme


def test_metrics_as_a_table() -> None:
    assert metrics(POINTS[:2]).splitlines() == [
        "epoch,training_error,validation_error,seconds,dead_units",
        "0,5.5,,0.0,",
        f"1,{1 / 3!r},4.5,0.25,2.0",
    ]


def test_a_run_without_a_curve() -> None:
    run, points, _ = unpack(io.BytesIO(pack(RUN, [], MODEL)), BOB)
    assert (points, run.training_error) == ([], None)


def test_an_unfinished_run_is_over_elsewhere() -> None:
    run, _, _ = unpack(io.BytesIO(pack(replace(RUN, status="running"), POINTS, MODEL)), BOB)
    assert run.status == "stopped"


# ---- hostile files


@pytest.mark.parametrize("cut", [slice(0, 0), slice(30, None), slice(None, -30), slice(None, 300)], ids=str)
def test_no_whole_zip(cut: slice) -> None:
    with pytest.raises(BadFile, match=r"archive is damaged|and nothing else"):  # a model is a zip as well
        unpack(io.BytesIO(pack(RUN, POINTS, MODEL)[cut]), BOB)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "model.npz/x", "extra.txt"])
def test_other_members(name: str) -> None:
    with pytest.raises(BadFile, match="and nothing else"):
        unpack(zipped(packed() | {name: b""}), BOB)


def test_missing_and_doubled_members() -> None:
    members = packed()
    with pytest.raises(BadFile, match="nothing else"):
        unpack(zipped({name: data for name, data in members.items() if name != "README.md"}), BOB)
    buffer = zipped(members)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("README.md", b"")
    with pytest.raises(BadFile, match="nothing else"):
        unpack(buffer, BOB)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(BadFile, match=r"metrics.csv unpacks to 9,437,184 bytes; 8,388,608 is the limit"):
        unpack(zipped(packed() | {"metrics.csv": b"0" * (9 * 2**20)}, zipfile.ZIP_STORED), BOB)
    with pytest.raises(BadFile, match=r"unpack to 70 MB; 200 times is the limit"):
        unpack(zipped(packed() | {"metrics.csv": b"0" * (70 * 2**20)}), BOB)
    with pytest.raises(BadFile, match=r"bytes in this file unpack to 7 MB; 200 times is the limit"):
        unpack(zipped(packed() | {"metrics.csv": b"0" * (7 * 2**20)}), BOB)


def test_a_member_longer_than_it_says() -> None:
    buffer = zipped(packed() | {"config.json": b"0" * 70_000}, zipfile.ZIP_STORED)
    data = buffer.getvalue().replace((70_000).to_bytes(4, "little"), (60_000).to_bytes(4, "little"))
    with pytest.raises(BadFile, match="archive is damaged"):
        unpack(io.BytesIO(data), BOB)


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression(kind: int) -> None:
    with pytest.raises(BadFile, match=r"compressed in an unusual way|times is the limit"):
        unpack(zipped(packed(), kind), BOB)


def test_a_locked_zip() -> None:
    data = bytearray(zipped(packed()).getvalue())
    at = data.rfind(b"PK\x01\x02", 0, data.find(b"metrics.csv", data.find(b"PK\x01\x02")))
    data[at + 8] |= 1  # the flag of an encrypted member
    with pytest.raises(BadFile, match="locked with a password"):
        unpack(io.BytesIO(data), BOB)


def test_a_bad_model_inside() -> None:
    with pytest.raises(BadModelFile):
        unpack(zipped(packed() | {"model.npz": b"noise"}), BOB)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"version": None},
        {"config": {"n_hidden": 8}},
        {"config": {"n_hidden": 7, "epochs": -1}},
        {"config": {"n_hidden": 7, "__class__": 1}},
        {"config": {"n_hidden": 7, "visible": "gaussian"}},
        {"config": [1]},
        {"config": None},
        {"fingerprint": "../../x"},
        {"fingerprint": None},
        {"created": "nan"},
        {"created": 1e999},
        {"seconds": -1},
        {"epoch": "many"},
        {"name": "\n"},
        {"versions": 3},
        {"status": []},
    ],
    ids=str,
)
def test_settings_that_describe_no_run(changes: dict[str, object]) -> None:
    with pytest.raises(BadFile, match=r"config.json does not describe this run"):
        unpack(zipped(settings(**changes)), BOB)


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e308", "1e400", "9" * 4000, "9" * 5000, "-1"])
@pytest.mark.parametrize("name", ["created", "seconds", "fraction", "epoch"])
def test_numbers_that_are_none_are_refused_or_kept_within_bounds(name: str, number: str) -> None:
    text = json.dumps(json.loads(settings()["config.json"]) | {name: "@"}).replace('"@"', number)
    file = zipped(packed() | {"config.json": text.encode()})
    if name == "epoch" and number in ("1e308", "9" * 4000, "-1"):
        run, _, _ = unpack(file, BOB)
        assert 0 <= run.epoch <= run.config.epochs
    else:
        with pytest.raises(BadFile, match=r"config.json does not describe this run"):
            unpack(file, BOB)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 10_000, '"x"', "NaN", "\xff"])
def test_settings_that_are_none(text: str) -> None:
    with pytest.raises(BadFile, match=r"config.json does not describe"):
        unpack(zipped(packed() | {"config.json": text.encode("latin-1")}, zipfile.ZIP_STORED), BOB)


def test_long_texts_are_cut() -> None:
    run, _, _ = unpack(zipped(settings(name="x" * 1000, versions={"a" * 99: "b" * 99}, epoch=10**9, fraction=9.0)), BOB)
    assert (len(run.name), run.versions, run.epoch, run.fraction) == (60, {"a" * 20: "b" * 20}, 30, 1.0)


HEAD = "epoch,training_error,validation_error,seconds"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "epoch",
        f"{HEAD}\n1,2,3",
        f"{HEAD}\n1,,3,4",
        f"{HEAD}\n1,2,3,nan",
        f"{HEAD}\n1,inf,3,4",
        f"{HEAD}\n2,2,3,4\n1,2,3,4",
        f"{HEAD}\n-1,2,3,4",
        f"{HEAD}\n1.5,2,3,4",
        f"{HEAD}\n9999999,2,3,4",
        f"{HEAD}\n=cmd,2,3,4",
        f"{HEAD},a,a\n1,2,3,4,5,6",
        f"{HEAD},{','.join(map(str, range(50)))}",
        f"{HEAD}\n1,2,3,4\n\n",
        f"{HEAD}\n{'1' * 5000},2,3,4",
        "\xff",
    ],
    ids=lambda text: text[:60] or "empty",
)
def test_curves_that_are_none(text: str) -> None:
    with pytest.raises(BadFile, match=r"metrics.csv is not a table of numbers"):
        unpack(zipped(packed() | {"metrics.csv": text.encode("latin-1")}), BOB)
