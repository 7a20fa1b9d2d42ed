"""From Train to the heat map on Runs: what may be swept, what is shown of it, and what a click opens."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rbm.app import pictures, server
from rbm.app.components import heatmap
from rbm.app.runs_page import sweep_numbers, sweeps
from rbm.app.runs_page.sweep_numbers import Number
from rbm.app.train_page import sweep as form
from rbm.app.train_page.form import Chosen
from rbm.errors import BadValue
from rbm.measures import diagnostics, probe
from rbm.runs.grid import grid
from rbm.runs.record import Run
from rbm.training.config import PRESETS, TrainConfig
from tests.app.test_pages import app, button, open_page, pressed, says
from tests.patience import SECONDS
from tests.runs.test_sweep import eventually

__all__ = ["app"]

SMALL = TrainConfig(n_hidden=7, epochs=2, batch_size=100)
GRID = {"learning_rate": [0.01, 0.1], "n_hidden": [3, 5, 7]}


def train_page(app: AppTest) -> AppTest:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8").run()
    return app.number_input(key="epochs").set_value(2).run()


def all_over() -> None:
    lab = server.lab()
    eventually(lambda: not lab.queue.running and not lab.queue.waiting)


def mine(app: AppTest) -> list[Run]:
    return list(reversed(server.lab().runs(app.session_state["owner_key"])))


def swept(app: AppTest, values: dict[str, list[Any]] = GRID, **options: Any) -> str:
    """A sweep of this visitor's, all done."""
    configs = grid(SMALL, values)
    owner, names = app.session_state["owner_key"], [f"Run {number}" for number in range(len(configs))]
    sweep = server.lab().start_sweep(owner, "digits-8x8", configs, names, **options)
    eventually(lambda: all(run.over for run in server.lab().sweep(sweep)))
    return sweep


def click(app: AppTest, sweep: str, run_id: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """AppTest has no browser that could send it: the click arrives as the browser would send it."""
    monkeypatch.setattr(heatmap, "opened", lambda key: run_id)
    runs = [run.id for run in server.lab().sweep(sweep)]
    monkeypatch.setattr(st, "session_state", app.session_state)
    sweeps._open("heatmap", runs, tick=True)
    monkeypatch.undo()
    return app.run()


# ---- Train


def test_the_sweep_that_the_form_shows_is_trained(app: AppTest) -> None:
    train_page(app)
    app.text_input(key="sweep_values_n_hidden").set_value("5, 7").run()
    assert button(app, "Start the sweep: 6 trainings")
    app.button(key="start_sweep").click().run()
    assert not app.exception
    runs = mine(app)
    assert [run.config for run in runs] == grid(
        replace(PRESETS["Recommended"], epochs=2), {"learning_rate": [0.01, 0.05, 0.1], "n_hidden": [5, 7]}
    )
    assert runs[0].name == "Recommended, learning rate 0.01, hidden units 5"
    assert app.session_state["run_id"] in {run.id for run in runs}
    all_over()
    app.run()
    assert {run.status for run in mine(app)} == {"finished"}


def test_other_settings_than_the_first_and_choices_too(app: AppTest) -> None:
    train_page(app)
    app.multiselect(key="sweep_settings").set_value(["algorithm"]).run()
    assert app.text_input(key="sweep_values_algorithm").value == "cd, pcd"
    app.number_input(key="n_hidden").set_value(5).run()
    app.button(key="start_sweep").click().run()
    assert [run.config.algorithm for run in mine(app)] == ["cd", "pcd"]
    all_over()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"learning_rate": "0.1, fast"}, "learning_rate must be a number, got 'fast'"),
        ({"learning_rate": "0.1"}, "two values or more"),
        ({"n_hidden": "1,2,3,4,5,6"}, "hidden units has 6 values, at most 5 fit"),
        ({"n_hidden": "5, 5"}, "twice"),
        ({"n_hidden": "5, 99999"}, "RBM_MAX_HIDDEN"),
        ({}, "choose one or two settings"),
        ({"n_hidden": ""}, "no value"),
    ],
)
def test_what_can_not_be_swept_is_told(app: AppTest, typed: dict[str, str], words: str) -> None:
    with pytest.raises(BadValue, match=words):
        form.combinations(Chosen("digits-8x8", SMALL, "Recommended", ()), typed)
    train_page(app)
    app.multiselect(key="sweep_settings").set_value(list(typed)).run()
    for name, values in typed.items():
        app.text_input(key=f"sweep_values_{name}").set_value(values).run()
    assert any(words in error.value.replace("\\", "") for error in app.error)
    assert app.button(key="start_sweep").disabled
    assert not app.exception


def test_a_tower_is_not_swept(app: AppTest) -> None:
    train_page(app)
    app.text_input(key="layers").set_value("5").run()
    assert not app.error
    assert any("A sweep trains machines of one layer" in info.value for info in app.info)
    assert app.button(key="start_sweep").disabled


