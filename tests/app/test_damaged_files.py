"""One flipped byte of a file that ships hurts that file alone: it is named, and every page opens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rbm import pretrained
from rbm.app import current_model
from rbm.app.features_page import curves
from rbm.app.learn_page import numbers, questions
from rbm.errors import BadFile
from rbm.models import io
from rbm.pretrained import course, learning, plane, probe, unrolled
from tests.app.test_pages import PAGES, app, open_page, says

__all__ = ["app"]

PARTS = ("weights", "visible_bias", "hidden_bias")
FILES = sorted(path.stem for path in pretrained.path("x").parent.glob("*.npz"))


def forget() -> None:
    """All that was read from these files before."""
    st.cache_resource.clear()
    for module in (course, learning, plane, probe, unrolled, curves, numbers, questions):
        for one in vars(module).values():
            if hasattr(one, "cache_clear"):
                one.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of what ships, in use instead of it."""
    copy = tmp_path / "pretrained"
    shutil.copytree(pretrained.path("x").parent, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(pretrained, "path", lambda name: copy / f"{name}.npz")
    forget()
    yield copy
    forget()


def flip(path: Path, where: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(where * len(data))] ^= 0x10
    path.write_bytes(data)
    forget()


def test_these_are_all_files() -> None:
    models = ["classes", "deep", "default", "first", "sick", "strokes"]
    assert [*FILES] == sorted([*models, "course", "learning", "plane", "probe", "unrolled"])


@pytest.mark.parametrize("name", FILES)
def test_every_page_opens_with_a_damaged_file(folder: Path, app: AppTest, name: str) -> None:
    flip(folder / f"{name}.npz", 0.5)
    for page in PAGES:
        assert not open_page(app, page).exception
        told = [error.value for error in app.error]
        if (page, name) == ("learn", "course"):  # every chapter is about machines in it
            assert "course.npz, which ships with the program, can't be read" in told[0]
        elif (page, name) == ("features", "probe"):  # the curves to compare with; maps and neighbours are there
            assert "probe.npz, which ships with the program, can't be read" in told[0]
            assert "map_pixels" in [chart.key for chart in app.get("plotly_chart")]
        elif (page, name) == ("deep", "deep"):
            assert "deep.npz, which ships with the program, can't be read" in told[0]
        elif (page, name) == ("deep", "first"):  # the net that is unrolled stands on it
            assert "This can't be shown: this is not a model file" in told[0]
        elif (page, name) == ("deep", "unrolled"):
            assert "unrolled.npz, which ships with the program, can't be read" in told[0]
        else:
            assert told == []
        if page == "home" and name in pretrained.NAMES:
            assert says(app, f"**{name}.npz**")
            assert says(app, "This model can't be read")


def test_a_damaged_map_of_two_units_hurts_itself_alone(folder: Path, app: AppTest) -> None:
    flip(folder / "plane.npz", 0.5)
    open_page(app, "features")
    app.segmented_control(key="map_method").select("Two units").run()
    assert not app.exception
    assert "plane.npz, which ships with the program, can't be read" in app.error[0].value


@pytest.mark.parametrize("where", [0.0, 0.01, 0.3, 0.7, 0.99, 0.9999])
@pytest.mark.parametrize("name", FILES)
def test_no_flipped_byte_goes_unseen(folder: Path, name: str, where: float) -> None:
    """What is read is what was written, or nothing is: the checksums of the archive see to it."""
    before = _read(name)
    flip(folder / f"{name}.npz", where)
    try:
        after = _read(name)
    except BadFile:
        return
    assert after == before


def _read(name: str) -> dict[str, bytes]:
    if name in pretrained.NETS.values():  # its reader knows how many layers there must be
        layers = enumerate(io.read_net(pretrained.path(name))[0].layers)
        return {f"{number} {part}": getattr(layer, part).tobytes() for number, layer in layers for part in PARTS}
    return {key: array.tobytes() for key, array in pretrained.arrays(name).items()}


def test_without_any_model_pages_say_so(folder: Path, app: AppTest) -> None:
    for name in pretrained.NAMES:
        flip(folder / f"{name}.npz", 0.5)
    assert current_model.shipped() == {}
    assert not open_page(app, "home").exception
    assert "no model that ships with the program can be read" in app.error[0].value
