"""Train its twin, on Train and on a run, and what the comparison shows: guessed first, then measured."""

from __future__ import annotations

import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rbm.app import server
from rbm.app.runs_page import twins
from rbm.app.train_page.start import IMPATIENT
from rbm.measures import diagnostics
from rbm.training import autoencoder
from rbm.training.config import PRESETS, TrainConfig
from tests.app.test_pages import app, open_page, pressed, wait_for_the_end
from tests.patience import SECONDS

__all__ = ["app"]


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def trained(app: AppTest) -> AppTest:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8").run()
    app.number_input(key="n_hidden").set_value(23)
    app.number_input(key="epochs").set_value(3)
    wait_for_the_end(pressed(app, "Start"))
    time.sleep(IMPATIENT)  # until another click is no more taken for a second one on Start
    return app.run()


def test_the_twin_of_either_is_the_other_with_the_same_shape_epochs_and_seed() -> None:
    config = TrainConfig(algorithm="pt", n_hidden=23, epochs=7, seed=5)
    other = autoencoder.twin(config)
    assert (other.algorithm, other.n_hidden, other.epochs, other.seed) == ("autoencoder", 23, 7, 5)
    assert other.learning_rate == PRESETS["Autoencoder"].learning_rate
    back = autoencoder.twin(other)
    assert (back.algorithm, back.n_hidden, back.epochs, back.seed) == ("pcd", 23, 7, 5)


def test_from_train_to_the_comparison(app: AppTest) -> None:
    trained(app)
    wait_for_the_end(pressed(app, "Train its twin"))
    lab, owner = server.lab(), app.session_state["owner_key"]
    twin, first = lab.runs(owner)
    assert twin.name == f"Twin of {first.name}"
    assert (first.config.algorithm, twin.config.algorithm) == ("pcd", "autoencoder")
    assert "Train its twin" not in labels(app), "it has one"
    assert any("never asked to be probable" in caption.value for caption in app.caption)

    open_page(app, "runs")
    assert app.session_state["ticked_runs"] == [first.id, twin.id] or set(app.session_state["ticked_runs"]) == {
        first.id, twin.id,
    }  # fmt: skip
    assert "Which one dreams digits?" in " ".join(text.value for text in app.markdown)
    covered = len(app.image)
    keys = [("twins", one.id, other.id) for one, other in ((first, twin), (twin, first))]
    assert [lab.errands.find(key) for key in keys] == [None, None], "nothing is measured before the guess"
    app.segmented_control(key="guess_twins_dream").select("Both").run()
    errand = next(found for key in keys if (found := lab.errands.find(key)))
    assert errand.join(SECONDS)
    assert errand.trouble == ""
    app.run()
    assert not app.exception
    assert len(app.image) == covered + 3, "reconstructions, and dreams of each"
    assert "You guessed *Both*. **It is:" in " ".join(text.value for text in app.markdown)
    (table,) = [frame.value for frame in app.dataframe if "run" in frame.value.columns]
    assert list(table.columns) == [
        "run", "reconstruction error", "dreams", "misread with 100 labels", "log-likelihood, nats",
    ]  # fmt: skip

    found, data = dict(errand.results), server.library().load("digits-8x8")
    order = [first, twin] if errand is lab.errands.find(keys[0]) else [twin, first]
    for number, run in enumerate(order):
        model = lab.progress(run.id).model
        assert model is not None
        error = diagnostics.reconstruction_error(model, data.test_images).mean()
        assert found["error", number] == pytest.approx(float(error))
        assert found["dreams", number][0].shape == (twins.SHOWN_CHAINS, 64)
        assert 0 < found["misread", number] < 0.9
        _, value = found["likelihood", number]
        assert value.lower < value.upper < 0


def test_a_run_has_the_button_too_and_a_twin_done_before_is_taken(app: AppTest) -> None:
    trained(app)
    owner, lab = app.session_state["owner_key"], server.lab()
    first = lab.runs(owner)[0]
    done = lab.start(owner, "digits-8x8", autoencoder.twin(first.config), "by hand")
    while not lab.standing(done).over:
        pass
    app.session_state["ticked_runs"] = [first.id]
    open_page(app, "runs")
    pressed(app, "Train its twin")
    assert len(lab.runs(owner)) == 2, "the very same training is not done again"
    assert set(app.session_state["ticked_runs"]) == {first.id, done}


def test_two_runs_of_one_kind_are_compared_when_that_is_asked_for(app: AppTest) -> None:
    trained(app)
    owner, lab = app.session_state["owner_key"], server.lab()
    first = lab.runs(owner)[0]
    other = lab.start(owner, "digits-8x8", TrainConfig(n_hidden=11, epochs=2), "other")
    while not lab.standing(other).over:
        pass
    app.session_state["ticked_runs"] = [first.id, other]
    open_page(app, "runs")
    assert "Which one dreams digits?" not in " ".join(text.value for text in app.markdown)
    pressed(app, "Compare what they can do")
    assert not app.exception
    key = next(("twins", a, b) for a, b in ((first.id, other), (other, first.id)) if lab.errands.find(("twins", a, b)))
    errand = lab.errands.find(key)
    assert errand is not None
    assert errand.join(SECONDS)
    assert errand.trouble == ""
    assert np.isfinite(dict(errand.results)["error", 0])
