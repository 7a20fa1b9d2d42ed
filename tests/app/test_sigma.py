"""A machine of grey levels on the pages: trained by its preset, brought as a file, and seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import rbm
from rbm.app import current_model, server
from rbm.app.current_model import NamedModel
from tests.app.test_pages import ROOT, in_use, open_page, pressed, upload, wait_for_the_end
from tests.patience import SECONDS


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RBM_HOME", str(tmp_path))
    server.lab.clear()
    yield AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS).run()
    server.lab().close()
    server.lab.clear()


def machine() -> rbm.GaussianVarianceRBM:
    rng = np.random.default_rng(0)
    return rbm.GaussianVarianceRBM(
        0.1 * rng.standard_normal((144, 7)), np.full(144, 0.5), np.zeros(7), np.linspace(-4, -2, 144)
    )


@pytest.mark.parametrize("page", ["home", "learn", "sample", "reconstructions", "filters", "activations", "features"])
def test_every_page_takes_it(app: AppTest, page: str) -> None:
    app.session_state["model_in_use"] = NamedModel("Mine", machine(), "photo-patches")
    open_page(app, page)
    assert not app.exception
    said = " ".join(text.value for text in (*app.markdown, *app.caption))
    if page == "filters":
        assert f"Here σ goes from **{np.exp(-2):.3f}** to **{np.exp(-1):.3f}**" in said
    if page in ("filters", "sample"):
        assert "listen most to pixels that they know surely" in said


def test_a_file_of_it_is_taken(app: AppTest) -> None:
    upload(app, current_model.model_file(NamedModel("Mine", machine(), "photo-patches")))
    assert "Mine · 144-7 · photo-patches" in in_use(app)


def test_it_is_trained_by_its_preset(app: AppTest) -> None:
    open_page(app, "train")
    app.selectbox(key="data").select("photo-patches")
    app.segmented_control(key="preset").select("Grey levels").run()
    assert not any(box.key in ("binarize", "negative") for box in app.selectbox)
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(2).run()
    pressed(app, "Start")
    assert not wait_for_the_end(app).exception
    assert "144-13 · photo-patches · 2 epochs" in in_use(app)
    model = server.lab().progress(app.session_state["model_in_use"].run).model
    assert isinstance(model, rbm.GaussianVarianceRBM)
    assert 0.05 < np.median(model.sigma) < 0.35  # of grey levels in [0, 1]
    for page in ("filters", "runs"):
        assert not open_page(app, page).exception


def test_black_and_white_is_the_other_choice(app: AppTest) -> None:
    open_page(app, "train")
    assert app.selectbox(key="visible").options == ["Black or white", "Grey levels, with their σ"]
    app.selectbox(key="visible").select("gaussian-variance").run()
    assert not any(box.key in ("binarize", "negative") for box in app.selectbox)
    assert not app.error
