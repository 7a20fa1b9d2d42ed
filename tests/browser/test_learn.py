"""The machine of the Learn page in a real Chromium: it answers at once, by itself, to mouse, touch and keys."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from rbm.app.explained import CHAPTERS
from rbm.app.learn_page import chapters, questions
from rbm.pretrained import learning
from tests.browser.conftest import Newcomer
from tests.browser.waiting import frames_pass, settle

HIDDEN = ["hidden unit 1", "hidden unit 2", "hidden unit 3"]
MAIN = "[data-testid=stMain]"  # what stands beside it is read by axe with the other pages


def open_chapter(page: Page, chapter: str) -> Locator:
    """The machine of a chapter, once it is drawn."""
    page.goto(f"/learn?chapter={chapter}")
    return ready(page, chapter)


def ready(page: Page, chapter: str) -> Locator:
    machine = page.locator(f".machine[data-ready={chapter}]")
    expect(machine).to_be_visible()
    return machine


def guess(page: Page, choice: str) -> None:
    page.get_by_test_id("stMain").get_by_role("radio", name=choice, exact=True).click()


def test_a_click_changes_the_energy_and_asks_the_server_nothing(newcomer: Newcomer) -> None:
    page, sent = newcomer(), []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    machine = open_chapter(page, "energy")
    settle(page)
    energy, before = machine.locator(".sum"), len(sent)
    assert before > 0, "what is sent is seen"
    first = energy.inner_text()
    for name in (*HIDDEN, "pixel top left"):
        unit = machine.get_by_role("switch", name=name)
        was = unit.get_attribute("aria-checked")
        seconds = unit.evaluate(
            """(unit) => { const begin = performance.now(); unit.dispatchEvent(new MouseEvent("click", {bubbles: true}))
            return (performance.now() - begin) / 1000 }"""
        )
        print(f"a click is drawn after {1000 * seconds:.1f} ms")
        assert unit.get_attribute("aria-checked") != was
        assert energy.inner_text() != first
        first = energy.inner_text()
    settle(page)
    assert len(sent) == before


def test_the_keyboard_alone_finds_the_lowest_energy(newcomer: Newcomer) -> None:
    page = newcomer(reduced_motion="reduce")
    machine = open_chapter(page, "energy")
    settle(page)
    (v, h) = questions.lowest()[1][0]
    wanted = {**dict(zip(HIDDEN, f"{h:03b}", strict=True))}
    names = ["pixel top left", "pixel top right", "pixel bottom left", "pixel bottom right"]
    wanted |= dict(zip(names, f"{v:04b}", strict=True))
    focused = "() => { let at = document.activeElement; while (at.shadowRoot) at = at.shadowRoot.activeElement; return at.getAttribute('aria-label') ?? at.textContent }"  # noqa: E501
    done = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        here = page.evaluate(focused)
        if here in wanted:
            unit = machine.get_by_role("switch", name=here)
            if (unit.get_attribute("aria-checked") == "true") != (wanted[here] == "1"):
                page.keyboard.press("Space")
            done.add(here)
        if here == "Check":
            page.keyboard.press("Enter")
            break
    assert done == set(wanted)
    expect(page.get_by_text("there is none lower")).to_be_visible()
    expect(page.get_by_role("radio", name=re.compile("1 Energy ✓"))).to_be_visible()
    page.reload()
    ready(page, "energy")
    expect(page.get_by_role("radio", name=re.compile("1 Energy ✓"))).to_be_visible()


def test_the_chain_comes_close_and_the_machines_race_after_a_guess(newcomer: Newcomer) -> None:
    page = newcomer()
    machine = open_chapter(page, "gibbs")
    machine.get_by_role("button", name="Fresh").click()
    machine.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "told => Number(/off blue by (\\d+) %/.exec(told.textContent)?.[1] ?? 100) < 30",
        arg=machine.locator(".told").element_handle(),
    )
    machine.get_by_role("button", name="Pause").click()
    sweeps = machine.get_attribute("data-sweeps")
    expect(machine.locator(".told")).to_contain_text("sweeps; orange is off blue by")
    frames_pass(page, 20)
    assert machine.get_attribute("data-sweeps") == sweeps
    expect(machine.locator(".curves polyline")).to_have_count(0)
    guess(page, "Trained")
    expect(machine.locator(".curves polyline")).to_have_count(3)
    off = [int(number) for number in re.findall(r"(\d+) %", machine.locator(".legend").inner_text())]
    assert off == sorted(off), "fresh, half trained, trained"
    assert off[2] > 2 * off[0]
    assert machine.get_attribute("data-sweeps") == sweeps, "a guess leaves the chain where it was"


def test_the_phases_of_an_update_go_forth_and_back(newcomer: Newcomer) -> None:
    page = newcomer()
    machine = open_chapter(page, "update")
    told = machine.locator(".sum")
    expect(told).to_have_text("Update 1 of 40. A picture v₀ is shown.")
    for words in ("Positive phase", "Negative phase", "Update: data minus dream"):
        machine.get_by_role("button", name="Next phase").click()
        expect(told).to_contain_text(words)
    expect(machine.locator(".ghost:visible")).to_have_count(16)
    machine.get_by_role("button", name="Next picture").click()
    expect(told).to_contain_text("Update 2 of 40")
    machine.get_by_role("button", name="Back", exact=True).click()
    expect(told).to_contain_text("Update 1 of 40")
    machine.get_by_label("Moment of the film").fill("159")
    expect(told).to_contain_text("Update 40 of 40")


def test_those_who_ask_that_nothing_moves_see_one_sweep_a_second(newcomer: Newcomer) -> None:
    page = newcomer("phone", reduced_motion="reduce")
    machine = open_chapter(page, "gibbs")
    machine.get_by_role("button", name="Play").tap()
    expect(machine).to_have_attribute("data-sweeps", "1")
    sweeps, seconds = page.evaluate(
        """machine => new Promise(done => { const begin = performance.now()
        const look = () => Number(machine.dataset.sweeps) > 2
            ? done([Number(machine.dataset.sweeps), (performance.now() - begin) / 1000]) : requestAnimationFrame(look)
        look() })""",
        machine.element_handle(),
    )
    assert sweeps <= seconds + 2


def test_home_shows_a_machine_that_learns_and_leads_to_learn(newcomer: Newcomer) -> None:
    page = newcomer()
    page.goto("/")
    film = page.locator("canvas.film[data-frame]")
    rest = len(learning.load().updates)
    page.wait_for_function("([film, rest]) => Number(film.dataset.frame) > rest", arg=[film.element_handle(), rest])
    page.get_by_role("button", name="How it works, in 15 minutes").click()
    ready(page, "energy")


@pytest.mark.parametrize(("tab", "scheme"), [("desk", "light"), ("phone", "dark")])
def test_every_chapter_can_be_read_by_all_and_fits_the_screen(newcomer: Newcomer, tab: str, scheme: str) -> None:
    page = newcomer(tab, color_scheme=scheme, reduced_motion="reduce")
    page.goto("/learn")
    bad = []
    for number, (chapter, title) in enumerate(CHAPTERS.items(), start=1):
        page.get_by_role("radio", name=f"{number} {title}").click()
        expect(page.get_by_test_id("stMain").get_by_role("link", name=chapters.ALL[chapter].words)).to_be_visible()
        settle(page)
        found = [one for one in Axe().run(page, context=MAIN).response["violations"] if one["impact"] != "minor"]
        bad += [f"{chapter}: {one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]
        main = page.get_by_test_id("stMain")
        if not main.evaluate("main => main.scrollWidth <= main.clientWidth"):
            bad.append(f"{chapter} scrolls sideways")
    assert not bad, "\n".join(bad)
