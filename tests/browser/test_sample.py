"""The Sample page in a real Chromium: drawing by mouse, touch and keys, playing, clamping, taking it away."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from rbm.app.sample_page import address, stage
from tests.browser.conftest import Newcomer
from tests.browser.waiting import frames_pass, settle, until

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")

THREE = [(0.3, 0.25), (0.5, 0.15), (0.68, 0.28), (0.5, 0.46), (0.7, 0.6), (0.62, 0.8), (0.45, 0.86), (0.28, 0.78)]


DESK = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}
BEFORE_YOU_DRAW = "Draw a digit on the black square"


@pytest.fixture
def page(newcomer: Newcomer) -> Page:
    return newcomer("desk", DESK, reduced_motion="reduce")


def board(page: Page) -> Locator:
    """What the drawing package shows; or our own board, where that is open."""
    return page.locator("canvas.dc-canvas.lower-canvas, .board canvas")


def places(page: Page, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where on the screen these points of the board are, once the page has stopped moving."""
    expect(board(page)).to_be_visible()
    box = None
    while box is None or box != board(page).bounding_box():
        box = board(page).bounding_box()
        frames_pass(page, 12)
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def dreaming(page: Page) -> None:
    """Until the page that has just been opened shows its film and its board."""
    expect(film(page)).to_be_visible()
    expect(page.get_by_role("button", name="Pen", exact=True)).to_be_visible()
    settle(page)


def empty(page: Page, path: str = "/sample") -> None:
    """Open the page, and clear the board of the digit that lies on it."""
    page.goto(path)
    dreaming(page)
    press(page, "Clear")
    expect(page.get_by_text(BEFORE_YOU_DRAW)).to_be_visible()
    settle(page)


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


SHOWN = """async image => {
    await image.decode().catch(() => {})  // another one has taken its place: what is shown still is shown
    const canvas = document.createElement("canvas")
    canvas.width = image.naturalWidth
    canvas.height = image.naturalHeight
    canvas.getContext("2d").drawImage(image, 0, 0)
    return canvas.toDataURL("image/png").split(",")[1]
}"""


def seen(page: Page) -> np.ndarray:
    """The picture that "the model sees", from the page."""
    letters = page.get_by_role("img", name="the model sees").evaluate(SHOWN)  # its address may lead nowhere by now
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(letters))).convert("L"), dtype=float)


def likelier(page: Page) -> str:
    return page.get_by_text(re.compile("^Free energy -?\\d")).inner_text()


def box(where: Locator) -> tuple[float, float, float, float]:
    """Left, top, right, bottom on the screen."""
    found = where.bounding_box()
    assert found is not None
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


# ---- the first visit, and where things stand


def test_a_first_visit_shows_a_digit_that_dreams_on_one_screen(page: Page) -> None:
    page.goto("/sample")
    dreaming(page)
    assert 0.05 < (ink(board(page)) > 128).mean() < 0.3, "a digit lies on the board"
    expect(page.get_by_text("Looks like a 3. Likelier than")).to_be_visible()
    told = frames(page)
    assert (told[0][:28, :28] > 128).mean() > 0.05
    assert (told[-1] != told[0]).any()
    (left, top, right, bottom), (x, y, x2, y2) = box(board(page)), box(film(page))
    assert right < x < right + 60 + stage.UNITS, "beside it, with nothing but the hidden units between"
    assert abs(top - y) < 3
    assert abs((bottom - top) - (y2 - y)) < 3, "as high"
    assert left >= 0
    assert x2 < DESK["width"]
    assert max(bottom, y2) < DESK["height"], "wholly in view"
    for control in (page.get_by_role("slider", name="Temperature"), page.get_by_role("button", name="Dream again")):
        assert box(control)[1] > bottom
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0


