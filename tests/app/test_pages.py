"""Every page through the entrypoint, without a browser."""

import io
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

import rbm
from rbm.app import server
from rbm.app.components import canvas
from rbm.app.current_model import NamedModel
from rbm.errors import BadValue
from rbm.runs.progress import Progress
from tests.patience import SECONDS

ROOT = Path(__file__).parents[2]
PAGES = [
    "home",
    "learn",
    "train",
    "sample",
    "reconstructions",
    "filters",
    "activations",
    "features",
    "deep",
    "data",
    "runs",
]


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RBM_HOME", str(tmp_path))
    server.lab.clear()
    yield AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS).run()
    server.lab().close()
    server.lab.clear()


def open_page(app: AppTest, name: str) -> AppTest:
    return app.switch_page(f"pages/{name}.py").run()


def pressed(app: AppTest, label: str) -> AppTest:
    return button(app, label).click().run()


def in_use(app: AppTest) -> str:
    """What the sidebar says of the model in use."""
    return next(text.value for text in app.sidebar.caption if text.value.startswith("**Model in use**"))


def button(app: AppTest, label: str) -> Button:
    return next(button for button in app.button if button.label == label)


def says(app: AppTest, words: str) -> bool:
    return any(words in text.value for text in [*app.markdown, *app.caption])


def captions(app: AppTest) -> list[str]:
    return [text for image in app.image for text in image.captions]


def small_model(n_visible: int, n_hidden: int = 11) -> NamedModel:
    rng = np.random.default_rng(3)
    model = rbm.RBM(rng.normal(size=(n_visible, n_hidden)), np.zeros(n_visible), np.zeros(n_hidden))
    fitting = {784: "mnist-5k", 64: "digits-8x8"}
    return NamedModel("Small", model, fitting.get(n_visible))


@pytest.mark.parametrize("page", PAGES)
def test_page_with_default_model(app: AppTest, page: str) -> None:
    open_page(app, page)
    assert not app.exception
    assert not app.error
    assert app.title[0].value
    assert "784-500" in in_use(app)


@pytest.mark.parametrize("page", PAGES)
def test_page_with_images_of_another_shape(app: AppTest, page: str) -> None:
    app.session_state["model_in_use"] = small_model(64)
    open_page(app, page)
    assert not app.exception
    assert "64-11 · digits-8x8" in in_use(app)


@pytest.mark.parametrize("page", PAGES)
def test_page_with_a_model_that_no_data_fits(app: AppTest, page: str) -> None:
    app.session_state["model_in_use"] = small_model(77)
    open_page(app, page)
    assert not app.exception
    if page in ("reconstructions", "activations", "filters"):
        assert "77 pixels" in app.info[0].value


@pytest.mark.parametrize("name", ["Strokes", "Classes", "Sick on purpose"])
def test_every_model_that_ships_is_at_home_on_every_page(app: AppTest, name: str) -> None:
    pressed(app, f"Use {name}")
    assert not app.exception
    for page in PAGES:
        assert not open_page(app, page).exception
        assert app.sidebar.caption, page
        assert in_use(app).startswith(f"**Model in use**  \n{name} · 784-"), page
    open_page(app, "home")
    assert next(button for button in app.button if button.label == "In use").disabled
    assert not pressed(app, "Use Digits").exception


def test_a_model_that_was_trained_on_other_digits_says_so(app: AppTest) -> None:
    def said() -> bool:
        return any("no fair test" in caption.value for caption in app.caption)

    app.session_state["model_in_use"] = replace(small_model(64), info={"data": "someone's digits"})
    open_page(app, "reconstructions")
    assert said()


@pytest.mark.parametrize("name", ["Digits", "Strokes", "Classes"])
def test_what_is_held_out_is_so_for_every_shipped_model(app: AppTest, name: str) -> None:
    if name != "Digits":
        pressed(app, f"Use {name}")
    open_page(app, "reconstructions")
    assert not any("no fair test" in caption.value for caption in app.caption)


