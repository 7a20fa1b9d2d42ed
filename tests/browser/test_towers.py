"""From Train, layer upon layer, to the tower on Runs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Newcomer
from tests.browser.test_accessibility import check
from tests.browser.waiting import button, follow, settle

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")


@pytest.mark.parametrize("tab", ["desk", "phone"])
def test_two_layers_at_once_and_a_third_on_top(newcomer: Newcomer, tab: str) -> None:
    page = newcomer(tab, color_scheme="dark" if tab == "phone" else "light")
    page.goto("/train?data=digits-8x8&n_hidden=41&epochs=40&seed=17&layers=31")
    button(page, "Start").click()
    expect(page.get_by_text("What 31 units of layer 2 look for in pixels")).to_be_visible()
    expect(page.get_by_text("It stands on other layers")).to_be_visible()
    settle(page)
    check(page)
    button(page, "Train a layer on top").click()
    expect(page.get_by_text("deep belief net").last).to_be_visible()
    settle(page)
    check(page)
    page.get_by_label("Its hidden units").fill("29")
    page.get_by_label("Its hidden units").press("Tab")
    page.get_by_role("button", name="Train the layer").click()  # what pops up stands beside the page
    expect(page.get_by_text("What 29 units of layer 3 look for in pixels")).to_be_visible()
    expect(page.get_by_text("It stands on other layers")).to_be_visible()
    if tab == "desk":
        follow(page, "Runs")
        page.mouse.move(640, 500)  # off the link, whose explanation pops up
        settle(page)
        check(page)
        follow(page, "Sample")
        expect(page.get_by_test_id("stSidebar").get_by_text(re.compile("64-41"))).to_be_visible()
