"""Tiles are chosen by mouse, touch and keyboard, and what is chosen is shown beside them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.waiting import settle

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")


def board(page: Page, label: str) -> Locator:
    found = page.get_by_role("slider", name=re.compile(f"^{label}"))
    expect(found).to_be_visible()
    settle(page)
    return found


def place(tiles: Locator, row: int, column: int, rows: int, columns: int) -> dict[str, float]:
    """The middle of a tile, from the corner of the board."""
    box = tiles.bounding_box()
    assert box is not None
    return {"x": box["width"] * (column + 0.5) / columns, "y": box["height"] * (row + 0.5) / rows}


def test_a_filter_is_clicked_and_the_arrow_keys_walk_on(newcomer: Newcomer) -> None:
    page = newcomer("desk")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto("/filters")
    tiles = board(page, "A hidden unit")
    first = tiles.get_attribute("data-chosen")
    expect(page.get_by_role("heading", name=f"Unit {first}")).to_be_visible()
    tiles.hover(position=place(tiles, 2, 3, 8, 10))
    named = page.locator(".name:visible")
    expect(named).to_have_text(re.compile(r"unit \d+"))
    wanted = named.inner_text().split()[-1]
    tiles.click(position=place(tiles, 2, 3, 8, 10))
    expect(page.get_by_role("heading", name=f"Unit {wanted}")).to_be_in_viewport()
    expect(page.get_by_role("img", name=re.compile(f"excite unit {wanted} most"))).to_be_in_viewport()

    tiles.press("ArrowRight")
    tiles.press("ArrowDown")
    expect(tiles).to_have_attribute("aria-valuenow", "35")  # row 4, column 5 of 10
    walked = tiles.get_attribute("data-chosen")
    assert walked not in (first, wanted)
    expect(page.get_by_role("heading", name=f"Unit {walked}")).to_be_in_viewport()

    page.get_by_test_id("stSidebar").get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="RBM Lab")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Filters").click()
    expect(page.get_by_role("heading", name=f"Unit {walked}")).to_be_visible()


def test_a_digit_is_touched_and_its_repair_is_shown(newcomer: Newcomer) -> None:
    page = newcomer("phone")
    page.goto("/reconstructions")
    tiles = board(page, "A digit and its reconstruction")
    tiles.scroll_into_view_if_needed()
    tiles.tap(position=place(tiles, 1, 2, 8, 8))
    expect(tiles).to_have_attribute("aria-valuenow", "11")
    kind = (tiles.get_attribute("aria-valuetext") or "").split()[0]
    expect(page.get_by_text(re.compile(rf"^A {kind} with error"))).to_be_visible()


@pytest.mark.parametrize(
    ("path", "label"), [("activations", "A digit"), ("data", "A training image"), ("features", "A held-out image")]
)
def test_images_are_chosen_by_keys_everywhere(newcomer: Newcomer, path: str, label: str) -> None:
    page = newcomer("desk")
    page.goto(f"/{path}")
    tiles = board(page, label)
    tiles.focus()
    tiles.press("Home")
    expect(tiles).to_have_attribute("aria-valuenow", "1")
    tiles.press("ArrowRight")
    expect(tiles).to_have_attribute("aria-valuenow", "2")
    settle(page)
    expect(tiles).to_have_attribute("aria-valuenow", "2")
    kind = (tiles.get_attribute("aria-valuetext") or "").split()[0]
    expect(page.get_by_role("img", name=re.compile(rf"^(A )?{kind}\b")).first).to_be_visible()