def test_a_run_that_was_deleted_is_forgotten_by_the_train_page(app: AppTest) -> None:
    wait_for_the_end(train_tiny(app))
    run = server.lab().run(app.session_state["run_id"])
    server.lab().delete(app.session_state["owner_key"], run.id)
    assert not open_page(app, "train").exception
    assert "run_id" not in app.session_state
    assert button(app, "Stop").disabled


def test_a_shipped_model_that_is_downloaded_keeps_its_provenance(app: AppTest) -> None:
    from rbm.app import current_model

    shipped = current_model.default_model()
    _, note = rbm.io.read(io.BytesIO(current_model.model_file(shipped)))
    assert note == shipped.info


def test_home_leads_to_an_explanation(app: AppTest) -> None:
    assert [button.label for button in app.main.button[:3]] == [
        "How it works, in 15 minutes", "Draw a digit", "Train your own",
    ]  # fmt: skip
    pressed(app, "How it works, in 15 minutes")
    assert not app.exception
    assert app.title[0].value == "Learn"


def train_tiny(app: AppTest) -> AppTest:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(20)
    return pressed(app, "Start")


def wait_for_the_end(app: AppTest) -> AppTest:
    job = server.lab().job(app.session_state["run_id"])
    assert job is None or job.join(SECONDS)
    return app.run()


def progress(app: AppTest) -> Progress:
    return server.lab().progress(app.session_state["run_id"])


def test_training_end_to_end(app: AppTest) -> None:
    wait_for_the_end(train_tiny(app))
    assert not app.exception
    assert says(app, "Finished 20 epochs")
    assert "64-13 · digits-8x8 · 20 epochs" in in_use(app)
    for page in PAGES:
        assert not open_page(app, page).exception
    history = progress(app).history
    assert [point.epoch for point in history] == list(range(21))
    assert history[-1].validation_error < history[0].validation_error


def test_a_preset_fills_the_form(app: AppTest) -> None:
    open_page(app, "train")
    app.segmented_control(key="preset").select("Classic 784-500").run()
    classic = rbm.PRESETS["Classic 784-500"]
    assert app.number_input(key="learning_rate").value == classic.learning_rate


def test_stop_keeps_the_model_so_far(app: AppTest) -> None:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(1000)
    pressed(app, "Start")
    while progress(app).epoch == 0:
        time.sleep(0.05)
    pressed(app, "Stop")
    wait_for_the_end(app)
    assert says(app, "Stopped after epoch")
    assert "64-13" in in_use(app)


def test_a_session_holds_no_weights_of_a_run_and_finds_them_again(app: AppTest) -> None:
    """Nor does it lose its way where they are forgotten, or the run is gone besides."""
    from rbm.app import remembered
    from rbm.runs.recent import buffers

    wait_for_the_end(train_tiny(app))
    said = in_use(app)
    held = app.session_state["model_in_use"]
    assert sum(size for _, size in buffers(held)) < 3000, "64 × 13 weights take 3,328 bytes"
    remembered._room.clear()
    open_page(app, "filters")
    assert not app.exception
    assert in_use(app) == said
    server.lab().store.remove(server.lab().store.all())
    remembered._room.clear()
    open_page(app, "filters")
    assert not app.exception
    assert "784-500" in in_use(app), "back to the default model"


def test_training_that_blows_up_says_what_to_lower(app: AppTest) -> None:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="learning_rate").set_value(100.0)
    pressed(app, "Start")
    wait_for_the_end(app)
    assert not app.exception
    assert "Lower learning_rate (now 100)" in app.error[0].value
    assert "784-500" in in_use(app), "the model in use has not changed"


