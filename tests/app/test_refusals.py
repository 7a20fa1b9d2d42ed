"""What a visitor is refused is a sentence on the page; a mistake of the program an exception, there and in the log."""

from __future__ import annotations

import io
import logging
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

import rbm
from rbm.app.server import lab, library
from rbm.models import sampling
from rbm.models.layers import Parameters
from rbm.runs.limits import Limits
from rbm.runs.store import Store

ROOT = Path(__file__).parents[2]
SECONDS = 120
TINY = rbm.TrainConfig(n_hidden=3, epochs=1)
LONG = rbm.TrainConfig(n_hidden=3, epochs=1000)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RBM_HOME", str(tmp_path / "home"))
    lab.clear()
    yield AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS).run()
    lab().close()
    lab.clear()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What Streamlit writes to the server's log; its logger hands nothing on."""
    logger = logging.getLogger("streamlit.error_util")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def open_page(app: AppTest, name: str, **query: str) -> AppTest:
    app.query_params.update(query)
    return app.switch_page(f"pages/{name}.py").run()


def pressed(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def sentences(app: AppTest) -> list[str]:
    return [element.value for kind in (app.error, app.warning, app.info) for element in kind]


def owner(app: AppTest) -> str:
    return str(app.session_state["owner_key"])


# ---- mistakes of the program


def mismatched(p: Parameters, v: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    np.matmul(v, p.weights[1:], out=out)


def is_shown_and_logged(app: AppTest, log: pytest.LogCaptureFixture, function: str) -> bool:
    (shown,) = app.exception
    (line,) = [record for record in log.records if record.name == "streamlit.error_util"]
    for inner in ("matmul", function, "Traceback", str(ROOT)):
        assert inner not in f"{shown.value} {shown.stack_trace}", "what went wrong is for the log"
    return "matmul: Input operand 1 has a mismatch" in str(line.exc_text) and f"in {function}\n" in str(line.exc_text)


def test_a_sampler_that_multiplies_mismatched_matrices_is_no_sentence(
    app: AppTest, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_page(app, "sample")
    app.number_input(key="dream_seed").set_value(6011)  # a dream that no other test has left in the cache
    monkeypatch.setattr(sampling, "up", mismatched)
    app.segmented_control(key="dream_source").select("Noise").run()
    assert is_shown_and_logged(app, log, "mismatched")
    assert not app.error


def test_a_start_that_multiplies_mismatched_matrices_is_no_sentence(
    app: AppTest, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(names: tuple[str, ...], model: rbm.RBM) -> None:
        model.weights @ model.weights[1:]

    open_page(app, "train")
    monkeypatch.setattr("rbm.measures.monitors.check", check)
    pressed(app, "Start")
    assert is_shown_and_logged(app, log, "check")
    assert not app.error
    assert "run_id" not in app.session_state


def test_a_rename_that_multiplies_mismatched_matrices_is_no_sentence(
    app: AppTest, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(self: Store, *_: object) -> None:
        np.ones((2, 3)) @ np.ones((2, 3))

    ticked(app, finished(app))
    monkeypatch.setattr(Store, "change", change)
    pressed(app, "Rename")
    assert is_shown_and_logged(app, log, "change")
    assert not app.error


# ---- sentences on the Train page


def few_classes(app: AppTest, test_labels: list[int]) -> str:
    """The name of own images of one class, with these labels held out."""
    images = np.zeros((7, 4), np.uint8)
    labels = np.arange(7) % (2 if max(test_labels) else 1)
    data = rbm.datasets.Dataset("few", images, labels, images[:3], np.array(test_labels), (2, 2))
    return library().keep(owner(app), data, "few")[0].name


def with_limits(app: AppTest) -> None:
    lab().limits = Limits(max_hidden=499)


def with_little_memory(app: AppTest) -> None:
    lab().limits = Limits(max_training_mb=2)


def with_four_trainings(app: AppTest) -> None:
    for _ in range(4):
        lab().start(owner(app), "digits-8x8", LONG, "x")


def with_one_class(app: AppTest) -> None:
    few_classes(app, [0, 0, 0])


def with_a_class_held_out(app: AppTest) -> None:
    few_classes(app, [0, 1, 2])


REFUSED = {
    "exact of a large model": ({"monitors": ["exact"]}, None, "exact sums need a layer of at most 20 units"),
    "measures of classes": (
        {"monitors": ["dead_units"], "labels": True}, None, "the measures are for binary pixels without labels"
    ),
    "no classes": ({"labels": True}, with_one_class, "these images are of one class only, so there are none to learn"),
    "an unseen class": ({"labels": True}, with_a_class_held_out, "some classes occur among the held-out images only"),
    "too many at a time": ({}, with_four_trainings, "you have 4 unfinished trainings, and RBM_MAX_ACTIVE allows no"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_training_that_cannot_start_says_why(app: AppTest, case: str) -> None:
    values, before, sentence = REFUSED[case]
    if before is not None:
        before(app)
    brought = library().brought(owner(app))
    open_page(app, "train", **({"data": brought[0].name} if brought else {}))
    runs = len(lab().runs(owner(app)))
    for key, value in values.items():
        app.session_state[key] = value
    pressed(app, "Start")
    assert not app.exception
    assert app.error[0].value.startswith(f"Training did not start: {sentence}")
    assert len(lab().runs(owner(app))) == runs


BEFORE_START = {
    "k that falls": ({"gibbs_steps": 3, "final_gibbs_steps": 2}, None, "final_gibbs_steps must be at least gibbs_st"),
    "too much memory": (
        {},
        with_little_memory,
        "this training would take about 18 MB of the server's memory, and RBM_MAX_TRAINING_MB allows 2; choose",
    ),
    "beyond a limit": ({}, with_limits, "this server allows at most 499 hidden units, got 500; lower it"),
}


@pytest.mark.parametrize("case", BEFORE_START)
def test_settings_that_cannot_be_are_told_before_start(app: AppTest, case: str) -> None:
    values, before, sentence = BEFORE_START[case]
    if before is not None:
        before(app)
    open_page(app, "train")
    for key, value in values.items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    assert app.error[0].value.startswith(f"These settings can't be: {sentence}")
    assert next(button for button in app.button if button.label == "Start").disabled


def test_images_that_are_gone_say_so(app: AppTest) -> None:
    gone = few_classes(app, [0, 1, 1])
    open_page(app, "train", data=gone)
    app.number_input(key="epochs").set_value(1)
    app.number_input(key="n_hidden").set_value(3)
    pressed(app, "Start")
    while "Done before: take its result" not in [button.label for button in app.button]:
        app.run()
    library().delete(owner(app), gone)  # in another window
    pressed(app, "Done before: take its result")
    assert not app.exception
    assert app.error[0].value.startswith(f"Training did not start: the images {gone} are not on this server")


def test_values_in_the_address_that_cannot_be_say_so(app: AppTest) -> None:
    open_page(app, "train", epochs="many", algorithm="sgd")
    assert not app.exception
    assert "The address asks for Epochs = 'many', which can't be; the preset's value is used." in sentences(app)
    assert "The address asks for Algorithm = 'sgd', which can't be; the preset's value is used." in sentences(app)


def test_a_button_that_comes_too_late_says_why(app: AppTest) -> None:
    run_id = lab().start(owner(app), "digits-8x8", LONG, "x")
    lab().pause(owner(app), run_id)
    app.session_state["run_id"] = run_id
    open_page(app, "train")
    while "Resume" not in [button.label for button in app.button]:
        app.run()
    lab().delete(owner(app), run_id)  # in another window
    pressed(app, "Resume")
    assert not app.exception
    assert app.error[0].value.startswith("there is no such run: its address is incomplete, or its owner has deleted")


def test_a_file_that_is_no_model_says_why(app: AppTest) -> None:
    open_page(app, "train")
    app.file_uploader[0].upload("x.npz", b"noise", "application/octet-stream").run()
    assert not app.exception
    assert app.error[0].value.startswith("x.npz was not loaded: this is not a model file (.npz): ")
    assert app.error[0].value.endswith("The model in use has not changed.")


def zeros(hidden: int) -> bytes:
    """A model of nothing, which packs a thousand times."""
    buffer = io.BytesIO()
    rbm.save(buffer, rbm.RBM(np.zeros((784, hidden)), np.zeros(784), np.zeros(hidden)), half_precision=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("hidden", "told"),
    [(4_001, "this server allows at most 4,000 hidden units"), (130_000, "; 50 times is the limit")],
)
def test_a_model_larger_than_any_here_says_which_limit(app: AppTest, hidden: int, told: str) -> None:
    open_page(app, "train")
    app.file_uploader[0].upload("x.npz", zeros(hidden), "application/octet-stream").run()
    assert not app.exception
    assert app.error[0].value.startswith("x.npz was not loaded: ")
    assert told in app.error[0].value


# ---- sentences on the Runs page


def finished(app: AppTest) -> str:
    run_id = lab().start(owner(app), "digits-8x8", TINY, "Mine")
    job = lab().job(run_id)
    assert job is None or job.join(SECONDS)
    return run_id


def ticked(app: AppTest, run_id: str) -> AppTest:
    """The Runs page with the tick before this run."""
    app.session_state["ticked_runs"] = [run_id]
    return open_page(app, "runs")


def full(*_: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


def test_a_name_of_nothing_is_refused(app: AppTest) -> None:
    ticked(app, finished(app))
    app.text_input[0].set_value(" \t ")
    pressed(app, "Rename")
    assert not app.exception
    assert [error.value for error in app.error] == ["a run needs a name of at least one visible character"]


def test_a_pin_too_many_is_refused(app: AppTest) -> None:
    first, second = finished(app), finished(app)
    lab().pin(owner(app), first)
    lab().limits = Limits(max_pinned=1)
    pressed(ticked(app, second), "Pin")
    assert not app.exception
    assert "you have 1 pinned runs, and RBM_MAX_PINNED allows no more; unpin one first" in sentences(app)


def test_a_change_that_the_disk_does_not_take_says_so(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    ticked(app, finished(app))
    monkeypatch.setattr("rbm.runs.database.Database.change", full)
    for label in ("Rename", "Pin", "Delete"):
        pressed(app, label)
        assert not app.exception
        assert app.error[0].value.startswith("this could not be saved. Nothing is being saved in "), label
        assert "the disk is full" in app.error[0].value


def test_a_run_without_a_model_cannot_be_used(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    lab().queue.workers = 0  # so that it waits
    pressed(ticked(app, lab().start(owner(app), "digits-8x8", LONG, "x")), "Use this model")
    assert not app.exception
    assert [error.value for error in app.error] == ["this run has no model yet"]


def test_what_was_deleted_elsewhere_says_so(app: AppTest) -> None:
    run_id = finished(app)
    pressed(ticked(app, run_id), "Delete")
    lab().undelete(owner(app), run_id)  # in another window
    pressed(app, "Undo the deletion")
    assert not app.exception
    assert [error.value for error in app.error] == [
        "there is no such run: its address is incomplete, or its owner has deleted it"
    ]


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"noise", "this archive is damaged"),
        (zipped(x_txt=b""), "a run holds README.md, config.json, metrics.csv, model.npz, and nothing else"),
        (
            zipped(model_npz=b"noise", config_json=b"", metrics_csv=b"", README_md=b""),
            "this is not a model file (.npz): ",
        ),
    ],
)
def test_a_file_that_is_no_run_says_why(app: AppTest, data: bytes, sentence: str) -> None:
    open_page(app, "runs")
    app.file_uploader[0].upload("x.zip", data, "application/zip").run()
    assert not app.exception
    assert app.error[0].value.startswith(f"x.zip was not imported: {sentence}")
    assert lab().runs(owner(app)) == []


def test_an_import_that_the_disk_does_not_take_says_so(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lab().export(finished(app))
    open_page(app, "runs")
    monkeypatch.setattr("rbm.runs.database.Database.put", full)
    app.file_uploader[0].upload("x.zip", file, "application/zip").run()
    assert not app.exception
    assert app.error[0].value.startswith("x.zip was not imported: the run was not imported. Nothing is being saved in")


def test_a_link_to_no_run_says_so(app: AppTest) -> None:
    open_page(app, "runs", run="0123456789")
    assert not app.exception
    assert app.warning[0].value == (
        "This link leads to no run: there is no such run: its address is incomplete, or its owner has deleted it"
    )


# ---- sentences on the Data page and the Sample page


def test_patterns_that_are_too_many_say_so(app: AppTest) -> None:
    app.session_state["data_tab"] = "Generated patterns"
    open_page(app, "data")
    app.number_input(key="made_height_bars-and-stripes").set_value(64)
    app.number_input(key="made_width_bars-and-stripes").set_value(64)
    app.number_input(key="made_train").set_value(60_000).run()
    assert not app.exception
    assert app.error[0].value == (
        "This can't be made: 60,500 images of 64 × 64 are more than 67 million values."
    )  # fmt: skip


def test_images_that_were_deleted_elsewhere_say_so(app: AppTest) -> None:
    name = few_classes(app, [0, 1, 1])
    open_page(app, "data", set=name)
    app.session_state["set"] = name
    app.run()
    library().delete(owner(app), name)  # in another window
    pressed(app, "Delete")
    assert not app.exception
    assert "Not deleted: only the browser that brought these images can delete them." in sentences(app)


def test_images_that_cannot_be_deleted_say_so(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(path: Path) -> None:
        raise OSError(30, "Read-only file system")

    name = few_classes(app, [0, 1, 1])
    app.session_state["set"] = name
    open_page(app, "data")
    monkeypatch.setattr("rbm.datasets.own._remove", read_only)
    pressed(app, "Delete")
    assert not app.exception
    assert "Not deleted: these images can't be deleted: Read-only file system." in sentences(app)


def test_data_that_nobody_knows_say_so(app: AppTest) -> None:
    from rbm.app.current_model import NamedModel

    model = rbm.RBM(np.zeros((77, 5)), np.zeros(77), np.zeros(5))
    app.session_state["model_in_use"] = NamedModel("Odd", model, "nonsense")
    open_page(app, "activations")
    assert not app.exception
    assert "This server knows no data called 'nonsense'." in app.info[0].value


def a_drawing_arrives() -> None:
    """A page that gets something else than a drawing from its board, as a hostile browser may send."""
    import streamlit as st

    from rbm.app import current_model
    from rbm.app.sample_page import board, stage

    if "begun" not in st.session_state:
        st.session_state["begun"] = st.session_state["dream_board"] = {"drawing": {"letters": "AAAA"}}
        board._adopt_brushes()
        del st.session_state["dream_board"]
    board.board(current_model.current(), stage.build(), None)


def test_letters_that_are_no_drawing_say_so() -> None:
    app = AppTest.from_function(a_drawing_arrives, default_timeout=SECONDS).run()
    assert not app.exception
    assert app.error[0].value == (
        "Nothing changed: the drawing that arrived has another size than the board; clear it and draw anew."
    )
