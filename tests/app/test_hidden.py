"""Sample: the hidden units light up with the drawing, and one of them shows its arithmetic and the pixels' answer."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import rbm
from rbm.app import arithmetic, current_model
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import hidden
from rbm.measures import arithmetic as sums
from tests.app.test_sample_page import captions, drawn, label_model, press, three

ROOT = Path(__file__).parents[2]


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run()
    return app.switch_page("pages/sample.py").run()


def choose(app: AppTest, unit: int) -> AppTest:
    """As a click on its tile does."""
    app.session_state["dream_unit"] = unit
    app.session_state["dream_unit_open"] = True
    return app.run()


def told(app: AppTest) -> str:
    return "\n".join(text.value for text in app.markdown)


def numbers(app: AppTest) -> dict[str, float]:
    text = told(app)
    found = re.search(r"w \\cdot v = (-?[\d.]+).*?c = (-?[\d.]+).*?sigma\((-?[\d.]+)\) = ([\d.]+)", text, re.DOTALL)
    assert found is not None, text
    return dict(zip(("wv", "c", "total", "chance"), map(float, found.groups()), strict=True))


def test_nothing_is_reckoned_until_a_unit_is_chosen(app: AppTest) -> None:
    assert not app.exception
    assert "Click a unit" in told(app)
    assert "The pixels answer" not in told(app)
    choose(drawn(app, three()), 137)
    assert not app.exception
    assert "**Unit 137** over this digit" in told(app)
    said = numbers(app)
    assert said["wv"] + said["c"] == pytest.approx(said["total"], abs=0.011)
    assert 1 / (1 + np.exp(-said["total"])) == pytest.approx(said["chance"], abs=0.002)
    assert {"filter over digit", "on minus off"} <= set(captions(app))
    press(app, "Close")
    assert "The pixels answer" not in told(app)
    choose(app, 138)
    assert "**Unit 138** over this digit" in told(app)


def test_the_switch_shows_the_pixels_with_and_without(app: AppTest) -> None:
    choose(app, 246)
    (switch,) = [toggle for toggle in app.toggle if toggle.label == "Unit 246 is on"]
    assert switch.value == (numbers(app)["chance"] >= 0.5)
    word = {True: "with it on", False: "with it off"}
    assert word[switch.value] in captions(app)
    switch.set_value(not switch.value).run()
    assert word[not switch.value] not in captions(app)


def test_without_a_single_picture_they_stay_dark(app: AppTest) -> None:
    choose(app, 11)
    app.segmented_control(key="dream_source").select("Noise").run()
    assert not app.exception
    assert "The pixels answer" not in told(app)
    app.segmented_control(key="dream_source").select("A test digit").run()
    assert "**Unit 11** over this digit" in told(app)


def test_class_units_are_part_of_the_sum(app: AppTest) -> None:
    app.session_state["model_in_use"] = label_model()
    choose(app.run(), 7)
    assert not app.exception
    assert "from the class units" in told(app)


def test_a_smaller_model_has_no_unit_of_that_number(app: AppTest) -> None:
    choose(app, 400)
    rng = np.random.default_rng(0)
    app.session_state["model_in_use"] = NamedModel(
        "Small", rbm.RBM(rng.normal(size=(64, 5)), np.zeros(64), np.zeros(5)), "digits-8x8"
    )
    app.run()
    assert not app.exception
    assert 0 <= app.session_state["dream_unit"] < 5


@pytest.mark.parametrize("n", [1, 2, 13, 100, 500, 4001])
def test_the_mosaic_has_a_tile_for_each_unit_and_fits_its_place(n: int) -> None:
    lit = np.linspace(0, 1, n)
    picture = hidden.mosaic(lit)
    assert picture.tiling is not None
    assert picture.tiling.tiles == n
    width, height = Image.open(io.BytesIO(picture.png)).size
    assert height / width * hidden.WIDTH <= 1.15 * hidden.SIDE or n < 3


def test_ink_is_bright_and_red_where_it_switches_the_unit_on() -> None:
    named = current_model.default_model()
    image = np.zeros(784, np.float32)
    found = sums.unit_sum(named.model, np.ones(784, np.float32), 3)
    most, least = int(found.products.argmax()), int(found.products.argmin())
    image[[most, least]] = 1
    picture = arithmetic.overlay(named, image, sums.unit_sum(named.model, image, 3))
    drawn = np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB"), dtype=int)[::4, ::4].reshape(-1, 3)
    assert drawn[most, 0] > drawn[most, 2] + 50
    assert drawn[least, 2] > drawn[least, 0] + 50
    assert drawn[[i for i in range(784) if i not in (most, least)]].max() <= 0.31 * 255
