"""From Train, a sweep, to its heat map on Runs, where a click opens a run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Newcomer
from tests.browser.test_accessibility import check
from tests.browser.waiting import button, settle

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")


@pytest.mark.parametrize("tab", ["desk", "phone"])
def test_a_sweep_and_a_click_on_its_heat_map(newcomer: Newcomer, tab: str) -> None:
    screen = {"width": 1280, "height": 720} if tab == "desk" else None
    page = newcomer(tab, screen=screen, color_scheme="dark" if tab == "phone" else "light")
    page.goto("/train?data=digits-8x8&epochs=8&seed=23")
    page.get_by_text("Sweep: train with several values").click()
    page.get_by_role("textbox", name="Values of hidden units").fill("11, 31")
    page.get_by_role("textbox", name="Values of hidden units").press("Tab")
    button(page, "Start the sweep: 6 trainings").click()
    page.get_by_role("link", name="See the heat map").click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    cells = page.get_by_role("button", name=re.compile(r"^hidden units \d+, learning rate \S+: held-out error \d"))
    expect(cells).to_have_count(6)
    best = page.get_by_role("button", name=re.compile(", the best$"))
    expect(best).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=re.compile("^hidden units 11, learning rate 0.01:")).click()
    opened = page.get_by_text("Hidden units 11, learning rate 0.01", exact=True)
    expect(opened).to_be_in_viewport()
    expect(best).to_have_attribute("aria-pressed", "false")
    expect(button(page, "Use this model").first).to_be_in_viewport()
    settle(page)
    check(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cell = page.get_by_role("button", name=re.compile("^hidden units 31, learning rate 0.1:"))
    cell.press("Enter")  # by the keyboard alone
    expect(page.get_by_text("Hidden units 31, learning rate 0.1").last).to_be_visible()
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(cell).to_be_focused()
    button(page, "Use this model").first.click()
    if tab == "desk":
        expect(page.get_by_test_id("stSidebar").get_by_text(re.compile("64-31"))).to_be_visible()
