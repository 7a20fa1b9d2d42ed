"""The thermometer of the Sample page: where the drawing, noise, real digits and each chain of each frame stand."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import rbm
from rbm.app import current_model
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import likelier
from rbm.measures import diagnostics
from tests.app.test_sample_page import drawn, film, label_model, three

ROOT = Path(__file__).parents[2]


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run()
    return app.switch_page("pages/sample.py").run()


def told(app: AppTest) -> dict[str, object]:
    """What the thermometer was told to show."""
    (face,) = [node for node in app.get("bidi_component") if "crowded" in node.proto.json]
    return dict(json.loads(face.proto.json))


def marks(app: AppTest) -> np.ndarray:
    """Heights of the chains (frames, n), as the player was told them."""
    sent = film(app)
    flat = np.frombuffer(base64.b64decode(str(sent["marks"])), np.uint8)
    return flat.reshape(len(sent["captions"]), -1)  # type: ignore[arg-type]


def test_noise_lies_below_and_the_chains_start_at_the_drawing(app: AppTest) -> None:
    drawn(app, three())
    shown, chains = told(app), marks(app)
    assert shown["film"] == film(app)["name"] == "dream_player"
    assert 0 <= shown["noise"] < 0.05 < shown["yours"] < 1  # type: ignore[operator]
    assert chains.shape == (11, 16)
    assert (chains[0] == chains[0, 0]).all(), "all begin at the drawing"
    assert (chains[1:] != chains[0, 0]).any(), "and move on"
    assert len(shown["crowded"]) == likelier.BINS  # type: ignore[arg-type]
    assert max(shown["crowded"]) == 1  # type: ignore[call-overload]
    assert "model compare" in str(shown["sentence"])
    assert "yours likelier than" in str(shown["alt"])


def test_marks_are_as_high_as_the_free_energies_of_the_frames(app: AppTest) -> None:
    named = current_model.default_model()
    digits = named.dataset.test_images  # type: ignore[union-attr]
    energies = diagnostics.free_energy(named.model, digits[:6]).reshape(2, 3)
    every = diagnostics.free_energy(named.model, digits)
    low, middle, high = np.quantile(every, [0.05, 0.5, 0.95])
    away = np.abs(energies - middle) / ((high - low) / 2)
    expected = np.where(energies > middle, 1 / (2 + 2 * away), 1 - 1 / (2 + 2 * away))
    np.testing.assert_allclose(likelier.marks(named, energies), 255 * expected, atol=0.51)


def test_another_drawing_moves_the_mark_and_not_the_scale(app: AppTest) -> None:
    before = told(app)
    drawn(app, three())
    after = told(app)
    assert before["yours"] != after["yours"]
    assert (before["noise"], before["crowded"]) == (after["noise"], after["crowded"])


def test_without_a_single_picture_there_is_no_mark_of_yours(app: AppTest) -> None:
    app.segmented_control(key="dream_source").select("Noise").run()
    assert told(app)["yours"] is None
    assert marks(app)[0].max() < 0.05 * 255, "chains that begin as noise begin at its foot"
    app.segmented_control(key="dream_source").select("A test digit").run()
    assert told(app)["yours"] is not None


def test_a_model_with_classes_has_one_too(app: AppTest) -> None:
    app.session_state["model_in_use"] = label_model()
    app.run()
    assert not app.exception
    assert "real digits" in str(told(app)["real"])
    assert marks(app).shape == (201, 16)


def test_where_no_data_fits_its_own_dreams_are_the_measure(app: AppTest) -> None:
    rng = np.random.default_rng(0)
    odd = rbm.RBM(rng.normal(size=(77, 5)), np.zeros(77), np.zeros(5))
    app.session_state["model_in_use"] = NamedModel("Odd", odd, None)
    drawn(app.run(), three())
    assert not app.exception
    assert told(app)["real"] == "its own dreams"


def test_real_valued_pixels_have_a_reference_too() -> None:
    rng = np.random.default_rng(1)
    real = rbm.GaussianRBM(0.1 * rng.normal(size=(64, 7)), np.zeros(64), np.zeros(7))
    found = likelier.reference(NamedModel("Real", real, None))
    assert found.scale.spread >= 1
    assert np.isfinite(found.noise)
