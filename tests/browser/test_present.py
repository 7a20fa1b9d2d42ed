"""A projector: every page's question, main picture and main button are on one screen, at 100 % and at 150 %."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from rbm.app import places
from tests.browser.conftest import Newcomer
from tests.browser.test_accessibility import check
from tests.browser.waiting import button, settle

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")

SCREENS = {"the whole screen": (1280, 720), "at 150 %": (853, 480)}


def seen(page: Page) -> dict[str, list[Locator]]:
    """What must be on the screen, page by page; where a page has no main button, its first control."""
    tiles = page.get_by_role("slider", name=re.compile("Arrow keys choose")).first
    player = page.locator("canvas.film")
    return {
        "home": [player, button(page, "How it works, in 15 minutes")],
        "learn": [button(page, "Check")],
        "train": [page.locator(".js-plotly-plot").first, button(page, "Start")],
        "data": [tiles, button(page, "Train on it")],
        "runs": [page.get_by_text("No runs yet"), button(page, "Train a model")],
        "sample": [player, button(page, "Pause")],
        "reconstructions": [tiles, page.get_by_role("radio", name="Square hole")],
        "filters": [tiles, page.get_by_role("radio", name="Strokes")],
        "activations": [page.get_by_test_id("stImage").first, page.get_by_role("radio", name="Held-out")],
        "features": [button(page, "That is my guess")],
        "deep": [player, button(page, "Pause")],
    }


@pytest.mark.parametrize("screen", list(SCREENS))
def test_every_page_fits_a_projector(newcomer: Newcomer, screen: str) -> None:
    page = newcomer("desk")
    page.goto("/filters")
    settle(page)
    page.get_by_role("button", name="Settings").click()
    page.get_by_text("Present", exact=True).click()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    for name, wanted in seen(page).items():
        place = places.ALL[name]
        settle(page)
        button(page, "Pages").click()
        page.get_by_test_id("stPopoverBody").get_by_role("link", name=place.title).click()
        expect(page).to_have_title(f"{place.title} · RBM Lab")
        if name != "home":
            expect(page.get_by_text(place.question).first).to_be_in_viewport(ratio=1)
        for one in wanted:
            expect(one).to_be_visible()
        settle(page)
        boxes = [one.bounding_box() for one in wanted]
        lowest = max(box["y"] + box["height"] for box in boxes if box)
        assert lowest <= height, f"{name} ends at {lowest:.0f} of {height}"
    check(page)
    button(page, "Pages").click()
    page.get_by_role("button", name="Stop presenting").click()
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
