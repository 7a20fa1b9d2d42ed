"""The thermometer of the Sample page in a real Chromium: it follows the film and the pen, on a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.test_sample import BEFORE_YOU_DRAW, DESK, PHONE, at, box, draw, dreaming, film, press
from tests.browser.waiting import settle, until

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")


@pytest.fixture
def page(newcomer: Newcomer) -> Page:
    return newcomer("desk", DESK, reduced_motion="reduce")


def face(page: Page) -> Locator:
    return page.locator(".thermometer .face")


def heights(page: Page) -> list[float]:
    """Middles of the chains' marks on the screen, from the foot of the thermometer, in shares of its height."""
    places: list[float] = face(page).evaluate("""face => {
        const whole = face.getBoundingClientRect()
        return [...face.querySelectorAll(".chains span")].map(dot => {
            const box = dot.getBoundingClientRect()
            return (whole.bottom - (box.top + box.bottom) / 2) / whole.height
        })
    }""")
    return places


def yours(page: Page) -> float:
    return float(face(page).get_attribute("data-yours") or "nan")


def test_the_chains_leave_the_foot_for_the_real_digits_as_the_film_plays(page: Page) -> None:
    page.goto("/sample?dream_source=Noise&dream_steps=60&dream_chains=9")
    expect(face(page)).to_be_visible()
    at(page, 0)
    assert len(heights(page)) == 9
    assert max(heights(page)) < 0.03, "noise is unlikely"
    page.get_by_label("Speed").select_option("40")
    press(page, "Play")
    at(page, 60)
    end = heights(page)
    assert sorted(end)[4] > 0.1, "the chains have climbed"
    page.get_by_role("slider", name="Sweep", exact=True).press("Home")
    at(page, 0)
    assert max(heights(page)) < 0.03
    left, top, right, bottom = box(face(page))
    assert left > box(film(page))[2], "beside the film"
    assert abs(top - box(film(page))[1]) < 3, "as high as it"
    assert abs(bottom - box(film(page))[3]) < 3
    assert right < DESK["width"]
    expect(page.get_by_text("only heights under one model compare")).to_be_in_viewport(ratio=1)


def test_scribbling_over_a_digit_makes_it_less_likely_before_the_chains_know(page: Page) -> None:
    page.goto("/sample?dream_steps=20&dream_chains=4")
    dreaming(page)
    before = yours(page)
    assert heights(page) == pytest.approx([before] * 4, abs=0.02), "they begin at the drawing"
    draw(page, [(0.15, 0.2), (0.85, 0.85), (0.8, 0.15), (0.2, 0.85), (0.1, 0.5), (0.9, 0.5)])
    until(page, lambda: yours(page) < before - 0.05)
    settle(page)
    until(page, lambda: heights(page) == pytest.approx([yours(page)] * 4, abs=0.02))
    expect(face(page)).to_be_in_viewport(ratio=1)
    press(page, "Clear")
    expect(page.get_by_text(BEFORE_YOU_DRAW)).to_be_visible()
    until(page, lambda: heights(page) == [])
    expect(page.locator(".thermometer .yours")).to_be_hidden()


def test_another_film_than_the_one_on_the_page_moves_nothing(page: Page) -> None:
    """Home plays a film too; on the way back the marks are those of this page's."""
    page.goto("/")
    expect(page.locator("canvas[data-frame]").first).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Sample").click()
    dreaming(page)
    until(page, lambda: len(heights(page)) == 16)


def test_on_a_phone_it_is_as_wide_as_the_screen_allows(newcomer: Newcomer) -> None:
    page = newcomer("phone", PHONE, reduced_motion="reduce", color_scheme="dark")
    page.goto("/sample?dream_steps=20&dream_chains=4")
    dreaming(page)
    face(page).scroll_into_view_if_needed()
    expect(face(page)).to_be_in_viewport(ratio=1)
    left, top, right, _ = box(face(page))
    assert top > box(film(page))[3]
    assert left >= 0
    assert right <= PHONE["width"]
    assert right - left > 200
