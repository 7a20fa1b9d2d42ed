"""A lesson in real browsers: shared by a teacher, opened by a class, guessed, uncovered, trained, and looked at."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from benchmarks import lesson, server
from benchmarks.wire import opened
from rbm.runs.lessons import Lessons
from tests.browser.conftest import Newcomer
from tests.browser.waiting import follow, settle
from tests.patience import SECONDS

DESK = {"width": 1280, "height": 720}
PUPILS = 30


def share(page: Page, title: str, hide: tuple[str, ...] = ()) -> tuple[str, str]:
    """Make a lesson of the page that is open; the path for the class and the teacher's."""
    page.get_by_role("button", name="Share as a lesson").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill(title)
    dialog.get_by_label("Task").fill("Guess first.\nThen talk with your neighbour.")
    for words in hide:
        dialog.get_by_role("checkbox", name=words, exact=True).or_(
            dialog.get_by_role("button", name=words, exact=True)
        ).click()
    dialog.get_by_role("button", name="Make the lesson").click()
    expect(dialog.get_by_text("For you alone")).to_be_visible()
    expect(dialog.get_by_test_id("stCode")).to_have_count(2)
    links = [code.inner_text() for code in dialog.get_by_test_id("stCode").all()]
    return links[0], links[1]


def check(page: Page) -> None:
    """Nothing moderate, serious or critical for axe, and nothing wider than the screen."""
    settle(page)
    found = Axe().run(page, context={"exclude": [["[data-testid=stToast]"]]}).response["violations"]
    bad = [
        f"{finding['impact']} {finding['id']}: {node['html'][:160]}"
        for finding in found
        if finding["impact"] != "minor"
        for node in finding["nodes"]
    ]
    assert not bad, "\n".join(bad)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth"), "scrolls sideways"


def test_a_guess_reaches_the_teacher_and_what_is_uncovered_reaches_the_class(newcomer: Newcomer) -> None:
    teacher, student = newcomer("desk", DESK), newcomer("another desk", DESK)
    teacher.goto("/learn?chapter=probability")
    for_class, for_teacher = share(teacher, "What does heat do?")
    student.goto(for_class)
    expect(student.get_by_role("heading", name="Learn", exact=True)).to_be_visible()
    expect(student.get_by_text("Then talk with your neighbour.")).to_be_in_viewport()
    teacher.goto(for_teacher)
    uncover = teacher.locator(".st-key-uncover_hot").get_by_role("button", name="Uncover")
    expect(uncover).to_be_visible()

    student.get_by_role("radio", name="Nearly even", exact=True).click()
    begin = time.monotonic()
    expect(teacher.get_by_role("img", name="Nearly even: 1")).to_be_visible()
    print(f"from the guess to the teacher's bar: {time.monotonic() - begin:.2f} s")
    expect(student.get_by_text("The answer comes when your teacher uncovers it")).to_be_visible()
    expect(student.get_by_text("You guessed it")).to_have_count(0)
    expect(student.get_by_role("img", name="Nearly even: 1")).to_have_count(0)

    uncover.click()
    begin = time.monotonic()
    expect(student.get_by_text("You guessed it")).to_be_visible()
    expect(student.get_by_role("img", name="Nearly even: 1")).to_be_visible()
    print(f"from Uncover to the student's screen: {time.monotonic() - begin:.2f} s")
    expect(teacher.get_by_text("the class sees this")).to_be_visible()
    check(student)
    check(teacher)

    code = re.search(r"lesson=(\w+)", for_class)[1]  # type: ignore[index]
    follow(student, "Filters")
    assert f"lesson={code}" in student.url
    student.reload()
    expect(student.get_by_text("Then talk with your neighbour.")).to_be_in_viewport()
    student.get_by_role("button", name="Leave").click()
    expect(student.get_by_text("Then talk with your neighbour.")).to_have_count(0)


