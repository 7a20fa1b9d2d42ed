"""From Train to its twin, to what both can do, and to what the hidden units are good for."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.test_accessibility import check
from tests.browser.waiting import button, follow, settle, until

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")


def in_view(page: Page, element: str) -> bool:
    box = page.locator(element).first.bounding_box()
    return box is not None and box["y"] + box["height"] <= page.viewport_size["height"]  # type: ignore[index]


def guess(page: Page, number: str) -> None:
    page.get_by_label("Your guess").fill(number)
    page.get_by_label("Your guess").press("Tab")
    button(page, "That is my guess").click()


def test_from_train_to_its_twin_and_to_features(newcomer: Newcomer) -> None:
    page = newcomer("desk")
    page.goto("/train?data=digits-8x8&n_hidden=41&epochs=40&seed=16")
    button(page, "Start").click()
    button(page, "Train its twin").click()
    page.get_by_role("link", name="Compare the twins").click()
    expect(page.get_by_text("Which one dreams digits?")).to_be_visible()
    settle(page)
    assert page.get_by_text("chains from held-out images").count() == 0, "covered until there is a guess"
    assert page.get_by_text("Which one dreams digits?").bounding_box()["y"] < 720  # type: ignore[index]
    page.get_by_role("radio", name="The autoencoder").click()
    expect(page.get_by_text("It is:")).to_be_visible()
    expect(page.get_by_text("chains from held-out images")).to_have_count(2)
    expect(page.get_by_text("Measuring both")).to_have_count(0)
    check(page)

    follow(page, "Features")
    button(page, re.compile("Measure ")).click()
    seconds = until(page, lambda: page.get_by_role("figure", name=re.compile("Misread .*Twin of")).count())
    print(f"the first point of one's own curve after {seconds:.1f} s")
    expect(button(page, re.compile("Measure "))).to_have_count(0)
    page.get_by_role("radio", name="t-SNE").click()
    button(page, "Draw the map").click()
    map_of = page.get_by_role("figure", name=re.compile("Hidden units: a map"))
    expect(map_of).to_be_visible()
    expect(page.get_by_text("Pulling neighbours together")).to_have_count(0)
    settle(page)
    check(page)


@pytest.mark.parametrize("tab", ["desk", "phone"])
def test_a_guess_uncovers_the_curves_and_a_click_on_a_dot_shows_who_is_near(newcomer: Newcomer, tab: str) -> None:
    page = newcomer(tab, color_scheme="dark" if tab == "phone" else "light")
    page.goto("/features")
    expect(button(page, "That is my guess")).to_be_visible()
    settle(page)
    assert page.get_by_role("figure", name=re.compile("Misread")).count() == 0
    guess(page, "40")
    expect(page.get_by_role("figure", name=re.compile("Misread of 1,000 held-out images.*Digits"))).to_be_visible()
    settle(page)
    if tab == "desk":
        assert in_view(page, '[data-testid="stPlotlyChart"]'), "the curves are seen where the guess was made"
    check(page)
    number = page.get_by_role("slider", name=re.compile("^A held-out image"))
    before, dot = number.get_attribute("data-chosen"), page.locator(".js-plotly-plot").nth(1)
    dot.scroll_into_view_if_needed()
    x, y, wanted = dot.evaluate("""plot => {
        const [layout, trace] = [plot._fullLayout, plot._fullData[4]]
        return [layout.xaxis.l2p(trace.x[7]) + layout._size.l, layout.yaxis.l2p(trace.y[7]) + layout._size.t,
                trace.customdata[7]]
    }""")
    box = dot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.click(box["x"] + x, box["y"] + y)
    seconds = until(page, lambda: number.get_attribute("data-chosen") != before)
    print(f"neighbours of the dot {wanted + 1} after {seconds:.2f} s")
    expect(page.get_by_text(re.compile("12 training images that the hidden units find alike"))).to_be_visible()
