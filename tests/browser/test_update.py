"""Train in a real Chromium: pause, step, and see what the single update learns, of whichever unit is asked for."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.test_sample import DESK, SHOWN
from tests.browser.waiting import settle, until

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")


@pytest.fixture
def page(newcomer: Newcomer) -> Page:
    return newcomer("desk", DESK, reduced_motion="reduce")


def tile(page: Page, name: str) -> Locator:
    return page.get_by_role("img", name=name)


def colours(tile: Locator) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(tile.evaluate(SHOWN)))).convert("RGB"), dtype=int)


def test_a_step_of_a_paused_training_shows_what_it_learns(page: Page) -> None:
    page.goto("/train?data=digits-8x8&n_hidden=31&epochs=1000")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("Press Step to see what a single update learns.")).to_be_in_viewport()
    step = page.get_by_role("button", name="Step", exact=True)
    step.click()
    expect(page.get_by_text("This update: what goes with unit")).to_be_in_viewport()
    page.mouse.move(0, 0)
    for name in ("Data: ⟨v h⟩", "− Chain: ⟨v h⟩", "= what is learnt"):
        expect(tile(page, name)).to_be_in_viewport(ratio=1)
    settle(page)
    learnt = colours(tile(page, "= what is learnt"))
    assert (learnt[..., 0] > learnt[..., 2] + 40).any() or (learnt[..., 2] > learnt[..., 0] + 40).any(), "red or blue"
    step.click()
    until(page, lambda: not np.array_equal(colours(tile(page, "= what is learnt")), learnt))
    unit = page.get_by_label("Hidden unit", exact=True)
    unit.fill("23")
    unit.press("Enter")
    expect(page.get_by_text("what goes with unit 23 in the data")).to_be_in_viewport()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped after epoch")).to_be_visible()
    expect(tile(page, "Data: ⟨v h⟩")).to_have_count(0)
