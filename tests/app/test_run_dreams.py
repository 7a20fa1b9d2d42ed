"""What a ticked run dreams, and what can't be dreamt."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from rbm.app import run_dreams, server
from rbm.errors import Refused
from rbm.runs.record import Run
from tests.app.test_pages import app, captions, says, train_tiny, wait_for_the_end
from tests.app.test_towers import runs, ticked

__all__ = ["app"]


def test_a_ticked_run_shows_sixteen_dreams(app: AppTest) -> None:
    wait_for_the_end(train_tiny(app))
    (run,) = runs(app)
    ticked(app, run)
    assert not app.exception
    assert [header.value for header in app.header if "dreams" in header.value] == ["What it dreams"]
    assert says(app, "Each began at 16 held-out images")
    assert any(run.name in text for text in captions(app))


def test_dreams_are_those_of_the_model_and_the_same_each_time(app: AppTest) -> None:
    wait_for_the_end(train_tiny(app))
    (run,) = runs(app)
    first, again, further = (run_dreams.mosaic(run, 6, 3, sweeps) for sweeps in (7, 7, 8))
    assert first.png == again.png != further.png
    assert first.tiling == (6, 3, 8, 8, 1)
    tiles = np.asarray(Image.open(io.BytesIO(first.png)).convert("L"), dtype=float)
    assert tiles.std() > 10, "pictures, not a plain sheet"


def test_a_run_without_a_model_dreams_nothing(app: AppTest) -> None:
    wait_for_the_end(train_tiny(app))
    (run,) = runs(app)
    server.lab().delete(app.session_state["owner_key"], run.id)
    gone = Run("gone", run.owner, run.data, "", run.config, 0.0)
    with pytest.raises(Refused, match="no model"):
        run_dreams.mosaic(gone, 6, 3, 7)
