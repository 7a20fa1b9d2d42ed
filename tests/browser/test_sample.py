"""The Sample page in a real Chromium: drawing by mouse, touch and keys, playing, clamping, taking it away."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.waiting import frames_pass, settle

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")

THREE = [(0.3, 0.25), (0.5, 0.15), (0.68, 0.28), (0.5, 0.46), (0.7, 0.6), (0.62, 0.8), (0.45, 0.86), (0.28, 0.78)]


@pytest.fixture
def page(newcomer: Newcomer) -> Page:
    return newcomer(reduced_motion="reduce")


def board(page: Page) -> Locator:
    return page.locator(".board canvas")


def places(page: Page, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where on the screen these points of the board are, once the page has stopped moving."""
    page.locator(".katex").first.wait_for()  # the formulas come late, and push the board down
    box = None
    while box is None or box != board(page).bounding_box():
        box = board(page).bounding_box()
        frames_pass(page, 12)
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def draw(page: Page, points: list[tuple[float, float]]) -> None:
    first, *others = places(page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def ink(canvas: Locator) -> np.ndarray:
    """The red channel of what a canvas shows."""
    letters = canvas.evaluate("c => c.toDataURL('image/png').split(',')[1]")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(letters))).convert("RGB"))[..., 0]


def film(page: Page) -> Locator:
    return page.locator(".player canvas[data-frame]").first


def frames(page: Page) -> np.ndarray:
    """Every frame of the film as the player shows it."""
    expect(film(page)).to_be_visible()
    pictures = film(page).evaluate("""canvas => {
        const seek = canvas.getRootNode().querySelector(".seek")
        return [...Array(Number(seek.max) + 1).keys()].map(i => {
            seek.value = String(i)
            seek.dispatchEvent(new Event("input"))
            return canvas.toDataURL("image/png").split(",")[1]
        })
    }""")
    opened = (Image.open(io.BytesIO(base64.b64decode(letters))).convert("L") for letters in pictures)
    return np.stack([np.asarray(picture) for picture in opened])


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def at(page: Page, frame: int) -> None:
    expect(film(page)).to_have_attribute("data-frame", str(frame))


def test_draw_with_the_mouse_and_the_keys(page: Page) -> None:
    page.goto("/sample")
    expect(page.get_by_text("Draw a digit on the black square")).to_be_visible()
    draw(page, THREE)
    expect(page.get_by_text("its echo")).to_be_visible()
    expect(page.get_by_text(re.compile("Looks like a 3. More typical than"))).to_be_visible()
    first = ink(board(page))
    assert 0.05 < (first > 128).mean() < 0.4

    press(page, "Eraser")
    draw(page, [(0.1, 0.8), (0.9, 0.8)])
    erased = ink(board(page))
    assert (erased <= first).all()
    assert (erased != first).any()
    press(page, "Undo")
    np.testing.assert_array_equal(ink(board(page)), first)

    press(page, "Noise")
    draw(page, [(0.1, 0.1), (0.9, 0.1)])
    noisy = ink(board(page))
    assert set(np.unique(noisy[noisy != first])) <= {0, 255}
    board(page).focus()
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(ink(board(page)), first)
    page.keyboard.press("ArrowLeft")
    np.testing.assert_array_equal(ink(board(page))[:, :-4], first[:, 4:])

    settle(page)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Home").click()
    expect(page.get_by_role("heading", name="RBM Lab")).to_be_visible()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Sample").click()
    expect(page.get_by_text("its echo")).to_be_visible()
    np.testing.assert_array_equal(ink(board(page))[:, :-4], first[:, 4:], "the drawing survives a visit elsewhere")

    press(page, "Clear")
    expect(page.get_by_text("Draw a digit on the black square")).to_be_visible()
    assert ink(board(page)).max() == 0


def test_play_pause_step_and_seek(page: Page) -> None:
    page.goto("/sample?dream_source=Noise&dream_steps=120&dream_chains=16")
    at(page, 0)  # with reduced motion nothing moves by itself
    press(page, "One frame on")
    at(page, 1)
    page.get_by_label("Speed").select_option("40")
    press(page, "Play")
    expect(film(page)).to_have_attribute("data-frame", re.compile(r"^([4-9]|\d\d+)$"))
    press(page, "Pause")
    here = int(film(page).get_attribute("data-frame") or -1)
    press(page, "One frame on")
    at(page, here + 1)
    press(page, "One frame back")
    at(page, here)
    expect(page.get_by_text(f"sweep {here} · free energy")).to_be_visible()
    page.get_by_role("slider", name="Sweep", exact=True).press("End")
    at(page, 120)
    assert ink(film(page)).shape == (4 * 28, 4 * 28)


def test_draw_with_a_finger(newcomer: Newcomer) -> None:
    page = newcomer("phone")
    page.goto("/sample")
    expect(page.get_by_text("Draw a digit on the black square")).to_be_visible()
    hand = page.context.new_cdp_session(page)
    first, *others = [{"x": x, "y": y} for x, y in places(page, THREE)]
    for kind, points in [("touchStart", [first]), *(("touchMove", [point]) for point in others), ("touchEnd", [])]:
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(page.get_by_text("its echo")).to_be_visible()
    assert (ink(board(page)) > 128).mean() > 0.05
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0, "not scrolled by the finger"


def test_clamp_the_upper_half_take_the_gif_and_reopen_the_link(page: Page, other: Page, url: str) -> None:
    page.goto("/sample?dream_chains=4&dream_steps=40&dream_seed=7&dream_hold=Upper+half&dream_tab=Take+it+away")
    draw(page, THREE)
    expect(film(page)).to_be_visible()
    shown = frames(page)
    assert shown.shape == (41, 56, 56)
    tiles = shown.reshape(41, 2, 28, 2, 28)
    assert (tiles[:, :, :14] == tiles[0, 0, :14, 0, :].reshape(1, 1, 14, 1, 28)).all(), "unchanged in every frame"
    assert (tiles[:, :, 14:] != tiles[:1, :, 14:]).any()

    page.get_by_role("tab", name="Take it away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Film (GIF)").click()
    with Image.open(download.value.path()) as movie:
        decoded = []
        for i in range(movie.n_frames):
            movie.seek(i)
            decoded.append(np.asarray(movie.convert("L"))[:: movie.height // 56, :: movie.width // 56])
    np.testing.assert_array_equal(decoded, shown)

    with page.expect_download() as download:
        page.get_by_role("button", name="Samples (.npz)").click()
    with np.load(download.value.path()) as file:
        assert file["samples"].shape == (4, 784)
        assert file["sweeps"].tolist() == list(range(41))

    address = page.get_by_test_id("stCode").inner_text().strip()
    assert address.startswith(url)
    other.goto(address)
    expect(other.get_by_text("its echo")).to_be_visible()
    np.testing.assert_array_equal(frames(other), shown)