@pytest.mark.parametrize(
    ("key", "value", "says_what_may_be"),
    [
        ("learning_rate", 0.0, "Learning rate: from 0.0001 to 1000. 0.01 to 0.1 suits most images."),
        ("n_hidden", 4001, "Hidden units: from 1 to 4000. 500 is a good start."),
        ("epochs", 0, "Epochs: from 1 to 1000. 30 is a good start."),
    ],
)
def test_a_number_that_cannot_be_is_told_beside_its_field_before_start(
    app: AppTest, key: str, value: float, says_what_may_be: str
) -> None:
    open_page(app, "train")
    app.number_input(key=key).set_value(value).run()
    assert says(app, says_what_may_be)
    assert button(app, "Start").disabled
    assert not app.exception


def test_settings_that_do_not_go_together_are_told_before_start(app: AppTest) -> None:
    open_page(app, "train")
    app.number_input(key="gibbs_steps").set_value(3)
    app.number_input(key="final_gibbs_steps").set_value(2).run()
    assert "final_gibbs_steps must be at least gibbs_steps = 3" in app.error[0].value
    assert button(app, "Start").disabled


def test_each_algorithm_shows_its_own_settings(app: AppTest) -> None:
    steps = {"gibbs_steps", "final_gibbs_steps"}

    def shown(algorithm: str) -> set[str]:
        app.selectbox(key="algorithm").select(algorithm).run()
        kinds = [*app.number_input, *app.selectbox]
        return {"chains", "temperatures", "negative", *steps} & {widget.key for widget in kinds}

    open_page(app, "train")
    assert app.selectbox(key="algorithm").options == ["CD", "PCD", "Parallel tempering", "Autoencoder"]
    assert shown("cd") == {"negative", *steps}
    assert shown("pcd") == {"chains", "negative", *steps}
    assert shown("pt") == {"chains", "temperatures", *steps}
    assert shown("autoencoder") == set()  # nothing of it samples


def test_start_trains_although_another_visitor_has_done_the_very_same(app: AppTest) -> None:
    config = rbm.PRESETS["Recommended"]
    small = replace(config, n_hidden=13, epochs=20)
    before = server.lab().start("somebody else" * 3, "digits-8x8", small, "Theirs")
    job = server.lab().job(before)
    assert job is None or job.join(SECONDS)
    train_tiny(app)
    mine = app.session_state["run_id"]
    assert mine != before
    wait_for_the_end(app)
    assert server.lab().run(mine).status == "finished"
    while not any(button.label == "Done before: take its result" for button in app.button):
        app.run()  # not in the first second
    pressed(app, "Done before: take its result")
    assert says(app, "Finished 20 epochs")
    assert app.session_state["run_id"] != before


def test_a_start_that_the_next_click_interrupted_is_found_again(app: AppTest) -> None:
    """The script ends after the training has begun, and before the session knows which one it was."""
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(1000).run()
    config = replace(rbm.PRESETS["Recommended"], n_hidden=13, epochs=1000)
    begun = server.lab().start(app.session_state["owner_key"], "digits-8x8", config, "x")
    pressed(app, "Start")
    assert app.session_state["run_id"] == begun
    assert len(server.lab().runs(app.session_state["owner_key"])) == 1
    assert button(app, "Start").disabled
    pressed(app, "Stop")


def test_a_paused_training_is_called_so(app: AppTest) -> None:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(1000)
    pressed(app, "Start")
    pressed(app, "Pause")
    job = server.lab().job(app.session_state["run_id"])
    assert job is None or job.rest(SECONDS)
    app.run()
    said = [caption.value for caption in app.sidebar.caption]
    assert any("Paused at epoch" in line for line in said)
    assert not any("Training:" in line for line in said)


def test_a_link_with_only_a_preset_sets_its_values(app: AppTest) -> None:
    app.query_params["preset"] = "Classic 784-500"
    open_page(app, "train")
    assert app.number_input(key="weight_std").value == rbm.PRESETS["Classic 784-500"].weight_std
    assert app.selectbox(key="visible_bias").value == "zero"
    assert app.selectbox(key="algorithm").value in ("cd", "CD")


