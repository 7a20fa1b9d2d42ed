"""A dream is shared together with its model: one that ships, or one's own run; or the page says that it can't be."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest

from rbm.app import current_model, server
from tests.app.test_pages import ROOT, app, in_use, open_page, says, small_model, train_tiny, wait_for_the_end
from tests.patience import SECONDS

__all__ = ["app"]


def link(app: AppTest) -> dict[str, str]:
    """What the address of a dream from a test digit says."""
    app.session_state["dream_tab"] = "Take it away"
    app.session_state["dream_source"] = "A test digit"
    open_page(app, "sample")
    assert not app.exception
    return {name: values[-1] for name, values in parse_qs(urlsplit(app.code[0].value).query).items()}


def opened(address: dict[str, str]) -> AppTest:
    """By somebody else."""
    other = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS).run()
    for name, value in address.items():
        other.query_params[name] = value
    other.switch_page("pages/sample.py").run()
    assert not other.exception
    return other


def test_a_dream_of_a_run_brings_its_model_along(app: AppTest, tmp_path: Path) -> None:
    wait_for_the_end(train_tiny(app))
    address = link(app)
    assert says(app, "look at your run")
    other = opened(address)
    assert "64-13 · digits-8x8 · 20 epochs" in in_use(other)
    assert any("now in use on every page" in text.value for text in other.info)
    assert not other.warning
    other.session_state["model_in_use"] = current_model.default_model()
    other.run()
    assert "784-500" in in_use(other), "a link is followed once, not at every run of the page"
    assert any("made with another model" in text.value for text in other.warning)

    server.lab().delete(app.session_state["owner_key"], address["model_run"])
    assert any("made with another model" in text.value for text in opened(address).warning)


def test_a_dream_of_a_model_that_ships_brings_it_along(app: AppTest) -> None:
    app.session_state["model_in_use"] = current_model.shipped()["classes"]
    other = opened(link(app))
    assert "Classes" in in_use(other)
    assert not other.warning


def test_of_a_model_from_a_file_the_page_says_that_it_stays_here(app: AppTest) -> None:
    app.session_state["model_in_use"] = small_model(64)
    address = link(app)
    assert says(app, "the address can't bring it along")
    assert any("made with another model" in text.value for text in opened(address).warning)
