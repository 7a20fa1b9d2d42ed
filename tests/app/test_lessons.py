"""Lessons without a browser: the link, what it carries and hides, what is counted, and the class wall."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks import addresses as fuzz
from rbm.app import server
from rbm.app.explained import CHAPTERS
from rbm.app.lesson_page import points, settings
from rbm.app.lessons import bars, controls
from rbm.app.text import plain
from rbm.runs.lessons import Lesson, secret_of
from rbm.runs.record import Run
from rbm.training.config import TrainConfig
from tests.app.test_names_on_pages import EVIL, looked_at
from tests.app.test_pages import PAGES, button, in_use, open_page, pressed, says, wait_for_the_end
from tests.patience import SECONDS

ROOT = Path(__file__).parents[2]
TEACHER = "the teacher's key, of 32 letters or more"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RBM_HOME", str(tmp_path))
    server.lab.clear()
    yield
    server.lessons().close()
    server.lab().close()
    server.lab.clear()


def make(page: str = "learn", owner: str = TEACHER, **changes: object) -> Lesson:
    given = {
        "title": "Heat",
        "task": "Guess first.\nThen look.",
        "settings": {"chapter": ["probability"]},
        "hidden": (),
    }
    return server.lessons().create(owner, page=page, **{**given, **changes})  # type: ignore[arg-type]


def opened(page: str = "", **query: str) -> AppTest:
    """What somebody sees who comes by a link."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def student(lesson: Lesson, page: str = "") -> AppTest:
    return opened(page, lesson=lesson.code)


def teacher(lesson: Lesson, page: str = "") -> AppTest:
    return opened(page, lesson=lesson.code, teacher=secret_of(TEACHER, lesson.code))


def guess(app: AppTest, key: str, choice: str) -> AppTest:
    app.segmented_control(key=f"guess_{key}").select(choice).run()
    assert not app.exception
    return app


