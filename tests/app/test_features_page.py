"""The Features page: guess, then see; the model in use is measured on the queue; maps, neighbours, files."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import rbm
from rbm.app import current_model, server
from rbm.app.current_model import NamedModel
from rbm.app.features_page import curves, described, neighbours, plane, take
from rbm.datasets.dataset import Dataset
from rbm.measures.probe import learning_curve
from rbm.measures.reader import nearest
from tests.app.test_pages import app, open_page, pressed, small_model
from tests.patience import SECONDS

__all__ = ["app"]


def said(app: AppTest) -> str:
    return " ".join(text.value for text in [*app.markdown, *app.caption, *app.warning, *app.info, *app.error])


def drawn(app: AppTest) -> list[str]:
    return [chart.key for chart in app.get("plotly_chart")]


def finish(key: tuple[object, ...]) -> None:
    errand = server.lab().errands.find(key)
    assert errand is not None
    assert errand.join(SECONDS)
    assert errand.trouble == ""


def test_the_curves_are_covered_until_there_is_a_guess(app: AppTest) -> None:
    open_page(app, "features")
    assert "By their **pixels**" in said(app)
    assert "probe_curves" not in drawn(app)
    app.number_input(key="guess_features_100").set_value(30)
    pressed(app, "That is my guess")
    assert "probe_curves" in drawn(app)
    assert "You guessed **30**" in said(app)
    assert "Measure Digits" not in [button.label for button in app.button], "what ships of it is known"


def test_a_model_of_ones_own_is_measured_point_by_point(app: AppTest) -> None:
    named = small_model(64)
    app.session_state["model_in_use"] = named
    open_page(app, "features")
    assert "probe_curves" in drawn(app), "no curves ship for other data: nothing to guess about"
    pressed(app, "Measure Small")
    data = named.dataset
    assert data is not None
    finish(curves._key(named, data))
    app.run()
    results = server.lab().errands.find(curves._key(named, data)).results  # type: ignore[union-attr]
    hidden = described.hidden(named, data.train_images), described.hidden(named, data.test_images)
    mine = [point for name, point in results if name == "Small"]
    assert mine == list(learning_curve(hidden[0], data.train_labels, hidden[1], data.test_labels))
    assert {name for name, _ in results} == {"pixels", "50 principal components", "untrained", "Small"}
    assert "Measure Small" not in [button.label for button in app.button]


def test_maps_count_neighbours_and_t_sne_can_be_drawn_and_stopped(app: AppTest) -> None:
    app.session_state["model_in_use"] = named = small_model(64)
    open_page(app, "features")
    assert {"map_pixels", "map_hidden"} <= set(drawn(app))
    assert "nearest are of its own class: by pixels **" in said(app)
    app.segmented_control(key="map_method").select("t-SNE").run()
    assert "map_pixels" not in drawn(app)
    pressed(app, "Draw the map")
    data = named.dataset
    assert data is not None
    for space in plane.TITLES:
        finish(plane._key(named, data, space, plane.USUAL))
    app.run()
    assert {"map_pixels", "map_hidden"} <= set(drawn(app))
    app.segmented_control(key="map_perplexity").select(5).run()
    plane._start(named, data, 5)
    for space in plane.TITLES:
        errand = server.lab().errands.find(plane._key(named, data, space, 5))
        assert errand is not None
        errand.stop()
        assert errand.join(SECONDS)
    app.run()
    assert "Draw the map" in [button.label for button in app.button], "it can be begun again"


def test_neighbours_are_the_readers_and_strangers_are_framed(app: AppTest) -> None:
    named = small_model(64)
    app.session_state["model_in_use"] = named
    open_page(app, "features")
    app.session_state["features_digit"] = 7
    app.run()
    data = named.dataset
    assert data is not None
    image, label = data.test_images[6] / np.float32(255), data.test_labels[6]
    near = nearest(data.train_images / np.float32(255), image, 12)
    strangers = int((data.train_labels[near] != label).sum())
    captions = [text for picture in app.image for text in picture.captions]
    assert f"12 training images that pixels find alike; {strangers} of another class" in captions
    assert any("hidden units find alike" in text for text in captions)


def test_strangers_have_an_orange_frame() -> None:
    images, shape = np.zeros((3, 6), np.uint8), (2, 3)
    data = Dataset("tiny", images, np.array([1, 2, 1]), images, np.array([1, 2, 1]), shape)
    framed = neighbours._framed(images, np.array([1, 2, 1]), 1, data, "alt")
    assert neighbours.ORANGE in colours(framed.png)
    assert neighbours.ORANGE not in colours(neighbours._framed(images, np.array([1, 2, 1]), -1, data, "alt").png)


def colours(png: bytes) -> set[tuple[int, ...]]:
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).reshape(-1, 3)
    return {tuple(map(int, pixel)) for pixel in pixels}


def test_images_without_labels_have_maps_and_neighbours_and_no_curve(app: AppTest) -> None:
    rng = np.random.default_rng(0)
    images, none = rng.integers(0, 256, (211, 35)).astype(np.uint8), np.zeros(211, np.int64)
    plain = Dataset("plain", images[:150], none[:150], images[150:], none[150:], (5, 7))
    card, _ = server.library().keep(app.session_state["owner_key"], plain, "plain")
    model = rbm.RBM(rng.normal(size=(35, 11)), np.zeros(35), np.zeros(11))
    app.session_state["model_in_use"] = NamedModel("Other", model, card.name)
    open_page(app, "features")
    assert not app.exception
    assert "These images have no labels" in said(app)
    assert {"map_pixels", "map_hidden"} <= set(drawn(app))
    assert "of its own class" not in said(app)
    assert "probe_curves" not in drawn(app)


def test_the_lines_of_scikit_learn_read_the_file_that_is_downloaded(tmp_path: Path) -> None:
    named = current_model.default_model()
    assert named.dataset is not None
    (tmp_path / "rbm-features.npz").write_bytes(take.packed(named, named.dataset, ".npz"))
    ran = subprocess.run(
        [sys.executable, "-c", take.LINES], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    misread = float(ran.stdout.partition("%")[0])
    assert 10 < misread < 25, "between chance of a draw; the curve says about 18 with a hundred labels"


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_the_files_hold_both_parts(suffix: str) -> None:
    named = small_model(64)
    assert named.dataset is not None
    data = take.packed(named, named.dataset, suffix)
    if suffix == ".csv":
        assert data.count(b"\n") == 1 + len(named.dataset.train_images) + len(named.dataset.test_images)
    else:
        with np.load(io.BytesIO(data)) as file:
            assert file["features"].shape[1] == 11
            assert int(file["held_out"].sum()) == len(named.dataset.test_images)
