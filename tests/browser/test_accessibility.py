"""Every page read by axe-core, in the light on a desk and in the dark on a phone; and used by keyboard alone.

Streamlit's file uploader has a minor finding of its own (presentation-role-conflict), and its toasts have no name for
those who hear the page; nothing else is let pass.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.test_sample import THREE, draw, dreaming
from tests.browser.test_stories import shapes, tick_first_run
from tests.browser.waiting import settle

pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python (requirements-dev.txt)")


PORTAL = 'id="stFloatingOverlayPortal"'  # Streamlit's own place of what floats, outside its landmarks


@pytest.fixture(params=["light on a desk", "dark on a phone"])
def page(newcomer: Newcomer, request: pytest.FixtureRequest) -> Page:
    scheme, _, _, tab = request.param.split()
    return newcomer(tab, color_scheme=scheme, reduced_motion="reduce")


def check(page: Page) -> None:
    """Nothing moderate, serious or critical, and nothing wider than the screen."""
    settle(page)
    found = Axe().run(page, context={"exclude": [["[data-testid=stToast]"]]}).response["violations"]
    bad = [
        f"{finding['impact']} {finding['id']}: {node['html'][:120]} {node.get('failureSummary', '')[:200]}"
        for finding in found
        if finding["impact"] != "minor"
        for node in finding["nodes"]
        if not (finding["id"] == "region" and PORTAL in node["html"])
    ]
    assert not bad, "\n".join(bad)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth"), "scrolls sideways"


def test_home(page: Page) -> None:
    page.goto("/")
    expect(page.locator("canvas[data-frame]")).to_be_visible()
    check(page)


@pytest.mark.parametrize("path", ["reconstructions", "filters", "activations"])
def test_pages_that_show_a_model(page: Page, path: str) -> None:
    page.goto(f"/{path}")
    expect(page.get_by_test_id("stImage").last).to_be_visible()
    check(page)


def test_train_and_runs(page: Page) -> None:
    width = page.evaluate("innerWidth")  # as a seed: the desk's training would be offered to the phone
    page.goto(f"/train?data=digits-8x8&n_hidden=13&epochs=5&monitors=Dead+units&seed={width}")
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Finished 5 epochs")).to_be_visible()
    check(page)
    page.goto("/runs")
    tick_first_run(page)
    expect(page.get_by_text("Whoever has this link")).to_be_visible()
    check(page)


def test_data_and_what_is_brought(page: Page, tmp_path: Path) -> None:
    page.goto("/data")
    expect(page.get_by_test_id("stImage")).to_be_visible()
    check(page)
    page.locator("input[type=file]").set_input_files(shapes(tmp_path / "shapes.zip"))
    expect(page.get_by_role("button", name="Keep it")).to_be_visible()
    page.get_by_text("More", exact=True).click()
    check(page)
    page.get_by_role("tab", name="Generated patterns").click()
    expect(page.get_by_text("Whole rows or whole columns")).to_be_visible()
    check(page)
    page.goto("/data?set=kmnist")
    expect(page.get_by_role("button", name="Download")).to_be_visible()
    check(page)


def test_the_sampler(page: Page) -> None:
    page.goto("/sample")
    dreaming(page)
    check(page)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("Draw a digit on the black square")).to_be_visible()
    check(page)
    draw(page, THREE)
    expect(page.get_by_text("its echo")).to_be_visible()
    page.get_by_role("button", name="Fix", exact=True).click()
    expect(page.locator(".board canvas")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Draw with the keyboard").click()
    check(page)
    page.keyboard.press("Escape")
    for tab in ("Settings", "Film strip", "Digits read", "Free energy", "How far", "Mixing better", "Take it away"):
        page.get_by_role("tab", name=tab).click()
        check(page)


def focus(page: Page, name: str) -> None:
    """Press Tab until a button called `name` has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").strip().endswith(name):
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_a_model_is_chosen_and_trained_by_keyboard_alone(newcomer: Newcomer) -> None:
    page = newcomer(reduced_motion="reduce")
    page.goto("/")
    expect(page.get_by_role("button", name="Use Strokes")).to_be_visible()
    settle(page)
    focus(page, "Use Strokes")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Strokes · 784-400")
    page.goto("/train?data=digits-8x8&n_hidden=11&epochs=7")
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    settle(page)
    focus(page, "Start")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Finished 7 epochs")).to_be_visible()
