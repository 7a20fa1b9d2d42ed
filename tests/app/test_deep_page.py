"""The page Deep: dreams by class, the tower, up and down, what each layer knows, and towers of one's own."""

from __future__ import annotations

import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rbm.app import server
from rbm.app.components.canvas import SIZE, Drawing
from rbm.app.deep_page import dream, knows, nets
from rbm.app.kept import _drawings
from rbm.measures.probe import Point
from rbm.training.config import TrainConfig
from rbm.visitors import owner_hash
from tests.app.test_features_page import said
from tests.app.test_pages import app, open_page, pressed
from tests.patience import SECONDS

__all__ = ["app"]


def shown(app: AppTest) -> list[str]:
    return [text for image in app.image for text in image.captions]


def test_the_page_opens_on_a_dream_and_a_covered_answer(app: AppTest) -> None:
    open_page(app, "deep")
    assert not app.exception
    assert "easier to read" in said(app)
    assert "deep_curves" not in [chart.key for chart in app.get("plotly_chart")]
    app.segmented_control(key="guess_deep_readable").select("No").run()
    assert "deep_curves" in [chart.key for chart in app.get("plotly_chart")]
    assert "You said **no**. **It is easier**" in said(app)
    assert "layer 1 saw not one" in said(app), "the top had the names"


def test_a_class_that_is_asked_for_is_dreamt() -> None:
    named = nets._shipped()
    assert isinstance(named, nets.NamedNet)
    data = named.dataset
    assert data is not None
    wish = dream.Wish(label=7, start=dream.DIGITS, steps=300, seed=0)
    film = dream.film(named, data, wish)
    assert (film.classes == 7).all()
    read = named.net.classify(film.layers[0].means[-1])
    assert (read == 7).mean() > 0.6, "what it paints reads as a 7"
    assert (dream.film(named, data, dream.Wish(None, dream.NOISE, 30, 0)).classes != 7).any()


def test_ones_own_drawing_goes_up_and_down(app: AppTest) -> None:
    ink = np.zeros((SIZE, SIZE), np.float32)
    ink[20:92, 50:60] = 1
    _drawings().keep(owner_hash(app.session_state["owner_key"]), Drawing(ink, np.zeros((SIZE, SIZE), bool)))
    open_page(app, "deep")
    app.toggle(key="deep_drawing").set_value(True).run()
    assert not app.exception
    assert any("drawing" in caption.lower() for caption in shown(app))


@pytest.mark.parametrize(
    ("one", "two", "right"),
    [(0.2, 0.1, knows.YES), (0.1, 0.2, knows.NO), (0.1, 0.101, knows.SAME)],
)
def test_the_answer_is_what_the_curves_say(one: float, two: float, right: str) -> None:
    assert knows.answer(Point(100, one, 0.01, 20), Point(100, two, 0.01, 20)) == right


def test_a_tower_of_ones_own_is_shown_first_and_measured(app: AppTest) -> None:
    lab, owner = server.lab(), app.session_state["owner_key"]
    configs = [TrainConfig(n_hidden=n, epochs=2) for n in (23, 11)]
    top = lab.start_tower(owner, "digits-8x8", configs, "Mine", labels=True)[-1]
    end = time.monotonic() + SECONDS
    while not lab.standing(top).over:
        assert time.monotonic() < end
        time.sleep(0.05)
    open_page(app, "deep")
    assert not app.exception
    assert app.selectbox(key="deep_net").value == top
    assert "23 hidden units" in said(app)
    pressed(app, "Measure every layer")
    named = nets._own(top, "Mine", lab.net(top))  # type: ignore[arg-type]
    data = named.dataset
    assert data is not None
    errand = lab.errands.find(knows._key(named, data))
    assert errand is not None
    assert errand.join(SECONDS)
    assert errand.trouble == ""
    assert {name for name, _ in errand.results} == {"pixels", "layer 1", "layer 2"}
    app.selectbox(key="deep_net").select("deep").run()
    assert not app.exception
    assert "1,000 hidden units" in said(app)