@pytest.mark.parametrize("width", [PHONE["width"], 320])
def test_on_a_phone_the_film_follows_the_board(newcomer: Newcomer, width: int) -> None:
    page = newcomer("phone", {**PHONE, "width": width}, reduced_motion="reduce")
    page.goto("/sample")
    dreaming(page)
    (left, _, right, bottom), (x, y, x2, _) = box(board(page)), box(film(page))
    assert bottom < y < bottom + 140, "nothing but the tools and the sweep's line between them"
    assert min(left, x) >= 0
    assert max(right, x2) <= width
    for name in ("Pen", "Eraser", "Move", "Fix", "Undo", "Redo", "Clear"):
        tool = page.get_by_role("button", name=name, exact=True)
        expect(tool).to_be_visible()
        assert box(tool)[2] <= width
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")


def test_a_stroke_is_echoed_and_dreamt_from_without_a_scroll(page: Page) -> None:
    empty(page)
    expect(film(page)).to_have_count(0)
    draw(page, THREE)
    expect(page.get_by_text(re.compile("Looks like a 3. Likelier than"))).to_be_visible()
    expect(film(page)).to_be_visible()
    assert box(film(page))[3] < DESK["height"]
    first = frames(page)
    draw(page, [(0.25, 0.2), (0.25, 0.8)])
    until(page, lambda: not np.array_equal(frames(page)[0], first[0]))
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0


def test_a_reload_keeps_the_drawing(page: Page) -> None:
    empty(page)
    draw(page, [(0.3, 0.2), (0.3, 0.5), (0.7, 0.5), (0.7, 0.2), (0.7, 0.85)])
    expect(page.get_by_text("its echo")).to_be_visible()
    settle(page)
    drawn, before = ink(board(page)).astype(float), seen(page)
    page.reload()
    dreaming(page)
    assert np.abs(ink(board(page)) - drawn).mean() < 3
    np.testing.assert_array_equal(seen(page), before)


def test_a_link_is_opened_and_then_drawn_on(page: Page) -> None:
    """What is drawn on a link's picture is not lost to the link at a reload."""
    page.goto(f"/sample?dream_centre=false&drawing={address.pack(np.eye(28).ravel())}")
    dreaming(page)
    assert (ink(board(page)).diagonal() == 255).mean() > 0.9
    draw(page, [(0.8, 0.1), (0.8, 0.4)])
    until(page, lambda: "drawing=" not in page.url)
    until(page, lambda: upper_right(seen(page)).max() > 200)
    settle(page)
    before = seen(page)
    page.reload()
    dreaming(page)
    np.testing.assert_array_equal(seen(page), before)


def upper_right(picture: np.ndarray) -> np.ndarray:
    """The corner of a square picture, a third of its side wide."""
    third = len(picture) // 3
    return picture[:third, -third:]


# ---- the tools


def test_eraser_undo_redo_and_clear(page: Page) -> None:
    empty(page)
    draw(page, THREE)
    expect(page.get_by_text("its echo")).to_be_visible()
    first = ink(board(page))
    press(page, "Eraser")
    expect(page.get_by_role("button", name="Eraser", exact=True)).to_have_attribute("aria-pressed", "true")
    settle(page)
    draw(page, [(0.1, 0.8), (0.9, 0.8)])
    settle(page)
    erased = ink(board(page))
    assert (erased <= first).all()
    assert erased.sum() < 0.95 * first.sum()
    press(page, "Undo")
    until(page, lambda: np.array_equal(ink(board(page)), first))
    press(page, "Redo")
    until(page, lambda: np.array_equal(ink(board(page)), erased))
    page.keyboard.press("Control+z")
    until(page, lambda: np.array_equal(ink(board(page)), first))
    settle(page)
    press(page, "Clear")
    expect(page.get_by_text(BEFORE_YOU_DRAW)).to_be_visible()
    assert ink(board(page)).max() == 0
    press(page, "Undo")
    expect(page.get_by_text("its echo")).to_be_visible()
    assert np.abs(ink(board(page)).astype(float) - first).mean() < 3, "a mistaken Clear loses nothing"


