"""Layer upon layer on the pages: started together or on a finished run, watched, listed, and never taken for pixels."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import rbm
from rbm.app import deep_nets, server
from rbm.app.train_page import form
from rbm.app.train_page.start import IMPATIENT
from rbm.errors import BadValue
from rbm.runs.record import Run
from tests.app.test_names_on_pages import EVIL, looked_at
from tests.app.test_pages import PAGES, ROOT, app, button, captions, in_use, open_page, pressed, says, wait_for_the_end
from tests.patience import SECONDS

__all__ = ["app"]


def fill(app: AppTest, layers: str, epochs: int = 3) -> AppTest:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8").run()
    app.number_input(key="n_hidden").set_value(23)
    app.number_input(key="epochs").set_value(epochs)
    return app.text_input(key="layers").set_value(layers).run()


def runs(app: AppTest) -> list[Run]:
    """Of this browser, the oldest first."""
    return server.lab().runs(app.session_state["owner_key"])[::-1]


def all_over(app: AppTest) -> AppTest:
    for _ in range(SECONDS * 20):
        if all(run.over for run in runs(app)) and not server.lab()._jobs.all():
            break
        time.sleep(0.05)
    time.sleep(IMPATIENT)  # until another click is no more taken for a second one on Start
    return app.run()


def trained(app: AppTest, layers: str = "11") -> AppTest:
    return all_over(pressed(fill(app, layers), "Start"))


def ticked(app: AppTest, *chosen: Run) -> AppTest:
    """The page Runs with these ticked."""
    app.session_state["ticked_runs"] = [run.id for run in chosen]
    app.session_state["runs_table_number"] = time.time()
    return open_page(app, "runs")


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


# ---- several layers at once


def test_layers_are_started_in_order_and_the_page_goes_up_with_them(app: AppTest) -> None:
    pressed(fill(app, "11, 7", epochs=2), "Start")
    bottom, middle, top = runs(app)
    assert [run.config.n_hidden for run in (bottom, middle, top)] == [23, 11, 7]
    assert [run.below for run in (bottom, middle, top)] == ["", bottom.id, middle.id]
    for _ in range(3):
        wait_for_the_end(app)
        app.run()
    all_over(app)
    assert not app.exception
    assert app.session_state["run_id"] == top.id
    assert says(app, "It stands on other layers: Sample and the other pages go on with the one on the pixels")
    assert "64-23 · digits-8x8" in in_use(app)
    assert captions(app) == [
        "Held-out digits, and below each what comes back from layer 3, up and down again",
        "What 7 units of layer 3 look for in pixels, as if every layer were linear: W1 W2 W3",
    ]
    assert says(app, "Layer 3: its error is of rebuilding what the 11 hidden units below say of the images")
    data = server.library().load("digits-8x8")
    expected = rbm.train_deep(data.train_images, [run.config for run in (bottom, middle, top)])
    layers = {depth: report.model for depth, report in expected}
    net = server.lab().net(top.id)
    for layer, other in zip(net.layers, layers.values(), strict=True):
        np.testing.assert_array_equal(layer.weights, other.weights)


def test_one_that_waits_says_for_what_and_can_be_stopped(app: AppTest) -> None:
    pressed(fill(app, "11", epochs=1000), "Start")
    bottom, upper = runs(app)
    app.session_state["run_id"] = upper.id
    app.run()
    assert not app.exception
    bars = [bar.proto.text for bar in app.get("progress")]
    assert any("Waiting for the layer below, Recommended, PCD" in text for text in bars), bars
    assert any("Waiting for the layer below" in caption.value for caption in app.sidebar.caption)
    app.session_state["run_id"] = bottom.id
    pressed(app.run(), "Stop")
    all_over(app)
    app.session_state["run_id"] = upper.id
    app.run()
    assert any("This layer did not begin: the layer below" in warning.value for warning in app.warning)
    assert not button(app, "Resume").disabled


def test_a_second_click_on_start_begins_nothing(app: AppTest) -> None:
    fill(app, "11", epochs=1000)
    pressed(app, "Start")
    assert button(app, "Start").disabled
    del app.session_state["run_id"]
    app.run()
    assert app.session_state["run_id"] == runs(app)[0].id
    assert len(runs(app)) == 2


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ("many", "whole numbers with commas between them"),
        ("5,,5", "whole numbers with commas between them"),
        ("0", "n_hidden"),
        ("5000", "at most 4,000 hidden units"),
        (",".join("5" * 10), "10 layers at most"),
    ],
)
def test_layers_that_cannot_be_are_told_before_start(app: AppTest, layers: str, why: str) -> None:
    fill(app, layers)
    assert any(why in error.value for error in app.error)
    assert button(app, "Start").disabled


def test_what_the_field_takes() -> None:
    assert form.units_of("") == form.units_of("  ") == ()
    assert form.units_of(" 500,30 ") == (500, 30)
    with pytest.raises(BadValue):
        form.units_of("1e3")


def test_the_top_of_several_layers_learns_the_classes(app: AppTest) -> None:
    fill(app, "11")
    app.toggle(key="labels").set_value(True).run()
    app.number_input(key="discriminative").set_value(0.5)
    all_over(pressed(app, "Start"))
    bottom, top = runs(app)
    assert (bottom.config.discriminative, top.config.discriminative) == (0, 0.5)
    assert (bottom.n_classes, top.n_classes) == (0, 10)
    assert server.lab().net(top.id).n_classes == 10
    assert "64-23 · digits-8x8" in in_use(app)


# ---- on top of a finished run


def test_a_layer_on_a_finished_run(app: AppTest) -> None:
    trained(app, "")
    app.number_input(key=f"upper_units_{runs(app)[0].id}").set_value(64).run()
    pressed(app, "Train the layer")
    all_over(app)
    assert not app.exception
    bottom, upper = runs(app)
    assert (upper.below, upper.config.n_hidden, upper.name) == (bottom.id, 64, f"{bottom.name}, layer 2")
    assert app.session_state["run_id"] == upper.id
    assert "Train its twin" not in labels(app), "which learns pixels"
    assert "Train the layer" in labels(app)

    ticked(app, bottom)
    pressed(app, "Train the layer")  # of as many units as below
    assert [run.config.n_hidden for run in runs(app)] == [23, 64, 23]


def test_a_layer_of_no_units_is_refused(app: AppTest) -> None:
    trained(app, "")
    app.number_input(key=f"upper_units_{runs(app)[0].id}").set_value(-1).run()
    pressed(app, "Train the layer")
    assert not app.exception
    assert any("The layer was not trained: n" in error.value for error in app.error)
    assert len(runs(app)) == 1


# ---- on the other pages


def test_every_page_with_a_tower(app: AppTest) -> None:
    trained(app)
    for page in PAGES:
        assert not open_page(app, page).exception
        assert not app.error, (page, [e.value for e in app.error])
        assert "64-23 · digits-8x8" in in_use(app)


def test_runs_draws_a_tower_and_keeps_its_layers(app: AppTest) -> None:
    trained(app, "11, 7")
    bottom, middle, top = runs(app)
    open_page(app, "runs")
    assert list(app.dataframe[0].value["name"]) == [
        bottom.name, f"\u2003↳ on {bottom.name}: layer 2", f"\u2003\u2003↳ on {middle.name}: layer 3",
    ]  # fmt: skip
    ticked(app, bottom)
    pressed(app, "Delete")
    assert any("stands on this run; delete that one first" in error.value for error in app.error)
    assert "Undo the deletion" not in labels(app.run())
    ticked(app, top)
    assert not app.exception
    pressed(app, "Use its layer on the pixels")
    assert bottom.name in in_use(app)
    ticked(app, bottom, top)
    assert not app.exception
    assert "stands on" in list(app.dataframe[-1].value["setting"])
    assert "What they can do" not in [header.value for header in app.header]


def test_a_link_to_an_upper_layer_and_one_that_was_imported(app: AppTest) -> None:
    trained(app)
    lab, (bottom, top) = server.lab(), runs(app)
    app.query_params["run"] = top.id
    open_page(app, "runs")
    assert not app.exception
    pressed(app, "Use this model")
    assert bottom.name in in_use(app)
    del app.query_params["run"]
    again = lab.import_run(app.session_state["owner_key"], io.BytesIO(lab.export(top.id)))
    app.session_state["run_id"] = again
    open_page(app, "train")
    assert not app.exception
    assert "23-11" in in_use(app)
    for page in PAGES:
        assert not open_page(app, page).exception


def test_a_layer_whose_tower_has_lost_one(app: AppTest) -> None:
    trained(app)
    lab, owner, (bottom, top) = server.lab(), app.session_state["owner_key"], runs(app)
    lab.delete(owner, top.id)
    lab.delete(owner, bottom.id)
    lab.undelete(owner, top.id)
    app.session_state["run_id"] = top.id
    open_page(app, "train")
    assert not app.exception
    assert any("A layer that this one stands on is gone" in warning.value for warning in app.warning)
    ticked(app, top)
    assert not app.exception
    assert "a layer that is gone" in app.dataframe[0].value["name"][0]


@pytest.mark.parametrize("kind", ["link", "icon"])
def test_the_name_of_a_layer_is_a_name(app: AppTest, kind: str) -> None:
    pressed(fill(app, "11", epochs=1000), "Start")
    (bottom, upper), owner, lab = runs(app), app.session_state["owner_key"], server.lab()
    lab.rename(owner, bottom.id, EVIL[kind])
    app.session_state["run_id"] = upper.id
    assert looked_at(app.run(), EVIL[kind], "waiting") > 1
    lab.stop(owner, bottom.id)
    all_over(app)
    app.session_state["run_id"] = upper.id
    assert looked_at(app.run(), EVIL[kind], "stopped")
    lab.resume(owner, upper.id)
    all_over(app)
    assert looked_at(app.run(), EVIL[kind], "finished")
    assert looked_at(ticked(app, bottom, upper), EVIL[kind], "runs") >= 1


def test_a_new_session_shows_the_layer_that_moves(app: AppTest) -> None:
    pressed(fill(app, "11", epochs=1000), "Start")
    bottom, _ = runs(app)
    owner = app.session_state["owner_key"]
    other = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS)
    other.session_state["owner_key"] = owner
    other.run()
    assert other.session_state["run_id"] == bottom.id


def test_mine(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(app, "11, 7")
    owner = app.session_state["owner_key"]
    monkeypatch.setattr("rbm.app.visitor.key", lambda: owner)
    bottom, middle, top = runs(app)
    ((name, run_id, net),) = deep_nets.mine()
    assert (name, run_id, net.depth) == (top.name, top.id, 3)
    np.testing.assert_allclose(
        deep_nets.receptive(net, 5), (net.layers[0].weights @ net.layers[1].weights @ net.layers[2].weights)[:, :5],
        rtol=1e-4, atol=1e-5,
    )  # fmt: skip
    server.lab().delete(owner, top.id)
    assert [(run_id, net.depth) for _, run_id, net in deep_nets.mine()] == [(middle.id, 2)]
    server.lab().delete(owner, middle.id)
    assert deep_nets.mine() == []
    assert deep_nets.in_order(runs(app)) == [(bottom, 0)]


# ---- the preset


def test_the_preset_deep_fills_the_layers_and_others_empty_them(app: AppTest) -> None:
    open_page(app, "train")
    app.segmented_control(key="preset").select("Deep").run()
    assert app.text_input(key="layers").value == "500, 500"
    assert says(app, "three layers, one after the other")
    app.segmented_control(key="preset").select("Classic 784-500").run()
    assert app.text_input(key="layers").value == ""


def test_a_link_with_only_the_preset_deep_starts_a_tower_of_three(app: AppTest) -> None:
    app.query_params["preset"] = "Deep"
    app.query_params["data"] = "digits-8x8"
    app.query_params["epochs"] = "1"
    open_page(app, "train")
    assert not app.warning
    all_over(pressed(app, "Start"))
    assert [run.config.n_hidden for run in runs(app)] == [500, 500, 500]
    assert runs(app)[-1].name.startswith("Deep, PCD-1")
    assert [config.epochs for config in (run.config for run in runs(app))] == [1, 1, 1]
    assert deep_nets.under(runs(app)[-1]) == runs(app)[:2]


def test_layers_that_were_emptied_stay_so(app: AppTest) -> None:
    open_page(app, "train")
    app.segmented_control(key="preset").select("Deep").run()
    app.text_input(key="layers").set_value("").run()
    open_page(app, "filters")
    open_page(app, "train")
    assert app.segmented_control(key="preset").value == "Deep"
    assert app.text_input(key="layers").value == ""
