"""Train: Step, while paused, shows the update that it makes; one that only pauses says how to see one."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rbm.app import server
from tests.app.test_pages import app, button, captions, open_page, pressed
from tests.patience import SECONDS

__all__ = ["app"]


def rested(app: AppTest) -> AppTest:
    job = server.lab().job(app.session_state["run_id"])
    assert job is None or job.rest(SECONDS)
    return app.run()


def paused(app: AppTest, **settings: object) -> AppTest:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(1000).run()
    for key, value in settings.items():
        app.toggle(key=key).set_value(value)
    pressed(app, "Start")
    pressed(app, "Pause")
    return rested(app)


def told(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_a_step_shows_what_it_learns(app: AppTest) -> None:
    paused(app)
    assert "Press **Step** to see what a single update learns" in told(app)
    before = server.lab().progress(app.session_state["run_id"]).fraction
    rested(pressed(app, "Step"))
    assert not app.exception
    assert server.lab().progress(app.session_state["run_id"]).fraction > before
    shown = captions(app)
    assert any(text.startswith("v₀: 8 of 50 pictures; mean p(h | v₀) = ") for text in shown)
    assert any(text.startswith("v₁: 8 of 200 dreams; mean p(h | v₁) = ") for text in shown)
    assert [text for text in shown if "⟨v h⟩" in text] == [
        "Data: ⟨v h⟩",
        "− Chain: ⟨v h⟩",
    ]
    assert "= what is learnt" in shown
    app.number_input(key="update_unit").set_value(11).run()
    assert "what goes with unit 11 in the data" in " ".join(text.value for text in app.markdown)
    rested(pressed(app, "Step"))
    assert "what goes with unit 11 in the data" in " ".join(text.value for text in app.markdown), (
        "the choice stays from step to step"
    )
    pressed(app, "Resume")
    pressed(app, "Pause")
    rested(app)
    assert "Press **Step**" in told(app), "what was learnt long ago is not shown as news"
    pressed(app, "Stop")


def test_a_step_of_a_training_that_runs_only_pauses(app: AppTest) -> None:
    paused(app)
    pressed(app, "Resume")
    rested(pressed(app, "Step"))
    assert not app.exception
    assert not button(app, "Resume").disabled
    assert "Press **Step** to see" in told(app)
    pressed(app, "Stop")


@pytest.mark.parametrize("key", ["labels"])
def test_classes_are_learnt_too_but_pixels_are_shown(app: AppTest, key: str) -> None:
    paused(app, **{key: True})
    rested(pressed(app, "Step"))
    assert not app.exception
    assert sum("⟨v h⟩" in text for text in captions(app)) == 2
    pressed(app, "Stop")