def test_a_second_click_is_no_second_sweep(app: AppTest) -> None:
    train_page(app)
    app.multiselect(key="sweep_settings").set_value(["seed"]).run()
    app.number_input(key="n_hidden").set_value(5).run()
    app.button(key="start_sweep").click().run()
    app.button(key="start_sweep").click().run()
    assert len(mine(app)) == 3
    all_over()


def test_a_sweep_under_way_can_be_stopped_here(app: AppTest) -> None:
    train_page(app)
    app.number_input(key="epochs").set_value(1000).run()
    app.button(key="start_sweep").click().run()
    assert any("of 9 trainings done" in str(one.proto) for one in app.get("progress"))
    pressed(app, "Stop the sweep")
    eventually(lambda: all(run.over for run in mine(app)))
    assert {run.status for run in mine(app)} <= {"stopped", "finished"}
    assert not app.run().exception


# ---- Runs


def test_the_map_has_every_run_in_its_place_and_the_best_is_open(app: AppTest) -> None:
    sweep = swept(app)
    runs = server.lab().sweep(sweep)
    plan = sweeps.planned(runs, {})
    assert (plan.columns.values, plan.rows.values) == ((3, 5, 7), (0.01, 0.1))
    numbers = sweep_numbers.of(runs, "held_out")
    best = min(runs, key=lambda run: run.validation_error or 0)
    table = sweeps.cells(plan, numbers, "held_out", best)
    for row, rate in zip(table, (0.01, 0.1), strict=True):
        for cell, units in zip(row, (3, 5, 7), strict=True):
            (run,) = [r for r in runs if (r.config.learning_rate, r.config.n_hidden) == (rate, units)]
            assert cell.id == run.id
            assert cell.text == f"{'★ ' if run == best else ''}{run.validation_error:.2f}"
            assert cell.said.startswith(f"learning rate {rate}, hidden units {units}: held-out error ")
            assert cell.said.endswith(", the best") == (run == best)
    assert [cell.paper for row in table for cell in row if "best" in cell.said] == [pictures.shade(1.0)[0]]
    open_page(app, "runs")
    assert not app.exception
    assert says(app, f"Best: Learning rate {best.config.learning_rate:g}, hidden units {best.config.n_hidden}")