def test_a_straight_line(page: Page) -> None:
    empty(page)
    press(page, "Line")
    settle(page)
    draw(page, [(0.2, 0.2), (0.2, 0.7), (0.8, 0.8)])
    expect(page.get_by_text("its echo")).to_be_visible()
    middle = ink(board(page))[140, :]
    assert middle[140] > 128, "straight from the first to the last point"
    assert middle[56] < 128


def test_while_a_stroke_is_moved_the_free_energy_answers(page: Page) -> None:
    empty(page, "/sample?dream_centre=false")
    draw(page, THREE)
    expect(page.get_by_text("its echo")).to_be_visible()
    settle(page)
    there, energy = ink(board(page)), likelier(page)
    press(page, "Move")
    start, end = places(page, [(0.5, 0.155), (0.5, 0.4)])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0], (start[1] + end[1]) / 2, steps=10)
    until(page, lambda: likelier(page) != energy)
    halfway = likelier(page)
    page.mouse.move(*end, steps=10)
    page.mouse.up()
    until(page, lambda: likelier(page) not in (energy, halfway))
    settle(page)
    press(page, "Pen")  # which takes the frame, with a handle above it, off the stroke, a moment later
    until(page, lambda: top(ink(board(page))) - top(there) == pytest.approx(0.245 * 280, abs=6))


def top(grey: np.ndarray) -> int:
    """The first row with ink."""
    return int(np.flatnonzero((grey > 128).any(axis=1))[0])


def test_the_fix_brush_opens_our_board_with_the_same_ink(page: Page) -> None:
    empty(page)
    draw(page, THREE)
    expect(page.get_by_text("its echo")).to_be_visible()
    settle(page)
    there, before = ink(board(page)).astype(float), seen(page)
    press(page, "Fix")
    expect(page.locator(".board canvas")).to_be_visible()
    expect(page.locator("canvas.dc-canvas")).to_have_count(0)
    settle(page)
    own = ink(board(page)).astype(float)
    assert own.mean() == pytest.approx(there.mean(), rel=0.02)
    np.testing.assert_array_equal(seen(page), before)
    expect(page.get_by_role("button", name="Fix", exact=True)).to_have_attribute("aria-pressed", "true")
    draw(page, [(0.3, 0.2), (0.7, 0.2)])
    settle(page)
    np.testing.assert_array_equal(seen(page), before)
    press(page, "Back to pen, line and move")
    expect(page.locator("canvas.dc-canvas.lower-canvas")).to_be_visible()
    settle(page)
    np.testing.assert_array_equal(seen(page), before)
    page.get_by_role("tab", name="Settings").click()
    expect(page.get_by_text("held fixed: green")).to_be_visible()


def test_the_brushes_of_our_own_board(page: Page) -> None:
    empty(page)
    press(page, "Fix")
    expect(page.locator(".board canvas")).to_be_visible()
    expect(page.locator("canvas.dc-canvas")).to_have_count(0)
    expect(page.get_by_role("button", name="Pen", exact=True)).to_have_attribute("aria-pressed", "true")
    draw(page, THREE)  # on an empty board there is nothing to fix: the first stroke is ink
    expect(page.get_by_text("its echo")).to_be_visible()
    first = ink(board(page))
    assert 0.05 < (first > 128).mean() < 0.4
    press(page, "Noise")
    draw(page, [(0.1, 0.1), (0.9, 0.1)])
    noisy = ink(board(page))
    assert set(np.unique(noisy[noisy != first])) <= {0, 255}
    board(page).focus()
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(ink(board(page)), first)
    page.keyboard.press("ArrowLeft")
    np.testing.assert_array_equal(ink(board(page))[:, :-4], first[:, 4:])
    press(page, "Clear")
    expect(page.get_by_text(BEFORE_YOU_DRAW)).to_be_visible()
    assert ink(board(page)).max() == 0