def test_an_unknown_preset_in_a_link_is_told(app: AppTest) -> None:
    app.query_params["preset"] = "Miraculous"
    open_page(app, "train")
    assert "Preset = 'Miraculous', which can't be" in app.warning[0].value
    assert not app.exception


def test_a_model_with_classes_is_trained_and_dreams_of_one(app: AppTest) -> None:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(4)
    app.toggle(key="labels").set_value(True)
    wait_for_the_end(pressed(app, "Start"))
    assert not app.exception
    assert "64-13 with 10 classes · digits-8x8" in in_use(app)
    open_page(app, "sample")
    app.segmented_control(key="dream_source").select("Noise").run()
    app.slider(key="dream_steps").set_value(7)
    app.segmented_control(key="dream_class").select("5").run()
    assert not app.exception


def test_what_tells_classes_apart_is_asked_where_classes_are_learned(app: AppTest) -> None:
    open_page(app, "train")
    assert "discriminative" not in [one.key for one in app.number_input]
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(2)
    app.toggle(key="labels").set_value(True).run()
    app.number_input(key="discriminative").set_value(1.5).run()
    assert button(app, "Start").disabled
    assert any("Telling classes apart: from 0 to 1." in caption.value for caption in app.caption)
    app.number_input(key="discriminative").set_value(0.5)
    app.pills(key="monitors").set_value(["misread"]).run()
    wait_for_the_end(pressed(app, "Start"))
    assert not app.exception
    run = server.lab().run(app.session_state["run_id"])
    assert (run.config.discriminative, run.n_classes) == (0.5, 10)
    assert 0 < progress(app).history[-1].measures["misread"] < 1
    assert "measure_misread" in [chart.key for chart in app.get("plotly_chart")]
    app.toggle(key="labels").set_value(False).run()
    assert not app.exception
    assert not app.error, "without classes the share is that of the preset, none"
    assert not button(app, "Start").disabled


def test_an_address_with_a_share_and_no_classes_is_a_machine_without_both(app: AppTest) -> None:
    app.query_params["discriminative"] = "0.5"
    open_page(app, "train")
    assert not app.exception
    assert not app.error


def test_images_of_one_class_have_none_to_learn(app: AppTest) -> None:
    images, labels = np.zeros((7, 4), np.uint8), np.zeros(7, np.int64)
    data = rbm.datasets.Dataset("plain", images, labels, images[:3], labels[:3], (2, 2))
    card, _ = server.library().keep("x" * 32, data, "plain")
    with pytest.raises(BadValue, match="of one class only"):
        server.lab().start("x" * 32, card.name, rbm.TrainConfig(n_hidden=3, epochs=1), "Run", labels=True)


def test_classes_that_no_training_image_shows_are_refused(app: AppTest) -> None:
    images, labels = np.zeros((7, 4), np.uint8), np.arange(7) % 2
    data = rbm.datasets.Dataset("plain", images, labels, images[:3], np.array([0, 1, 2]), (2, 2))
    card, _ = server.library().keep("x" * 32, data, "plain")
    with pytest.raises(BadValue, match="held-out images only"):
        server.lab().start("x" * 32, card.name, rbm.TrainConfig(n_hidden=3, epochs=1), "Run", labels=True)


