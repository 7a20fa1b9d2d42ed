"""What is known of a likelihood, and how runs are laid over each other."""

from streamlit.testing.v1 import AppTest

from rbm.app import charts
from rbm.app.runs_page import compare
from rbm.runs.progress import Point
from rbm.runs.record import Run
from rbm.training.config import TrainConfig
from tests.patience import SECONDS

TRUSTED = {"ais_lower": -90.0, "ais_upper": -84.0, "ais": -86.0, "ais_error": 0.25, "ais_sample_size": 31.0}
FEW = {"ais_lower": -93.0, "ais_upper": -81.0, "ais_sample_size": 2.5}
OF_OLD = {"ais_lower": -85.5, "ais_upper": -86.5}  # two estimates, which noise has swapped


def history(*measures):
    return tuple(Point(epoch, 30.0 - epoch, 20.0 - epoch, 2.0 * epoch, found) for epoch, found in enumerate(measures))


def traces(chart):
    return {trace.name: trace for trace in chart.figure.data}


def test_the_estimate_stands_with_its_error_in_a_band():
    chart = charts.likelihood(history({}, TRUSTED, TRUSTED))
    found = traces(chart)
    assert list(found["bounds"].y) == [-84, -84]
    assert list(found["lower bound"].y) == [-90, -90]
    assert list(found["AIS ± 2 errors"].y) == [-86, -86]
    assert list(found["AIS ± 2 errors"].error_y.array) == [0.5, 0.5]
    assert "between -90 and -84, estimate -86 ± 0.25" in chart.alt


def test_where_few_chains_count_there_is_no_error_but_a_warning():
    chart = charts.likelihood(history({}, TRUSTED, FEW))
    assert list(traces(chart)["AIS ± 2 errors"].x) == [1]
    assert list(traces(chart)["bounds"].x) == [1, 2]
    assert charts.too_few_chains(history({}, TRUSTED, FEW))
    assert not charts.too_few_chains(history({}, FEW, TRUSTED))
    assert not charts.too_few_chains(history({}, OF_OLD))
    assert "AIS" not in traces(charts.likelihood(history(FEW)))


def test_runs_of_an_earlier_version_are_drawn_with_upper_above_lower():
    found = traces(charts.likelihood(history(OF_OLD)))
    assert (found["lower bound"].y, found["bounds"].y) == ((-86.5,), (-85.5,))
    assert charts.QUANTITIES["log_likelihood"].value(history(OF_OLD)[0]) == (-86.0, 0.5)


def test_the_exact_one_is_drawn_beside_them_or_alone():
    exact = {"exact_log_likelihood": -85.75}
    assert list(traces(charts.likelihood(history(TRUSTED | exact)))["exact"].y) == [-85.75]
    assert list(traces(charts.likelihood(history(exact)))) == ["exact"]
    assert charts.likelihood(history({}, {"free_energy_gap": 1.0})) is None


FOLLOWED = {"trajectory": -87.0, "trajectory_sample_size": 64.0}
LOST = {"trajectory_sample_size": 8.5}


def test_what_the_chains_tell_stands_beside_ais_until_they_have_lost_it():
    chart = charts.likelihood(history({}, FOLLOWED, TRUSTED | FOLLOWED, LOST, LOST))
    drawn = traces(chart)["by its own chains, 64 of which count"]
    assert (list(drawn.x), list(drawn.y)) == ([1, 2], [-87, -87])
    assert list(traces(chart)["AIS ± 2 errors"].x) == [2]
    assert "by its own chains -87 after epoch 2" in chart.alt
    assert charts.lost_trajectory(history({}, FOLLOWED, LOST, LOST)) == 2
    assert charts.lost_trajectory(history({}, FOLLOWED, TRUSTED)) is None
    assert charts.likelihood(history({}, LOST)) is None
    assert charts.QUANTITIES["log_likelihood"].value(history(FOLLOWED)[0]) == (-87.0, 0.25)
    assert charts.QUANTITIES["log_likelihood"].value(history(LOST)[0]) is None