def test_a_click_opens_the_run_and_ticks_it(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = swept(app)
    open_page(app, "runs")
    worst = max(server.lab().sweep(sweep), key=lambda run: run.validation_error or 0)
    click(app, sweep, worst.id, monkeypatch)
    assert not app.exception
    assert says(app, f"**Learning rate {worst.config.learning_rate:g}, hidden units {worst.config.n_hidden}**")
    assert app.session_state["ticked_runs"] == [worst.id]
    assert app.text_input[-1].value == worst.name, "its name can be changed below"
    click(app, sweep, "another", monkeypatch)
    assert app.session_state["ticked_runs"] == [worst.id], "what the browser sends is found among the runs, or nothing"
    app.button(key="use_of_sweep").click().run()
    assert app.session_state["model_in_use"].name == worst.name


def test_one_setting_makes_one_line_and_three_a_choice(app: AppTest) -> None:
    line = sweeps.planned(server.lab().sweep(swept(app, {"seed": [1, 2, 3]})), {})
    assert (line.rows.values, line.columns.values, len(line.runs)) == (("",), (1, 2, 3), 3)
    sweep = swept(app, {"n_hidden": [3, 5], "learning_rate": [0.1, 0.2, 0.3], "seed": [0, 1]})
    plan = sweeps.planned(server.lab().sweep(sweep), {"seed": 1})
    assert {run.config.seed for run in plan.runs.values()} == {1}
    assert len(plan.runs) == 6
    open_page(app, "runs")
    assert not app.exception
    assert [box.label for box in app.selectbox if box.label in ("Sweep", "Seed")] == ["Sweep", "Seed"]
    app.selectbox(key="sweep_fixed_seed").select(1).run()
    assert not app.exception


def test_all_is_said_of_runs_without_a_number() -> None:
    base = Run("x", "o", "digits-8x8", "", SMALL, 0.0, sweep="s")
    runs = [
        replace(base, id=str(number), config=replace(SMALL, seed=number), **what)  # type: ignore[arg-type]
        for number, what in enumerate([
            {"status": "running", "fraction": 0.43}, {"status": "waiting"}, {"status": "diverged", "epoch": 0},
            {"status": "finished", "epoch": 2, "validation_error": 3.0, "fraction": 1.0},
        ])
    ]  # fmt: skip
    plan = sweeps.planned(runs, {})
    ((running, waiting, diverged, done),) = sweeps.cells(plan, {"3": Number(3.0, "3.00")}, "held_out", runs[3])
    assert (running.text, waiting.text, diverged.text, done.text) == ("43%", "waiting", "diverged", "★ 3.00")
    assert waiting.said == "seed 1: waiting"
    gone = sweeps.Plan(plan.rows, plan.columns, {("", 0): runs[0]})
    assert [cell.id for cell in sweeps.cells(gone, {}, "held_out", None)[0]] == ["0", "", "", ""]


def test_misread_is_measured_on_demand(app: AppTest) -> None:
    sweep = swept(app, {"n_hidden": [3, 30]})
    open_page(app, "runs")
    app.segmented_control(key="sweep_quantity").select("misread").run()
    runs = server.lab().sweep(sweep)
    assert sweep_numbers.of(runs, "misread") == {}, "not before it is asked for"
    pressed(app, "Measure 2 runs")
    errand = sweep_numbers.errand(runs, "misread")
    assert errand is not None
    assert errand.join(SECONDS)
    assert errand.trouble == ""
    app.run()
    assert not app.exception
    numbers = sweep_numbers.of(runs, "misread")
    data = server.library().load("digits-8x8")
    for run in runs:
        model = server.lab().progress(run.id).model
        assert model is not None
        seen, told = (diagnostics.hidden(model, part) for part in (data.train_images, data.test_images))
        (point,) = probe.learning_curve(seen, data.train_labels, told, data.test_labels, (100,))
        assert numbers[run.id].value == point.error
    assert numbers[runs[0].id].value > numbers[runs[1].id].value, "three units tell ten digits apart less well"
    assert "Measure 2 runs" not in [one.label for one in app.button]


def test_the_likelihood_is_the_trainings_own_or_measured(app: AppTest) -> None:
    runs = server.lab().sweep(swept(app, {"seed": [0, 1]}, measures=("exact",)))
    for run in runs:
        exact = server.lab().points(run.id)[-1].measures["exact_log_likelihood"]
        assert sweep_numbers.of(runs, "likelihood")[run.id] == Number(exact, f"{exact:.1f}")
    unmeasured = server.lab().sweep(swept(app, {"seed": [0, 1]}))
    found = dict(
        sweep_numbers.measured(
            {run.id: server.lab().progress(run.id).model for run in unmeasured},  # type: ignore[misc]
            server.library().load("digits-8x8"),
            "likelihood",
        )
    )
    for run, same in zip(unmeasured, runs, strict=True):
        number = found[run.id]
        assert number is not None
        assert number.value == pytest.approx(sweep_numbers.of(runs, "likelihood")[same.id].value, abs=0.5)


def test_a_stopped_sweep_goes_on_from_here(app: AppTest) -> None:
    lab, owner = server.lab(), app.session_state["owner_key"]
    configs = grid(replace(SMALL, epochs=400), {"seed": [0, 1, 2, 3, 4]})
    sweep = lab.start_sweep(owner, "digits-8x8", configs, list("abcde"))
    lab.stop_sweep(owner, sweep)
    eventually(lambda: all(run.over for run in lab.sweep(sweep)))
    resting = sum(run.status == "stopped" for run in lab.sweep(sweep))
    assert resting
    open_page(app, "runs")
    pressed(app, f"Go on with {resting} unfinished")
    pressed(app, "Stop the sweep")
    eventually(lambda: all(run.over for run in lab.sweep(sweep)))  # one that still trains can't be resumed
    lab.resume_sweep(owner, sweep)
    eventually(lambda: all(run.status == "finished" for run in lab.sweep(sweep)))
    assert not app.run().exception


@pytest.mark.parametrize("name", ["", "_one__of_the_odd_names"])
def test_a_link_shows_the_map_to_anybody_and_changes_nothing(app: AppTest, name: str) -> None:
    configs = grid(SMALL, GRID)
    sweep = server.lab().start_sweep("somebody else", "digits-8x8", configs, list("abcdef"), sweep=name)
    eventually(lambda: all(run.over for run in server.lab().sweep(sweep)))
    app.query_params["sweep"] = sweep
    open_page(app, "runs")
    assert not app.exception
    assert says(app, "Only who started it can change it")
    labels = [one.label for one in app.button]
    assert "Use this model" in labels
    assert not {"Show on Train", "Stop the sweep"} & set(labels)
    app.query_params["sweep"] = "1e999"
    app.run()
    assert not app.exception
    assert "leads to no sweep" in app.warning[0].value


def test_the_words_on_a_colour_can_be_read() -> None:
    def light(colour: str) -> float:
        numbers = {"#000": (0, 0, 0), "#fff": (255, 255, 255)}.get(colour)
        unit = np.array(numbers or [int(part) for part in colour[4:-1].split()]) / 255
        linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for share in np.linspace(0, 1, 101):
        paper, ink = (light(colour) for colour in pictures.shade(float(share)))
        assert (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05) >= 4.5, share


def test_what_the_browser_sends_is_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for sent, read in (({"opened": "x"}, "x"), ({}, ""), (None, ""), ({"opened": 5}, "5")):
        monkeypatch.setattr(heatmap, "st", SimpleNamespace(session_state={"k": sent}))
        assert heatmap.opened("k") == read