def test_hidden_controls_are_gone_and_runs_meet_on_the_wall(newcomer: Newcomer) -> None:
    teacher, student = newcomer("desk", DESK), newcomer("another desk", DESK)
    teacher.goto("/train?data=digits-8x8&n_hidden=17&epochs=2&seed=4711")
    hidden = ("Preset", "Hidden units", "Epochs", "More settings", "Model files")
    for_class, for_teacher = share(teacher, "Which rate?", hidden)
    student.goto(for_class)
    main = student.get_by_test_id("stMain")
    expect(main.get_by_role("spinbutton", name="Learning rate")).to_be_visible()
    for name in ("Hidden units", "Epochs"):
        expect(main.get_by_role("spinbutton", name=name, exact=True)).to_be_hidden()
    for words in ("Classic 784-500", "More settings", "Keep the model in use as a file"):
        expect(main.get_by_text(words).first).to_be_hidden()
    main.get_by_role("button", name="Start", exact=True).click()
    expect(main.get_by_text("Finished 2 epochs")).to_be_visible()
    main.get_by_role("link", name="The class").click()
    expect(main.get_by_text("yours · error")).to_be_visible()
    check(student)

    teacher.goto(for_teacher)
    main = teacher.get_by_test_id("stMain")
    expect(main.get_by_role("spinbutton", name="Epochs", exact=True)).to_be_visible()
    main.get_by_role("spinbutton", name="Learning rate").fill("0.5")
    main.get_by_role("spinbutton", name="Learning rate").press("Enter")
    main.get_by_role("button", name="Start", exact=True).click()
    expect(main.get_by_text("Finished 2 epochs")).to_be_visible()
    main.get_by_role("link", name="The class").click()
    expect(main.get_by_role("link", name="Look at it")).to_have_count(2)
    settle(teacher)
    point = main.locator(".js-plotly-plot .scatterlayer .trace").first.locator(".point").first
    point.scroll_into_view_if_needed()
    settle(teacher)
    point.hover(force=True)
    expect(main.locator(".hoverlayer .hovertext")).to_have_count(1)  # the chart has seen the mouse
    point.click(force=True)
    expect(main.get_by_text("What did these do differently?")).to_be_visible()
    expect(main.get_by_role("cell", name="Learning rate")).to_be_visible()
    expect(main.get_by_role("cell", name="0.5", exact=True)).to_be_visible()
    main.get_by_role("link", name="Look at it").first.click()
    expect(main.get_by_text("You look at this run by its link")).to_be_in_viewport()


def test_a_wrong_code_is_a_sentence_on_a_page_that_works(newcomer: Newcomer) -> None:
    page = newcomer("phone", color_scheme="dark", reduced_motion="reduce")
    page.goto("/?lesson=KXPWQT")
    expect(page.get_by_text("This link opens no lesson: there is no lesson KXPWQT")).to_be_in_viewport()
    check(page)
    page.goto("/lesson")
    expect(page.get_by_role("heading", name="A lesson of 45 minutes")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Begin the lesson of the plan").click()
    expect(page.get_by_text(re.compile("Join: [A-Z]{6}"))).to_be_visible()
    check(page)


def test_thirty_guess_at_once_and_every_guess_is_counted(tmp_path: Path) -> None:
    home, log = tmp_path / "home", tmp_path / "log"
    # in a thread: this one has playwright's event loop, for the other stories
    with server.running(log, RBM_HOME=str(home)) as running, ThreadPoolExecutor(1) as thread:
        hour = thread.submit(asyncio.run, lesson.lesson(running.url, home, PUPILS)).result()
    assert hour.counted == hour.given
    assert sum(hour.counted.values()) == PUPILS
    assert hour.people == PUPILS
    assert "Traceback" not in log.read_text()


def test_no_timer_of_the_page_before_asks_for_a_part_of_the_page_that_answers(tmp_path: Path) -> None:
    # else a busy server forgets the answer: see rbm.app.again
    async def parts(url: str, home: Path) -> tuple[frozenset[str], frozenset[str]]:
        with closing(Lessons(home)) as lessons:
            made = lessons.create("a teacher", "Parts", "Guess.", "learn", {"chapter": ["probability"]}, [])
        owner = f"rbm_owner={secrets.token_urlsafe(32)}"
        async with opened(url, "learn", owner, SECONDS, f"chapter=probability&lesson={made.code}") as tab:
            before = tab.looking_again
            await tab.choose("guess_hot", "Nearly even")
            await tab.until(lambda: tab.says("You guessed", "markdown") and not tab.busy, SECONDS)
            return before, tab.looking_again

    home = tmp_path / "home"
    with server.running(tmp_path / "log", RBM_HOME=str(home)) as running, ThreadPoolExecutor(1) as thread:
        before, after = thread.submit(asyncio.run, parts(running.url, home)).result()
    assert before
    assert after
    assert not before & after
