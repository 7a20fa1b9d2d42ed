"""The main job, as a visitor does it: what counts is what is in view, as the first visitor and as the second."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

import rbm
from benchmarks import presets
from rbm.measures import dreaming

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")

from playwright.sync_api import Locator, Page, Request, ViewportSize, expect

from tests.browser.conftest import Newcomer
from tests.browser.waiting import button, follow, settle, until

PAGES = [
    "",
    "learn",
    "train",
    "sample",
    "reconstructions",
    "filters",
    "activations",
    "features",
    "deep",
    "data",
    "runs",
]
DESK, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
SCREENS = [("desk", DESK, "light"), ("another desk", DESK, "dark"), ("phone", PHONE, "light"), ("phone", PHONE, "dark")]


def in_view(page: Page, part: Locator) -> bool:
    """All of it, without a scroll by this visitor."""
    box, screen = part.bounding_box(), page.viewport_size
    assert screen is not None
    if box is None:
        return False
    return box["y"] >= 0 and box["x"] >= 0 and box["y"] + box["height"] <= screen["height"] and (
        box["x"] + box["width"] <= screen["width"] + 1
    )  # fmt: skip


def points(page: Page) -> int:
    return page.locator(".js-plotly-plot").first.locator(".point").count()


@pytest.mark.parametrize(("tab", "screen", "scheme"), SCREENS)
def test_start_shows_curve_digits_and_progress_in_view(
    newcomer: Newcomer, tab: str, screen: ViewportSize, scheme: str
) -> None:
    """Each of these four is a further visitor of the server, who asks for the very same training."""
    page = newcomer(tab, screen, color_scheme=scheme)
    page.goto("/train?epochs=1000")
    start = button(page, "Start")
    expect(start).to_be_enabled()
    settle(page)
    assert in_view(page, start)
    top = page.locator("h1").bounding_box()
    assert top is not None
    assert top["y"] <= 60
    start.click()
    progress = page.get_by_test_id("stProgress")
    seconds = until(page, lambda: re.search("Epoch|place", progress.inner_text()))
    print(f"Start is answered after {seconds:.2f} s")
    until(page, lambda: points(page) > 4)
    curve = page.locator(".js-plotly-plot").first
    assert in_view(page, curve)
    assert in_view(page, progress)
    if screen == DESK:
        for name in ("Start", "Pause", "Step", "Stop"):
            assert in_view(page, button(page, name))
        pictures = page.get_by_test_id("stMain").locator("img")
        until(page, lambda: pictures.count() >= 2)
        assert in_view(page, pictures.nth(0)), "ten digits and their reconstructions"
        assert in_view(page, pictures.nth(1)), "the filters"
    last = page.locator(".js-plotly-plot").first.locator(".xtick text").last.text_content() or ""
    assert last.replace(",", "") == "1000", "the axis is that of the epochs that were asked for"
    button(page, "Stop").click()
    expect(page.get_by_text("Stopped after epoch")).to_be_visible()


def test_six_impatient_clicks_start_one_training(newcomer: Newcomer) -> None:
    page = newcomer("desk", DESK)
    page.goto("/train?data=digits-8x8&n_hidden=29&epochs=1000")
    start = button(page, "Start")
    expect(start).to_be_enabled()
    box = start.bounding_box()
    for _ in range(6):
        page.mouse.click(box["x"] + 10, box["y"] + 10)
    until(page, lambda: points(page) > 2)
    button(page, "Stop").click()
    expect(page.get_by_text("Stopped after epoch")).to_be_visible()
    follow(page, "Runs")
    page.evaluate("delete window.showSaveFilePicker")  # its dialogue can't be answered without a screen
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    page.get_by_test_id("stDataFrame").first.hover()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    assert len(download.value.path().read_text(encoding="utf-8-sig").strip().splitlines()) == 2, "a head and one run"


def test_the_end_is_announced_wherever_one_is_and_leads_to_the_dream(newcomer: Newcomer) -> None:
    page = newcomer("desk", DESK)
    page.goto("/train?data=digits-8x8&n_hidden=29&epochs=300")
    button(page, "Start").click()
    until(page, lambda: points(page) > 1)
    follow(page, "Filters")
    expect(page.get_by_test_id("stToast")).to_contain_text("is ready to dream")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("64-29")
    follow(page, "Train")
    page.get_by_test_id("stMain").get_by_role("link", name="Let it dream").click()
    expect(page.get_by_role("heading", name="Sample", exact=True)).to_be_visible()


def test_the_default_training_dreams_digits_after_a_thousand_sweeps(newcomer: Newcomer) -> None:
    """Start with nothing chosen, Let it dream; then a hundred chains of the new model, as far as they have come."""
    page = newcomer("desk", DESK, reduced_motion="reduce")
    page.goto("/train")
    start = button(page, "Start")
    expect(start).to_be_enabled()
    start.click()
    page.get_by_test_id("stMain").get_by_role("link", name="Let it dream").click()
    expect(page.get_by_role("heading", name="Sample", exact=True)).to_be_visible()
    page.goto("/sample?dream_source=Its+own+dreams&dream_chains=100&dream_steps=1000")  # as after a reload
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Recommended")
    film = page.locator(".player canvas[data-frame]").first
    expect(film).to_be_visible()
    settle(page)
    pictures = tiles(film.evaluate(LAST_FRAME))
    assert pictures.shape == (100, 784)

    data = rbm.datasets.load("mnist-5k")
    ink = dreaming.ink(pictures, data.test_images)
    shares = np.bincount(presets.pixel_classifier(data)(pictures / 255), minlength=10) / len(pictures)
    assert dreaming.Dreams(1000, ink, shares).good, (ink, shares)


LAST_FRAME = """canvas => {
    const seek = canvas.getRootNode().querySelector(".seek")
    seek.value = seek.max
    seek.dispatchEvent(new Event("input"))
    return canvas.toDataURL("image/png").split(",")[1]
}"""


def tiles(letters: str) -> np.ndarray:
    """The pictures (n, 784) of a frame, row by row."""
    frame = np.asarray(Image.open(io.BytesIO(base64.b64decode(letters))).convert("L"))
    rows, columns = frame.shape[0] // 28, frame.shape[1] // 28
    return frame.reshape(rows, 28, columns, 28).swapaxes(1, 2).reshape(rows * columns, 784)


def test_typed_settings_survive_a_visit_to_another_page(newcomer: Newcomer) -> None:
    page = newcomer("desk", DESK)
    page.goto("/train")
    box = page.get_by_label("Hidden units", exact=True)
    box.fill("123")
    box.press("Tab")
    page.wait_for_url(re.compile("n_hidden=123"))
    follow(page, "Filters")
    follow(page, "Train")
    expect(page.get_by_label("Hidden units", exact=True)).to_have_value("123")


def test_a_link_with_only_a_preset_sets_its_values(newcomer: Newcomer) -> None:
    page = newcomer("desk", DESK)
    page.goto("/train?preset=Classic+784-500")
    page.get_by_text("More settings").click()
    expect(page.get_by_label("Initial weights", exact=True)).to_have_value("0.100")
    expect(page.get_by_label("Batch size", exact=True)).to_have_value("128")


def test_no_page_asks_an_outside_host_for_anything(newcomer: Newcomer, url: str) -> None:
    page = newcomer("desk", DESK)
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    for name in PAGES:
        page.goto(f"/{name}")
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_load_state("networkidle")
    page.remove_listener("request", note)
    outside = [one for one in asked if not one.startswith((url, "data:", "blob:"))]
    assert outside == []
    assert any("/static/" in one for one in asked), "requests are seen at all"
