"""The hidden units of the Sample page in a real Chromium: chosen by mouse, keys and touch, and switched on and off."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.test_sample import DESK, PHONE, box, draw, dreaming, film
from tests.browser.test_tiles import board, place
from tests.browser.test_update import colours
from tests.browser.waiting import settle, until

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")
ROWS, COLUMNS = 32, 16


@pytest.fixture
def page(newcomer: Newcomer) -> Page:
    return newcomer("desk", DESK, reduced_motion="reduce")


def units(page: Page) -> Locator:
    return board(page, "Hidden unit")


def picture(page: Page, name: str) -> Locator:
    return page.get_by_role("img", name=re.compile(name))


def test_a_unit_is_clicked_walked_from_and_switched_off(page: Page) -> None:
    page.goto("/sample?dream_steps=20&dream_chains=4")
    dreaming(page)
    tiles = units(page)
    left, _, right, bottom = box(tiles)
    assert left > box(page.locator("canvas.dc-canvas.lower-canvas"))[2], "between board"
    assert right < box(film(page))[0], "and film"
    assert bottom < DESK["height"]
    tiles.click(position=place(tiles, 15, 6, ROWS, COLUMNS))
    expect(page.get_by_text("Unit 246 over this digit")).to_be_in_viewport(ratio=1)
    tiles.press("ArrowRight")
    expect(page.get_by_text("Unit 247 over this digit")).to_be_in_viewport(ratio=1)
    tiles.press("ArrowLeft")
    expect(page.get_by_text("Unit 246 over this digit")).to_be_in_viewport(ratio=1)
    settle(page)
    for name in ("The filter of unit 246 over the digit", "The pixels with it on", "on minus off"):
        expect(picture(page, name)).to_be_in_viewport(ratio=1)
    expect(page.locator(".katex").first).to_be_in_viewport(ratio=1)
    on = colours(picture(page, "The pixels with it on"))
    page.get_by_text("Unit 246 is on").click()
    expect(picture(page, "The pixels with it off")).to_be_in_viewport(ratio=1)
    settle(page)
    off = colours(picture(page, "The pixels with it off"))
    assert np.abs(on - off).max() > 20, "it makes a difference"
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("The pixels answer")).to_have_count(0)
    expect(page.get_by_role("button", name="Dream again")).to_be_in_viewport(ratio=1)


def test_a_stroke_lights_other_units_up(page: Page) -> None:
    page.goto("/sample?dream_steps=20&dream_chains=4")
    dreaming(page)
    tiles = units(page)
    before = colours(tiles.locator("img"))
    tiles.click(position=place(tiles, 15, 6, ROWS, COLUMNS))
    sigma = page.locator(".st-key-dream_sum .katex").last
    expect(sigma).to_be_visible()
    first = sigma.inner_text()
    draw(page, [(0.2, 0.2), (0.2, 0.8), (0.8, 0.8)])
    until(page, lambda: not np.array_equal(colours(units(page).locator("img")), before))
    until(page, lambda: sigma.inner_text() != first)


def test_on_a_phone_a_unit_is_touched(newcomer: Newcomer) -> None:
    page = newcomer("phone", PHONE, reduced_motion="reduce", color_scheme="dark")
    page.goto("/sample?dream_steps=20&dream_chains=4")
    dreaming(page)
    tiles = units(page)
    assert box(tiles)[1] > box(film(page))[3], "the film follows the board"
    tiles.tap(position=place(tiles, 15, 6, ROWS, COLUMNS))
    told = page.get_by_text("Unit 246 over this digit")
    expect(told).to_be_visible()
    told.scroll_into_view_if_needed()
    expect(told).to_be_in_viewport()
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