def test_every_setting_reaches_the_run(app: AppTest) -> None:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(4)
    app.selectbox(key="algorithm").select("pt").run()
    app.number_input(key="temperatures").set_value(3)
    app.number_input(key="final_gibbs_steps").set_value(2)
    app.selectbox(key="schedule").select("inverse")
    app.selectbox(key="binarize").select("threshold")
    app.toggle(key="centering").set_value(True)
    app.number_input(key="sparsity_cost").set_value(0.1)
    app.pills(key="monitors").set_value(["free_energy_gap", "exact"])
    wait_for_the_end(pressed(app, "Start"))
    assert not app.exception
    assert server.lab().run(app.session_state["run_id"]).config == replace(
        rbm.PRESETS["Recommended"], n_hidden=13, epochs=4, algorithm="pt", temperatures=3, final_gibbs_steps=2,
        schedule="inverse", binarize="threshold", centering=True, sparsity_cost=0.1,
    )  # fmt: skip
    assert {"free_energy_gap", "exact_log_likelihood", "update_ratio_weights"} <= set(
        progress(app).history[-1].measures
    )
    assert [chart.key for chart in app.get("plotly_chart")] == [
        "learning_curve", "measure_likelihood", "measure_gap", "measure_swaps", "measure_updates"
    ]  # fmt: skip


def test_ais_is_shown_with_its_error_between_bounds(app: AppTest) -> None:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    app.number_input(key="n_hidden").set_value(7)
    app.number_input(key="epochs").set_value(2)
    app.pills(key="monitors").set_value(["ais"])
    wait_for_the_end(pressed(app, "Start"))
    assert not app.exception
    metrics = progress(app).history[-1].measures
    assert metrics["ais_lower"] < metrics["ais"] - metrics["ais_error"]
    assert metrics["ais"] + metrics["ais_error"] < metrics["ais_upper"]
    chart = json.loads(app.get("plotly_chart")[1].proto.spec)
    assert chart["layout"]["title"]["text"] == "Log-likelihood of held-out digits"
    assert {trace.get("name") for trace in chart["data"]} == {"lower bound", "bounds", "AIS ± 2 errors"}


def upload(app: AppTest, data: bytes, name: str = "model.npz") -> AppTest:
    open_page(app, "train")
    return app.file_uploader[0].upload(name, data, "application/octet-stream").run()


def test_a_wrong_upload_leaves_the_model_in_use(app: AppTest) -> None:
    before = in_use(app)
    upload(app, b"not a model")
    assert not app.exception
    assert "not a model file" in app.error[0].value
    assert in_use(app) == before


def test_a_downloaded_model_can_be_uploaded(app: AppTest, tmp_path: Path) -> None:
    from rbm.app import current_model

    data = current_model.model_file(small_model(64))
    upload(app, data)
    assert not app.exception
    assert not app.error
    assert "Small · 64-11 · digits-8x8" in in_use(app)


def test_a_model_with_classes_is_shown_on_every_page(app: AppTest) -> None:
    from rbm.app import current_model

    rng = np.random.default_rng(3)
    model = rbm.LabelRBM(0.1 * rng.normal(size=(74, 11)), np.zeros(74), np.zeros(11), n_classes=10)
    upload(app, current_model.model_file(NamedModel("With classes", model, "digits-8x8")))
    assert "With classes · 64-11 with 10 classes · digits-8x8" in in_use(app)
    for page in PAGES:
        assert not open_page(app, page).exception
    open_page(app, "reconstructions")
    app.segmented_control(key="rebuild_damage").select("None").run()
    app.toggle(key="rebuild_sampled").set_value(True).run()
    assert not app.exception


def test_a_model_of_real_values_is_refused_in_words(app: AppTest) -> None:
    from rbm.app import current_model

    model = rbm.GaussianRBM(np.zeros((64, 3)), np.zeros(64), np.zeros(3))
    upload(app, current_model.model_file(NamedModel("Real", model, None)))
    assert "its pixels are real-valued" in app.error[0].value


@pytest.mark.parametrize("damage", ["Noise", "Blank half", "Square hole"])
def test_reconstructions_of_damaged_digits(app: AppTest, damage: str) -> None:
    open_page(app, "reconstructions")
    app.segmented_control(key="rebuild_damage").select(damage).run()
    app.slider(key="rebuild_steps" if damage == "Noise" else "repair_steps").set_value(5).run()
    assert not app.exception
    assert any("damaged digit" in text.value for text in app.caption)


