"""The Learn page without a browser: chapters, questions and what they cover."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rbm.app import answers, explained, one_step, server
from rbm.app.components.machine import read_state
from rbm.app.current_model import default_model
from rbm.app.learn_page import chapters, curves, numbers, questions
from rbm.errors import BadValue
from rbm.measures import exact, tables
from rbm.models.arrays import as_unit_interval
from rbm.pretrained import course
from rbm.training import small
from tests import brute
from tests.patience import SECONDS

ROOT = Path(__file__).parents[2]
MOST_LETTERS = 40_000  # of what the machine of a chapter is sent


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RBM_HOME", str(tmp_path))
    server.lab.clear()
    yield AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS).run()
    server.lab().close()
    server.lab.clear()


def open_chapter(app: AppTest, chapter: str) -> AppTest:
    app.switch_page("pages/learn.py")
    app.query_params["chapter"] = chapter
    app.run()
    assert not app.exception
    return app


def says(app: AppTest, words: str) -> bool:
    return any(words in text.value for text in [*app.markdown, *app.caption])


def titles(app: AppTest) -> list[str]:
    return [json.loads(chart.proto.spec)["layout"]["title"]["text"] for chart in app.get("plotly_chart")]


# ---- chapters


@pytest.mark.parametrize("chapter", explained.CHAPTERS)
def test_every_chapter_opens_by_its_address_and_leads_on(app: AppTest, chapter: str) -> None:
    open_chapter(app, chapter)
    assert app.title[0].value == "Learn"
    links = [link.proto.label for link in app.get("page_link")]
    names = list(explained.CHAPTERS)
    following = names[names.index(chapter) + 1 :][:1]
    assert [label for label in links if label.startswith("Next: ")] == [
        f"Next: {explained.CHAPTERS[name]}" for name in following
    ]
    assert chapters.ALL[chapter].words in links


def test_an_address_without_a_chapter_or_with_another_opens_the_first(app: AppTest) -> None:
    assert says(open_chapter(app, "nonsense"), "a whole RBM")


def test_links_from_elsewhere_lead_to_chapters_that_are_there() -> None:
    assert explained.link("a chain", "gibbs") == '[a chain](learn?chapter=gibbs "Learn: Gibbs")'
    with pytest.raises(KeyError):
        explained.link("a chain", "chains")


@pytest.mark.parametrize("page", ["train", "sample", "filters", "activations", "runs"])
def test_pages_lead_to_the_chapter_that_explains_their_terms(app: AppTest, page: str) -> None:
    app.switch_page(f"pages/{page}.py").run()
    assert says(app, "(learn?chapter=")


# ---- questions


@pytest.mark.parametrize("key", questions.ASKED)
def test_a_guess_is_answered_with_its_reason_and_not_before(app: AppTest, key: str) -> None:
    asked = questions.question(key)
    open_chapter(app, asked.chapter)
    assert not says(app, asked.why[:40])
    if asked.choices:
        wrong = next(choice for choice in asked.choices if choice != asked.right)
        app.segmented_control(key=f"guess_{key}").select(wrong).run()
    else:
        wrong = "17"
        app.number_input(key=f"guess_{key}").set_value(17).run()
        next(button for button in app.button if button.label == "That is my guess").click().run()
    assert not app.exception
    assert says(app, asked.why[:40])
    assert answers._notebook().of(app.session_state["owner_key"]) == {key: wrong}


@pytest.mark.parametrize("key", questions.ASKED)
def test_the_right_answer_is_offered_once_among_choices_that_differ(key: str) -> None:
    asked = questions.question(key)
    if asked.choices:
        assert len(set(asked.choices)) == len(asked.choices) >= 2
        assert asked.choices.count(asked.right) == 1
    else:
        assert float(asked.right) > 0


def test_the_likelihood_is_covered_until_there_is_a_guess(app: AppTest) -> None:
    open_chapter(app, "error")
    assert titles(app) == ["Reconstruction error of CD-1"]
    assert not app.image
    app.segmented_control(key="guess_error").select("It stays").run()
    assert titles(app) == ["Reconstruction error of CD-1", "Exact log-likelihood"]
    assert "you: It stays · it is: It rises, then falls" in app.code[0].value


def test_the_state_of_lowest_energy_is_that_of_a_loop_over_all() -> None:
    p = brute.params(course.after(questions.TRAINED))
    energies = {
        (i, j): brute.energy(p, v, h) for i, v in enumerate(brute.states(4)) for j, h in enumerate(brute.states(3))
    }
    lowest, places = questions.lowest()
    assert lowest == pytest.approx(min(energies.values()), abs=1e-6)
    assert places == [min(energies, key=lambda place: energies[place])]


def test_answers_that_can_be_counted_another_way() -> None:
    p = brute.params(course.after(questions.TRAINED))
    joint = brute.joint(p)
    both = sum(q for (_, h), q in joint.items() if h[1] and h[2])
    apart = sum(q for (_, h), q in joint.items() if h[1]) * sum(q for (_, h), q in joint.items() if h[2])
    assert (abs(both - apart) > 1e-6) == (questions.question("independent").right == "No")
    assert f"{both:.3f}" in questions.question("independent").why

    soft = brute.params(course.after(questions.SOFT))
    a, b = (0.0, 0.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0)
    h = (1.0, 0.0, 1.0)
    gap = brute.energy(soft, b, h) - brute.energy(soft, a, h)
    found = brute.joint(soft)
    assert found[a, h] / found[b, h] == pytest.approx(math.exp(gap)), "Z cancels"
    assert questions.question("ratio").right == f"{math.exp(2):.1f}"

    hot = brute.marginal(soft, questions.HOT).values()
    assert 0.05 < min(hot) <= max(hot) < 0.08
    assert questions.question("hot").right == "Nearly even"


def test_only_a_state_of_the_machine_is_read_from_the_browser() -> None:
    assert read_state("15|7") == (15, 7)
    for sent in (None, "", "16|0", "3|8", "3|-1", "03|1|", ["3|1"], "٣|1"):
        with pytest.raises(BadValue, match="press Check again"):
            read_state(sent)


def test_the_first_guess_counts_and_the_longest_away_is_forgotten() -> None:
    book = answers.Notebook(most=2)
    book.write("a", "hot", "first")
    book.write("a", "hot", "second")
    book.write("b", "hot", "x")
    assert book.of("a") == {"hot": "first"}  # a has just been here
    book.write("c", "hot", "y")
    assert book.of("b") == {}
    assert book.of("a") == {"hot": "first"}


# ---- the numbers that the machine is sent


def test_no_chapter_sends_much() -> None:
    sizes = {
        "probability": [numbers.table(questions.SOFT, t, whole=True) for t in (0.5, 1.0, 2.0, 3.0, 5.0)],
        "gibbs": [numbers.table(u, t) for u in (0, 200, 400) for t in (2.0, 1.0, 0.5)],
        "update": numbers.updates(),
        "training": numbers.films(),
    }
    assert {name: len(json.dumps(data)) for name, data in sizes.items() if len(json.dumps(data)) > MOST_LETTERS} == {}


def test_the_forty_updates_follow_from_one_another() -> None:
    weights = np.array(numbers.updates_start()["first"])
    for one in numbers.updates():
        v0, v1 = (tables.states(4)[one[name]] for name in ("v0", "v1"))
        step = 0.5 * (np.outer(v0, one["p_h0"]) - np.outer(v1, one["p_h1"]))
        assert one["change"] == pytest.approx(step, abs=2e-3)
        assert one["after"] == pytest.approx(weights + step, abs=2e-2)
        assert sum(one["p_after"]) == pytest.approx(1, abs=0.01)
        weights = np.array(one["after"])


def test_the_gap_to_the_line_is_the_kullback_leibler_divergence() -> None:
    model = course.after(200)
    p = brute.marginal(brute.params(model))
    divergence = sum(0.25 * math.log(0.25 / p[tuple(v)]) for v in small.FOUR_HALVES.tolist())
    assert -math.log(4) - numbers.log_likelihoods([model])[0] == pytest.approx(divergence, abs=1e-6)


def test_draws_of_the_cousin_are_exact() -> None:
    model = brute.tiny(5, 3, seed=8)
    drawn, truth = numbers.drawn(model, 20_000), brute.marginal(brute.params(model))
    assert brute.total_variation(drawn, truth) < brute.monte_carlo_floor(truth, 20_000)


def test_the_curves_say_what_they_show() -> None:
    assert "CD-10" in curves.likelihood().alt
    assert curves.error().alt.startswith("The error of CD-1 falls from 2.2 to 0.0000")


# ---- a real step


def test_the_real_step_is_a_column_of_the_gradient() -> None:
    named = default_model()
    assert named.dataset is not None
    image = as_unit_interval(named.dataset.test_images[:1])[0]
    parts = one_step.parts_of(named, image, draw=1)
    unit = one_step.strongest(parts)
    column = parts.gradient.weights[:, unit]
    shown = parts.v0[0] * parts.mean_h0[0, unit] - parts.v1[0] * parts.mean_h1[0, unit]
    assert column == pytest.approx(shown, abs=1e-6)
    captions = [caption for _, caption in one_step.figure(named, parts, unit)]
    assert captions[-1] == f"The wires of hidden unit {unit} now"


def test_the_course_has_the_numbers_that_were_found_by_a_prototype() -> None:
    expected = {0: (-2.84, 211, 0.65), 100: (-2.27, 254, 2.3), 200: (-1.68, 1934, 4.6), 400: (-1.49, 15_372, 6.7)}
    for updates, (likelihood, z, largest) in expected.items():
        model = course.after(updates)
        assert numbers.log_likelihoods([model])[0] == pytest.approx(likelihood, abs=0.006)
        assert math.exp(exact.log_partition(model)) == pytest.approx(z, rel=0.005)
        assert np.abs(model.weights).max() == pytest.approx(largest, abs=0.06)
    times = {(u, t): questions.forgets(u, t) for u in (0, 100, 200, 400) for t in (2.0, 1.0, 0.5)}
    assert [round(times[400, t], 1) for t in (2.0, 1.0)] == [3.4, 29.1]
    assert round(times[400, 0.5]) == 2256
    assert round(times[200, 0.5]) == 156


def test_the_cousins_error_hides_a_fall_of_a_whole_nat() -> None:
    curve = course.curve("CD-1")
    assert curve.log_likelihood.max() - curve.log_likelihood[-1] > 1
    assert curve.error[-1] < 0.01
    data = small.bars_and_stripes(3)
    for model, at in zip(course.cousins(), (int(curve.log_likelihood.argmax()), -1), strict=True):
        p = brute.marginal(brute.params(model))
        by_loop = np.mean([math.log(p[tuple(row)]) for row in data.tolist()])
        assert by_loop == pytest.approx(curve.log_likelihood[at], abs=1e-4)
    assert (course.falls() > 0.1).all()
