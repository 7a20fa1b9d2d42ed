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


@pytest.mark.parametrize("tab", ["desk", "phone"])
def test_the_preset_deep_and_start_give_a_tower_that_dreams(newcomer: Newcomer, tab: str) -> None:
    page = newcomer(tab, color_scheme="dark" if tab == "phone" else "light")
    page.goto("/train?data=digits-8x8&seed=23")
    page.get_by_role("radio", name="Deep").click()
    expect(page.get_by_label("Hidden units of more layers", exact=True)).to_have_value("500, 500")
    page.get_by_label("Epochs", exact=True).fill("3")
    page.get_by_label("Epochs", exact=True).press("Tab")
    page.wait_for_url(re.compile("epochs=3"))
    if tab == "desk":
        page.set_viewport_size({"width": 1280, "height": 720})
        row = [page.get_by_role("radio", name=name).bounding_box() for name in ("Recommended", "Deep")]
        assert len({box and box["y"] for box in row}) == 1, "one row, or the curve leaves the first screen"
    settle(page)
    button(page, "Start").click()
    page.get_by_role("link", name="Look at the tower").click()
    expect(page.get_by_text(re.compile("500 hidden units")).first).to_be_visible()
    expect(page.get_by_label(re.compile("16 dreams of any class from the top of Deep, PCD-1")).first).to_be_visible()
    film = page.locator("canvas[data-frame]").first
    expect(film).to_have_attribute("data-frame", re.compile(r"^([3-9]|\d\d+)$"))
    settle(page)
    if tab == "desk":
        box = film.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 720, "the dream is seen without a scroll"