@pytest.mark.parametrize("order", ["Best", "Worst"])
def test_reconstructions_in_order_of_error(app: AppTest, order: str) -> None:
    open_page(app, "reconstructions")
    app.segmented_control(key="reconstructions_order").select(order)
    app.segmented_control(key="reconstructions_part").select("Training")
    app.selectbox(key="reconstructions_digit").select("3").run()
    assert not app.exception
    picked = next(text.value for text in app.markdown if "error" in text.value and "ranks" in text.value)
    assert picked.startswith("A **3**")


@pytest.mark.parametrize("order", ["Mean activation", "Index"])
def test_filters_in_any_order(app: AppTest, order: str) -> None:
    open_page(app, "filters")
    app.segmented_control(key="filters_order").select(order)
    app.segmented_control(key="filters_scale").select("Per filter")
    app.segmented_control(key="filters_many").select("All")
    app.session_state["filters_unit"] = 499
    app.run()
    assert not app.exception
    assert "Unit 499" in [text.value for text in app.header]


def test_activations_of_training_digits(app: AppTest) -> None:
    open_page(app, "activations")
    app.segmented_control(key="activations_part").select("Training")
    app.toggle(key="activations_sort").set_value(False)
    app.run()
    app.session_state["activations_chosen"] = 17  # none of these hundred digits
    app.run()
    assert not app.exception
    assert [metric.label for metric in app.metric] == ["Dead units", "Always-on units", "Units on per digit"]


def test_an_empty_canvas_gets_a_hint(app: AppTest) -> None:
    open_page(app, "sample")
    app.session_state["dream_drawing"] = canvas.empty()
    app.run()
    assert not app.exception
    assert "Draw a digit" in app.info[0].value


@pytest.mark.parametrize("source", ["A test digit", "Noise"])
def test_dreams_from_a_digit_and_from_noise(app: AppTest, source: str) -> None:
    open_page(app, "sample")
    app.segmented_control(key="dream_source").select(source).run()
    app.slider(key="dream_steps").set_value(7)
    app.session_state["dream_tab"] = "Film strip"
    app.run()
    assert not app.exception
    assert "sweep 0 to 7" in captions(app)[-1]


def follow_chains(app: AppTest, **numbers: float) -> dict[str, float]:
    """A small training by persistent chains that tell its likelihood, to the end: the last measures."""
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8")
    for key, value in {"n_hidden": 7, "epochs": 2, **numbers}.items():
        app.number_input(key=key).set_value(value)
    app.pills(key="monitors").set_value(["trajectory"])
    wait_for_the_end(pressed(app, "Start"))
    assert not app.exception
    return dict(progress(app).history[-1].measures)


def test_the_training_s_own_chains_tell_its_likelihood(app: AppTest) -> None:
    found = follow_chains(app, learning_rate=0.01)
    assert 10 < found["trajectory_sample_size"] <= 200
    chart = json.loads(app.get("plotly_chart")[1].proto.spec)
    assert chart["layout"]["title"]["text"] == "Log-likelihood of held-out digits"
    assert chart["data"][0]["name"] == f"by its own chains, {found['trajectory_sample_size']:.0f} of which count"
    assert not app.info


def test_chains_that_have_lost_the_likelihood_are_said_to_have(app: AppTest) -> None:
    found = follow_chains(app, learning_rate=3.0)
    assert "trajectory" not in found
    assert [info.value for info in app.info if info.value.startswith("By epoch 1 the chains had lost")]


def test_what_has_no_such_chains_is_told_so_before_the_start(app: AppTest) -> None:
    open_page(app, "train")
    app.selectbox(key="algorithm").select("cd")
    app.pills(key="monitors").set_value(["trajectory"]).run()
    assert [error.value for error in app.error if 'algorithm "cd" has none that it could' in error.value]
    assert not app.exception