def test_swap_rates_have_a_chart_of_their_own():
    found = charts.measures(history({"swap_rate": 0.25, "swap_rate_lowest": 0.125}))
    assert list(found) == ["swaps"]
    assert "mean 0.25, the rarest 0.125" in found["swaps"].alt


def test_any_measured_quantity_is_overlaid_and_the_likelihood_comes_first():
    one, other = history({}, TRUSTED, FEW), history({"pseudo_likelihood": -70.0}, {})
    assert charts.measured([one, other]) == [
        "log_likelihood", "held_out_error", "training_error", "pseudo_likelihood"
    ]  # fmt: skip
    found = traces(charts.overlay({"a": one, "b": other}, "log_likelihood", by_seconds=True))
    assert (found["a"].x, found["a"].y) == ((2.0, 4.0), (-86.0, -87.0))
    assert list(found["a"].error_y.array) == [0.5, 6.0]
    assert not found["b"].x
    chart = charts.overlay({"a": one, "b": other}, "held_out_error", by_seconds=False)
    assert list(traces(chart)["b"].y) == [20, 19]
    assert chart.alt == "Held-out reconstruction error at the end: a 18, b 19"
    for name in charts.measured([one, other]):
        assert charts.overlay({"a": one}, name, by_seconds=False).figure.data


def test_a_long_curve_is_thinned():
    long = tuple(Point(epoch, 1.0, None) for epoch in range(1237))
    (curve,) = charts.overlay({"a": long}, "training_error", by_seconds=False).figure.data
    assert len(curve.x) <= charts.MOST
    assert (curve.x[0], curve.x[-1]) == (0, 1236)


def status_line(measuring):
    def page():
        import streamlit as st

        from rbm.app.train_page import watch
        from rbm.runs.progress import Progress
        from rbm.runs.record import Run
        from rbm.training.config import TrainConfig

        measuring = st.session_state["measuring"]
        run = Run("a", "owner", "tiny", "0" * 64, TrainConfig(), 0.0)
        watch._status(run, Progress("running", 7, epoch=3, fraction=0.5, speed=0.1, measuring=measuring))

    app = AppTest.from_function(page, default_timeout=SECONDS)
    app.session_state["measuring"] = measuring
    app.run()
    assert not app.exception
    return app.get("progress")[0].proto.text


def test_the_progress_line_says_when_likelihood_is_measured():
    assert status_line(("update_ratio", "ais")) == "Epoch 3 of 7 · Measuring likelihood... · 5 s left"
    assert status_line(("update_ratio",)) == "Epoch 3 of 7 · 5 s left"


def a_run(run_id, **settings):
    config = TrainConfig(**settings)
    return Run(
        id=run_id * 4,
        owner="o",
        name="same name",
        created=0.0,
        data="digits-8x8",
        fingerprint="f",
        n_classes=0,
        config=config,
    )


def test_curves_are_named_by_what_differs():
    runs = [a_run("a"), a_run("b", algorithm="pcd"), a_run("c", algorithm="pcd", learning_rate=0.05)]
    assert compare.names(runs) == [
        "Algorithm cd, Learning rate 0.1",
        "Algorithm pcd, Learning rate 0.1",
        "Algorithm pcd, Learning rate 0.05",
    ]


def test_runs_that_do_not_differ_keep_their_names_and_are_still_told_apart():
    same = [a_run("a"), a_run("b")]
    assert compare.names(same) == ["same name (aaaa)", "same name (bbbb)"]
    assert compare.names([*same, a_run("c", seed=3)]) == ["Seed 0 (aaaa)", "Seed 0 (bbbb)", "Seed 3"]
    assert compare.names(same[:1]) == ["same name (aaaa)"]


def test_many_differences_are_cut_short():
    first, second = compare.names([a_run("a"), a_run("b", n_hidden=3, gibbs_steps=5, epochs=7, seed=11)])
    assert second == "Hidden units 3, Gibbs steps k 5, Epochs 7 …"
    assert first != second