def test_a_visit_elsewhere_keeps_the_drawing(page: Page) -> None:
    empty(page)
    draw(page, THREE)
    expect(page.get_by_text("its echo")).to_be_visible()
    settle(page)
    before = seen(page)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="RBM Lab")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Sample").click()
    dreaming(page)
    np.testing.assert_array_equal(seen(page), before)
    draw(page, [(0.2, 0.5), (0.8, 0.5)])
    until(page, lambda: not np.array_equal(seen(page), before))


def test_draw_with_the_keyboard_alone(page: Page) -> None:
    empty(page)
    opener = page.get_by_role("button", name="Draw with the keyboard")
    opener.focus()
    page.keyboard.press("Enter")
    put = page.get_by_role("button", name="Put it on the board")
    expect(put).to_be_visible()
    settle(page)
    put.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("its echo")).to_be_visible()
    until(page, lambda: bool((ink(board(page)) > 128).mean() > 0.02))
    assert (
        opener.evaluate(
            "(button, canvas) => button.compareDocumentPosition(canvas)",
            page.locator("[class*=st-key-dream_canvas]").first.element_handle(),
        )
        & 4
    ), "the button comes before the board"


# ---- the film


def test_one_tap_and_the_dream_is_of_that_class(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Use Classes").click()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Classes")
    page.get_by_test_id("stSidebar").get_by_role("link", name="Sample").click()
    dreaming(page)
    for wanted in ("0", "5"):
        first = frames(page)
        page.get_by_role("radiogroup", name="Dream of class").get_by_text(wanted, exact=True).click()
        until(page, lambda last=first[-1]: not np.array_equal(frames(page)[-1], last))
        settle(page)
        page.get_by_role("slider", name="Sweep", exact=True).press("End")
        at(page, 200)
        read = page.locator(".labels span").all_inner_texts()
        assert read.count(wanted) >= 0.7 * len(read), "they all began at a 3"


def test_dream_again_is_another_dream(page: Page) -> None:
    page.goto("/sample?dream_steps=20&dream_chains=4")
    dreaming(page)
    first = frames(page)
    page.get_by_role("button", name="Dream again").click()
    until(page, lambda: not np.array_equal(frames(page)[-1], first[-1]))
    np.testing.assert_array_equal(frames(page)[0], first[0])


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
    expect(page.get_by_text(f"Sweep {here} of 120 · likelier than")).to_be_visible()
    page.get_by_role("slider", name="Sweep", exact=True).press("End")
    at(page, 120)
    assert ink(film(page)).shape == (4 * 28, 4 * 28)


def test_draw_with_a_finger(newcomer: Newcomer) -> None:
    page = newcomer("phone")
    empty(page)
    expect(page.get_by_role("button", name="Line", exact=True)).to_have_count(0)
    hand = page.context.new_cdp_session(page)
    first, *others = [{"x": x, "y": y} for x, y in places(page, THREE)]
    for kind, points in [("touchStart", [first]), *(("touchMove", [point]) for point in others), ("touchEnd", [])]:
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(page.get_by_text("its echo")).to_be_attached()
    expect(film(page)).to_be_attached()
    drawn = ink(board(page))
    assert (drawn > 128).mean() > 0.05
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0, "not scrolled by the finger"
    page.get_by_role("button", name="Undo", exact=True).tap()
    until(page, lambda: ink(board(page)).max() == 0)
    page.get_by_role("button", name="Redo", exact=True).tap()
    until(page, lambda: np.array_equal(ink(board(page)), drawn))
    assert page.get_by_test_id("stException").count() == 0


def test_clamp_the_upper_half_take_the_gif_and_reopen_the_link(page: Page, other: Page, url: str) -> None:
    page.goto("/sample?dream_chains=4&dream_steps=40&dream_seed=7&dream_hold=Upper+half&dream_tab=Take+it+away")
    dreaming(page)
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
