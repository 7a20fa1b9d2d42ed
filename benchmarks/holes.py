"""What one visitor alone once brought the server down with, tried one after the other against the real one.

For `benchmarks.torture`. Each hole is an address to open or a file to bring, in a real Chromium; said of it are the
first sentence that the page answers with, the seconds until then, and what the server's memory grew by.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

import rbm
from benchmarks import server as serving
from benchmarks.app import idle
from benchmarks.classroom import megabytes
from rbm.models import io as model_file
from rbm.runs import export
from rbm.runs.record import Run
from rbm.training.config import TrainConfig

PATIENCE = 60_000  # milliseconds
MOST_SECONDS, MOST_MEGABYTES = 20.0, 400.0  # of one hole: beyond, it is one
ANSWERS = '[data-testid="stAlert"]'


class Hole(NamedTuple):
    """`address` of a page; `button` to press on it, or `file` to bring there, if any."""

    what: str
    address: str
    button: str = ""
    file: Callable[[], tuple[str, bytes]] | None = None


class Tried(NamedTuple):
    what: str
    answer: str
    seconds: float
    megabytes: float

    @property
    def survived(self) -> bool:
        return self.seconds <= MOST_SECONDS and self.megabytes <= MOST_MEGABYTES


def try_all(browser: Browser, server: serving.Server) -> list[Tried]:
    return [_try(browser, server, hole) for hole in HOLES if server.process.poll() is None]


def _try(browser: Browser, server: serving.Server, hole: Hole) -> Tried:
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.set_default_timeout(PATIENCE)
    before, begin = megabytes(server, "VmRSS"), time.perf_counter()
    page.goto(f"{server.url}/{hole.address}")
    idle(page)
    if hole.file is not None:
        name, data = hole.file()
        begin = time.perf_counter()
        _bring(page, name, data)
    if hole.button:
        page.get_by_role("button", name=hole.button, exact=True).click()
        idle(page)
    answers = page.locator(ANSWERS).all_text_contents()
    tried = Tried(
        hole.what, " ".join(answers)[:160] or "shown", time.perf_counter() - begin, megabytes(server, "VmRSS") - before
    )
    page.context.close()
    return tried


def _bring(page: Page, name: str, data: bytes) -> None:
    field = page.locator('input[type="file"]').first
    field.wait_for(state="attached")
    field.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": data})
    page.wait_for_timeout(1000)  # until the page has heard of it
    idle(page)


# ---- files from hell


def _npz(**arrays: np.ndarray) -> bytes:  # type: ignore[type-arg]
    np.savez_compressed(buffer := io.BytesIO(), **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def a_note_of_empty_lists() -> tuple[str, bytes]:
    """A small file whose note takes gigabytes as Python's objects."""
    note = ('{"version": 1, "kind": "RBM", "x": [' + ", ".join(["[]"] * 20_000_000) + "]}").encode()
    return "note.npz", _npz(
        weights=np.zeros((784, 2), "f4"), visible_bias=np.zeros(784, "f4"), hidden_bias=np.zeros(2, "f4"),
        info=np.frombuffer(note, np.uint8),
    )  # fmt: skip


def zeros_without_end() -> tuple[str, bytes]:
    """784 x 130,000 weights, all of them zero: 400 MB in 400 KB."""
    note = np.frombuffer(b'{"version": 1, "kind": "RBM"}', np.uint8)
    return "zeros.npz", _npz(
        weights=np.zeros((784, 130_000), "f4"), visible_bias=np.zeros(784, "f4"),
        hidden_bias=np.zeros(130_000, "f4"), info=note,
    )  # fmt: skip


def a_curve_of_a_million_lines() -> tuple[str, bytes]:
    config = TrainConfig(n_hidden=7, epochs=1_000_000)
    run = Run("long", "owner", "mnist-5k", "0" * 64, config, 0.0, status="finished", epoch=1_000_000)
    model = rbm.RBM(np.zeros((784, 7)), np.zeros(784), np.zeros(7))
    lines = "".join(f"{epoch},1,1,{epoch}\n" for epoch in range(1_000_001))
    with zipfile.ZipFile(io.BytesIO(export.pack(replace(run), [], model))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["metrics.csv"] = f"epoch,training_error,validation_error,seconds\n{lines}".encode()
    with zipfile.ZipFile(packed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return "long.zip", packed.getvalue()


def a_jpeg_of_1500_scans() -> tuple[str, bytes]:
    Image.new("L", (2000, 2000), 128).save(buffer := io.BytesIO(), "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        archive.writestr("scans.jpg", data[:last] + data[last:-2] * 1500 + data[-2:])
    return "scans.zip", packed.getvalue()


def a_note_of_settings_that_are_none() -> tuple[str, bytes]:
    model = rbm.RBM(np.zeros((784, 7)), np.zeros(784), np.zeros(7))
    model_file.save(buffer := io.BytesIO(), model, {"config": json.loads('{"epochs": 1e999}')})
    return "infinite.npz", buffer.getvalue()


HOLES = [
    Hole("1,000 chains at 10 temperatures", "train?algorithm=pt&n_hidden=4000&chains=1000&temperatures=10"),
    Hole("4,000 hidden units, 2,000 chains", "train?algorithm=pcd&n_hidden=4000&chains=2000&epochs=1000", "Start"),
    Hole("settings that are no numbers", "train?n_hidden=inf&learning_rate=nan&epochs=1e999&seed=-1"),
    Hole("a dream of giant numbers", "sample?chains=1e999&sweeps=99999999999999999999&temperature=nan&seed=inf"),
    Hole("a run that is a path", "runs?run=../../../../etc/passwd%00"),
    Hole("a model's note of 20 million lists", "train", file=a_note_of_empty_lists),
    Hole("a model of 784 x 130,000 zeros", "train", file=zeros_without_end),
    Hole("a model with settings that are none", "train", file=a_note_of_settings_that_are_none),
    Hole("a run with a curve of a million lines", "runs", file=a_curve_of_a_million_lines),
    Hole("a JPEG of 1,500 scans", "data?data_tab=Your+images", file=a_jpeg_of_1500_scans),
]  # fmt: skip
