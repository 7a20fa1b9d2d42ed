"""The net that ships dreams from its top, and a layer trained on another does too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Newcomer
from tests.browser.test_accessibility import check
from tests.browser.waiting import button, follow, settle

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")


@pytest.mark.parametrize("tab", ["desk", "phone"])
def test_a_class_is_asked_for_and_dreamt_from_the_top(newcomer: Newcomer, tab: str) -> None:
    page = newcomer(tab, color_scheme="dark" if tab == "phone" else "light")
    page.goto("/deep")
    film = page.locator("canvas[data-frame]").first
    expect(film).to_have_attribute("data-frame", re.compile(r"^([3-9]|\d\d+)$"))
    page.get_by_role("radio", name="8", exact=True).click()
    expect(page.get_by_label(re.compile("16 dreams of class 8 from the top")).first).to_be_visible()
    settle(page)
    if tab == "desk":
        box = film.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 720, "the dream is seen without a scroll"
    check(page)


def test_a_second_layer_is_trained_and_dreams(newcomer: Newcomer) -> None:
    page = newcomer("desk")
    page.goto("/train?data=digits-8x8&n_hidden=29&epochs=3&seed=17&layers=13")
    button(page, "Start").click()
    page.get_by_role("link", name="Look at the tower").click()
    expect(page.get_by_text(re.compile("29 hidden units")).first).to_be_visible()
    expect(page.locator("canvas[data-frame]").first).to_have_attribute("data-frame", re.compile(r"^([3-9]|\d\d+)$"))
    follow(page, "Runs")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