def styles(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


# ---- the link


def test_a_link_opens_the_page_as_it_was_with_the_task_on_top() -> None:
    app = student(make("train", settings={"preset": ["Classic 784-500"], "epochs": ["7"], "monitors": ["Dead units"]}))
    assert app.title[0].value == "Train"
    assert app.number_input(key="epochs").value == 7
    assert app.segmented_control(key="preset").value == "Classic 784-500"
    assert app.get("button_group") and app.session_state["monitors"] == ["dead_units"]  # noqa: PT018
    assert "**Heat**  \nGuess first.  \nThen look." in app.main.markdown[0].value


def test_a_dream_is_shared_with_the_model_that_dreams_it() -> None:
    app = pressed(opened(), "Use Strokes")
    pressed(open_page(app, "sample"), "Share as a lesson")
    app.text_input[-1].set_value("A title")
    pressed(app, "Make the lesson")
    (made,) = server.lessons().of_owner(app.session_state["owner_key"])
    assert "Strokes" in in_use(student(made))


@pytest.mark.parametrize("page", [*PAGES, "lesson"])
def test_every_page_carries_the_lesson_on(page: str) -> None:
    made = make()
    app = student(made, page)
    assert app.query_params["lesson"] == made.code
    assert "teacher" not in app.query_params
    assert "**Heat**" in app.main.markdown[0].value
    links = [link.proto.query_string for link in app.sidebar.get("page_link")]
    assert links
    assert all(f"lesson={made.code}" in link for link in links)


def test_links_into_learn_stay_in_the_lesson() -> None:
    made = make()
    assert says(student(made, "train"), f"(learn?chapter=update&lesson={made.code} ")


@pytest.mark.parametrize("code", ["KXPWQT", "nonsense", "![x](http://evil.example)", "", "1e999"])
def test_a_wrong_code_is_one_sentence_and_the_page_goes_on(code: str) -> None:
    app = opened(lesson=code)
    (said,) = [warning.value for warning in app.warning]
    assert said.startswith("This link opens no lesson: ")
    assert "![x](" not in said
    assert app.title[0].value == "RBM Lab"
    assert "lesson" not in app.query_params
    assert not open_page(app, "learn").warning


def test_a_deleted_lesson_leaves_whoever_is_in_it_a_page_that_works() -> None:
    made = make()
    app = student(made)
    server.lessons().delete(TEACHER, made.code)
    guess(app, "hot", "Nearly even")
    assert server.lessons().guesses(made.code) == {}


def test_one_leaves_a_lesson() -> None:
    app = pressed(student(make()), "Leave")
    assert "lesson" not in app.query_params
    assert not says(app, "**Heat**")


def test_a_wrong_secret_makes_no_teacher() -> None:
    made = make()
    app = opened(lesson=made.code, teacher="x" * 20)
    assert "no teacher's copy" in app.warning[0].value
    assert not [one for one in app.button if one.label == "Uncover"]
    assert app.query_params["lesson"] == made.code
    assert "teacher" not in app.query_params


@pytest.mark.parametrize("kind", EVIL)
def test_no_page_makes_anything_of_a_title_or_a_task(kind: str) -> None:
    evil = EVIL[kind]
    made = make(title=evil, task=f"{evil}\n{evil}")
    assert looked_at(student(made, "learn"), evil, "learn") == 1
    app = teacher(made, "lesson")
    assert looked_at(app, evil, "lesson") >= 1
    app.session_state["owner_key"] = TEACHER
    assert looked_at(pressed(app, "Leave"), evil, "one's own lessons") == 1


# ---- making one


@pytest.mark.parametrize("page", controls.WORDS)
def test_a_page_is_shared_with_its_settings_and_what_to_hide(page: str) -> None:
    app = fuzz.opened(fuzz.Address(page, {"epochs": "3"} if page == "train" else {}))
    if page == "sample":
        app.slider(key="dream_temperature").set_value(2.0).run()
    pressed(app, "Share as a lesson")
    app.text_input[-1].set_value("A title")
    app.text_area[-1].set_value("A task")
    pressed(app, "Make the lesson")
    assert not app.exception
    (made,) = server.lessons().of_owner(app.session_state["owner_key"])
    assert (made.title, made.task, made.page) == ("A title", "A task", page)
    assert made.hidden == (("answers",) if page == "learn" else ())
    name, value = {"train": ("epochs", "3"), "sample": ("dream_temperature", "2"), "learn": ("chapter", "energy")}[page]
    assert list(made.settings[name]) == [value]
    assert any(made.code in code.value for code in app.code)


def test_a_lesson_without_a_title_is_refused_in_a_sentence() -> None:
    app = pressed(pressed(open_page(opened(), "learn"), "Share as a lesson"), "Make the lesson")
    assert app.error[0].value.startswith("No lesson was made: a lesson needs a title")


def test_the_class_is_not_offered_to_share() -> None:
    assert not [one for one in student(make()).button if one.label == "Share as a lesson"]


def test_ones_own_lessons_are_listed_opened_and_deleted() -> None:
    app = open_page(opened(), "lesson")
    made = make(owner=app.session_state["owner_key"])
    app.run()
    assert says(app, f"**{made.code}** · Heat")
    app.button(key=f"open_{made.code}").click().run()
    assert app.query_params["teacher"] == secret_of(app.session_state["owner_key"], made.code)
    pressed(app, "Leave")
    app.button(key=f"delete_{made.code}").click().run()
    assert not says(app, made.code)


def test_the_lesson_of_the_plan_begins_with_one_press() -> None:
    app = pressed(open_page(opened(), "lesson"), "Begin the lesson of the plan")
    (made,) = server.lessons().of_owner(app.session_state["owner_key"])
    assert made.hidden == ("answers",)
    assert f"Join: {made.code}" in [header.value for header in app.header]


# ---- what is hidden


def test_hidden_controls_are_taken_off_for_the_class_and_keep_their_values() -> None:
    made = make("train", settings={"epochs": ["7"]}, hidden=("epochs", "preset"))
    app = student(made)
    assert ".st-key-epochs" in styles(app)
    assert ".st-key-preset" in styles(app)
    assert app.number_input(key="epochs").value == 7
    assert ".st-key-epochs" not in styles(teacher(made))


def test_a_preset_leaves_hidden_settings_as_the_lesson_has_them() -> None:
    app = student(make("train", settings={"epochs": ["7"]}, hidden=("epochs",)))
    app.segmented_control(key="preset").select("Classic 784-500").run()
    assert app.number_input(key="epochs").value == 7
    assert app.number_input(key="learning_rate").value == 0.1


def test_a_style_is_made_of_names_that_are_known_and_nothing_else() -> None:
    assert controls.style(("</style><script>", "answers")) == ""
    assert "dream_hot" in controls.style(("dream_annealing",))


# ---- how the class guessed


def test_guesses_are_counted_once_each_and_shown_to_the_teacher_alone() -> None:
    made = make()
    first, second = student(made), student(made)
    guess(first, "hot", "Nearly even")
    guess(second, "hot", "Much as before")
    assert server.lessons().guesses(made.code) == {"hot": {"Nearly even": 1, "Much as before": 1}}
    app = teacher(made)
    assert says(app, "**The class** · 2 guesses")
    assert "Much as before: 1" in styles(app)
    assert not says(first.run(), "**The class**")
    app.button(key="uncover_hot").click().run()
    assert says(app, "the class sees this")
    assert says(first.run(), "**The class** · 2 guesses")
    assert "Nearly even: 1" in styles(first)


def test_one_browser_counts_once_in_a_lesson_and_again_in_another() -> None:
    made, other = make(), make()
    app = guess(student(made), "hot", "Nearly even")
    again = opened()
    again.session_state["owner_key"] = app.session_state["owner_key"]
    again.query_params["lesson"] = made.code
    open_page(again, "learn")
    again.query_params["chapter"] = "probability"
    again.run()
    assert says(again, "You guessed it")
    assert not [one for one in again.segmented_control if one.key == "guess_hot"]
    again.query_params["lesson"] = other.code
    guess(again.run(), "hot", "Much as before")
    assert server.lessons().guesses(made.code) == {"hot": {"Nearly even": 1}}
    assert server.lessons().guesses(other.code) == {"hot": {"Much as before": 1}}


def test_what_the_teacher_tries_and_what_is_guessed_without_a_lesson_is_not_counted() -> None:
    made = make()
    guess(teacher(made), "hot", "Nearly even")
    guess(opened("learn", chapter="probability"), "hot", "Nearly even")
    assert server.lessons().guesses(made.code) == {}


def test_the_answer_stays_covered_where_the_lesson_asks_for_it_until_it_is_uncovered() -> None:
    made = make(hidden=("answers",))
    app = guess(student(made), "hot", "Nearly even")
    assert says(app, "You guessed *Nearly even*. The answer comes when")
    assert not says(app, "You guessed it")
    open_page(app, "learn")
    server.lessons().uncover(made.code, secret_of(TEACHER, made.code), "hot")
    app.run()
    assert says(app, "You guessed it")


def test_what_you_guessed_tells_no_answer_that_is_covered() -> None:
    made = make(hidden=("answers",))
    app = guess(student(made), "hot", "Much as before")
    app.query_params["chapter"] = "error"
    app.run()
    assert any("you: Much as before · it is: covered for now" in code.value for code in app.code)


def test_numbers_are_counted_in_ranges() -> None:
    made = make(settings={"chapter": ["gibbs"]})
    app = student(made)
    app.number_input(key="guess_stuck").set_value(4321).run()
    pressed(app, "That is my guess")
    assert server.lessons().guesses(made.code) == {"stuck": {"1,000 to 9,999": 1}}


@pytest.mark.parametrize("largest", [9, 100, 1000, 1_000_000])
def test_every_number_has_its_range_among_all_of_them(largest: int) -> None:
    known = bars.bands(largest)
    assert len(set(known)) == len(known) <= 10
    for number in {1, 2, 9, 10, 11, 42, 99, 100, 101, 999, 1000, 12_345, largest}:
        if number <= largest:
            low, high = (int(part.replace(",", "")) for part in bars.band(number, largest).split(" to "))
            assert low <= number <= high
            assert bars.band(number, largest) in known


def test_bars_are_as_long_as_their_counts_and_words_are_text() -> None:
    drawn = bars.table({"a": 4, "<b>": 1}, ["a", "<b>", "c"])
    assert "width:85.0%" in drawn
    assert "width:21.2%" in drawn or "width:21.3%" in drawn
    assert "<b>" not in drawn
    assert "&lt;b&gt;: 1, c: 0" in drawn


def test_only_choices_that_are_offered_are_counted() -> None:
    made = make()
    app = student(made)
    app.session_state["guess_hot"] = "something else"
    app.run()
    assert server.lessons().guesses(made.code) == {}


# ---- the class wall


def trained(app: AppTest, **changed: object) -> str:
    open_page(app, "train")
    app.query_params["data"] = "digits-8x8"
    app.session_state["data"] = "digits-8x8"
    for name, value in {"epochs": 1, "n_hidden": 5, **changed}.items():
        app.number_input(key=name).set_value(value)
    app.run()
    pressed(app, "Start")
    wait_for_the_end(app)
    return str(app.session_state["run_id"])


def test_runs_of_the_lesson_are_points_without_names_and_ones_own_have_a_ring() -> None:
    made = make()
    one, other = student(made), student(made)
    ids = [trained(one), trained(other, n_hidden=7)]
    assert server.lessons().runs(made.code) == ids
    server.lab().rename(other.session_state["owner_key"], ids[1], "Zoe of 7b")
    app = open_page(one, "lesson")
    assert not app.exception
    (drawn,) = app.get("plotly_chart")
    assert "2 runs as points" in drawn.proto.alt
    assert "1 yours" in drawn.proto.alt
    assert "Zoe" not in repr(app)
    assert len([link for link in app.get("page_link") if link.proto.label == "Look at it"]) == 2
    assert len([text for text in app.markdown if "yours" in text.value]) == 1
    server.lab().delete(other.session_state["owner_key"], ids[1])
    assert "1 runs as points" in app.run().get("plotly_chart")[0].proto.alt


def test_a_run_from_elsewhere_is_not_on_the_wall() -> None:
    made = make()
    trained(opened())
    assert says(student(made, "lesson"), "Nothing yet")
    assert server.lessons().runs(made.code) == []


def run(error: float, **config: object) -> Run:
    settings = dataclasses.replace(TrainConfig(), **config)  # type: ignore[arg-type]
    return Run("n", "o", "mnist-5k", "f", settings, 0.0, seconds=error, validation_error=error)


def test_the_table_tells_what_the_chosen_have_and_the_others_have_not() -> None:
    good = [run(1.0, learning_rate=0.05), run(1.1, learning_rate=0.05, seed=7)]
    bad = [run(9.0, learning_rate=1.0), run(9.1, learning_rate=2.0)]
    found = {row["Setting"]: row for row in settings.rows(good, [*bad, *good])}
    assert found["Learning rate"] == {
        "Setting": "Learning rate", "The 2 you chose": "0.05 (2×)", "The other 2": "1.0, 2.0"
    }  # fmt: skip
    assert set(found) == {"Learning rate", "Seed"}


def test_points_stand_where_they_were_measured() -> None:
    runs = [run(3.0), run(2.0)]
    figure = points.chart(runs, [False, True]).figure
    assert list(figure.data[0].x) == [3.0, 2.0]
    assert list(figure.data[0].y) == [3.0, 2.0]
    assert list(figure.data[1].y) == [2.0]
    assert len(points.chart(runs, [False, False]).figure.data) == 1


def test_the_plan_names_what_is_on_the_pages() -> None:
    plan = (ROOT / "LESSON.md").read_text()
    for chapter in ("Energy", "Probability", "The error"):
        assert chapter in CHAPTERS.values()
        assert chapter in plan
    app = open_page(opened(), "lesson")
    assert says(app, plain("A lesson of 45 minutes"))
    assert button(app, "Begin the lesson of the plan")
    assert "Begin the lesson of the plan" in plan
