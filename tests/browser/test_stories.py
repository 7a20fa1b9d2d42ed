"""Stories in a real Chromium against the real server: what a student does, in one go."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from rbm.app import places
from rbm.pretrained import learning
from tests.browser.conftest import Newcomer
from tests.browser.waiting import button, follow, frames_pass, settle

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")


@pytest.fixture
def page(newcomer: Newcomer) -> Page:
    return newcomer()


def set_number(page: Page, label: str, value: str) -> None:
    settle(page)  # while one page gives way to the next, both have such a field
    box = page.get_by_label(label, exact=True)
    box.fill(value)
    box.press("Tab")


def test_a_cold_deep_link_shows_navigation_and_page(page: Page, cold_url: str) -> None:
    page.goto(f"{cold_url}/sample")
    expect(page.get_by_role("heading", name="Sample")).to_be_visible()
    expect(page).to_have_title("Sample · RBM Lab")
    assert page.get_by_test_id("stMainBlockContainer").evaluate("main => main.clientWidth") > 900, "as wide as others"
    names = page.get_by_test_id("stSidebar").get_by_role("link")
    titles = [place.title for place in places.ALL.values()]
    assert titles[:2] == ["Home", "Learn"]
    expect(names).to_have_text([re.compile(f"{title}$") for title in titles])  # the icon's name comes first
    expect(page.get_by_test_id("stSidebar")).to_contain_text("784-500")


def test_home_dreams_at_once_and_leads_on(page: Page) -> None:
    page.goto("/")
    film = page.locator("canvas[data-frame]")
    expect(film).to_have_attribute("data-frame", re.compile(r"^([3-9]|\d\d+)$"))
    page.get_by_role("button", name="Pause", exact=True).click()
    here = film.get_attribute("data-frame")
    frames_pass(page, 30)
    assert film.get_attribute("data-frame") == here
    page.get_by_role("button", name="Use Classes").click()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Classes · 784-500 with 10 classes")
    page.get_by_role("button", name="How it works, in 15 minutes").click()
    expect(page.get_by_role("heading", name="Learn", exact=True)).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Draw a digit").click()
    expect(page.get_by_role("heading", name="Sample", exact=True)).to_be_visible()
    expect(page.get_by_role("radiogroup", name="Dream of class")).to_be_visible()


def test_nothing_moves_for_those_who_ask_for_it(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/")
    film, rest = page.locator("canvas[data-frame]"), len(learning.load().updates)
    expect(film).to_have_attribute("data-frame", str(rest))  # digits, not the noise that a film of learning begins with
    frames_pass(page, 90)
    expect(film).to_have_attribute("data-frame", str(rest))
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("([film, rest]) => Number(film.dataset.frame) > rest + 2", arg=[film.element_handle(), rest])


def test_train_and_see_the_chart_get_points(page: Page, tmp_path: Path) -> None:
    page.goto("/train")
    page.get_by_label("Data", exact=True).click()
    page.get_by_role("option", name="digits-8x8").click()
    set_number(page, "Hidden units", "29")
    set_number(page, "Epochs", "300")
    page.get_by_role("button", name="Start").click()
    points = page.locator(".js-plotly-plot .point")
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .point').length > 6")

    follow(page, "Filters")  # nothing is lost by looking elsewhere
    follow(page, "Train")
    expect(page.get_by_label("Hidden units", exact=True)).to_have_value("29")
    expect(page.get_by_text("Finished 300 epochs")).to_be_visible()
    expect(points.first).to_be_attached()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("64-29 · digits-8x8 · 300 epochs")

    page.get_by_text("Keep the model in use as a file").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the model in use").click()
    copy = tmp_path / download.value.suggested_filename
    download.value.save_as(copy)
    page.get_by_role("button", name="Back to the default model").click()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("784-500")
    page.locator("input[type=file]").set_input_files(copy)
    expect(page.get_by_test_id("stSidebar")).to_contain_text("64-29 · digits-8x8 · 300 epochs")


def test_draw_a_digit_and_see_the_chain(page: Page) -> None:
    page.goto("/sample")
    page.get_by_role("tab", name="Film strip").click()
    expect(page.get_by_text("Film strip: sweep")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("Draw a digit")
    expect(page.get_by_text("Film strip: sweep")).to_have_count(0)
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    stroke = [(70, 60), (130, 45), (180, 80), (130, 125), (190, 170), (140, 215), (70, 200)]
    page.mouse.move(box["x"] + stroke[0][0], box["y"] + stroke[0][1])
    page.mouse.down()
    for x, y in stroke[1:]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.mouse.up()

    film = page.locator("canvas[data-frame]")
    expect(film).to_have_attribute("data-frame", re.compile(r"^([3-9]|\d\d+)$"))
    page.get_by_role("button", name="Pause", exact=True).click()
    here = int(film.get_attribute("data-frame") or -1)
    page.get_by_role("button", name="One frame on").click()
    expect(film).to_have_attribute("data-frame", str(here + 1))
    pixels = film.evaluate("c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)")
    ink = np.array(pixels).reshape(-1, 4)[:, 0] > 128
    assert 0.03 < ink.mean() < 0.4, "the frame shows ink on black"
    expect(page.get_by_text("Film strip: sweep")).to_be_visible()

    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Film strip: sweep")).to_have_count(0)


def train_tiny(page: Page, epochs: str, hidden: str = "29") -> None:
    page.goto("/train")
    page.get_by_label("Data", exact=True).click()
    page.get_by_role("option", name="digits-8x8").click()
    set_number(page, "Hidden units", hidden)
    set_number(page, "Epochs", epochs)
    page.get_by_role("button", name="Start").click()


def test_a_reload_loses_nothing_and_nobody_sees_it(page: Page, other: Page) -> None:
    train_tiny(page, "1000")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("Paused. Epoch")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Paused. Epoch")).to_be_visible()
    page.get_by_role("button", name="Step", exact=True).click()
    button(page, "Stop").click()
    expect(page.get_by_text("Stopped after epoch")).to_be_visible()

    other.goto("/runs")
    expect(other.get_by_text("No runs yet")).to_be_visible()

    follow(page, "Runs")
    tick_first_run(page)
    link = page.get_by_test_id("stCode").inner_text().strip()
    other.goto(link)
    expect(other.get_by_text("You look at this run by its link")).to_be_visible()
    for name in ("Delete", "Rename", "Stop", "Resume", "Pin"):
        assert button(other, name).count() == 0
    other.goto("/runs?run=AAAAAAAAAAAAAAAAAAAAAA")
    expect(other.get_by_text("This link leads to no run")).to_be_visible()


def test_an_address_with_settings_reopens_them(page: Page) -> None:
    page.goto("/train?n_hidden=123&algorithm=pcd&learning_rate=banana")
    expect(page.get_by_label("Hidden units", exact=True)).to_have_value("123")
    expect(page.get_by_label("Learning rate", exact=True)).to_have_value("0.1000")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("Learning rate = 'banana', which can't be")


def test_start_pressed_the_moment_it_shows_trains_what_the_form_holds(page: Page) -> None:
    page.goto("/train?data=digits-8x8&epochs=3&n_hidden=37")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Finished 3 epochs")).to_be_visible()
    for label, value in {"Learning rate": "0.1000", "Batch size": "50", "Hidden units": "37", "Epochs": "3"}.items():
        expect(page.get_by_label(label, exact=True)).to_have_value(value)


def test_a_preset_is_in_the_address_and_reopened_by_it(page: Page, other: Page) -> None:
    page.goto("/train")
    page.get_by_text("Classic 784-500").click()
    page.wait_for_url(re.compile("preset=Classic"))
    set_number(page, "Seed", "7")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile("seed=7"))
    button(page, "Stop").click()
    other.goto(page.url)
    expect(other.get_by_label("Learning rate", exact=True)).to_have_value("0.1000")
    expect(other.get_by_label("Seed", exact=True)).to_have_value("7")


def tick_first_run(page: Page) -> None:
    table = page.get_by_test_id("stDataFrame").first
    expect(table.locator("td").first).to_be_attached()
    settle(page)
    table.click(position={"x": 20, "y": 52})  # the box before the first run


def test_a_run_is_renamed_deleted_brought_back_and_imported(page: Page, tmp_path: Path) -> None:
    train_tiny(page, "3")
    expect(page.get_by_text("Finished 3 epochs")).to_be_visible()
    page.get_by_role("button", name="Done before: take its result").click()
    expect(page.get_by_text("Finished 3 epochs")).to_be_visible()

    follow(page, "Runs")
    tick_first_run(page)
    page.get_by_label("Name", exact=True).fill("My first run")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_test_id("stDataFrame").get_by_text("My first run")).to_be_attached()
    expect(page.get_by_label("Name", exact=True)).to_have_value("My first run")
    page.get_by_role("button", name="Pin", exact=True).click()  # still ticked
    page.get_by_role("button", name="Unpin").click()
    expect(page.get_by_role("button", name="Pin", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as zip").click()
    copy = tmp_path / "run.zip"
    download.value.save_as(copy)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No runs yet")).to_be_visible()
    page.get_by_role("button", name="Undo the deletion").click()
    tick_first_run(page)
    expect(page.get_by_label("Name", exact=True)).to_have_value("My first run")
    page.locator("input[type=file]").set_input_files(copy)
    expect(page.get_by_text("Settings that differ")).to_have_count(0)
    tick_first_run(page)
    expect(page.get_by_text("Whoever has this link")).to_be_visible()


DRAWN_FOR = """kind => {
    const chart = document.querySelector('.js-plotly-plot')
    return chart && chart._context && chart._context.toImageButtonOptions.format === kind
}"""


def test_a_chart_is_saved_as_png_and_as_svg_and_a_table_as_csv(page: Page) -> None:
    train_tiny(page, "3", hidden="31")
    page.evaluate("delete window.showSaveFilePicker")  # its dialogue can't be answered without a screen
    expect(page.get_by_text("Finished 3 epochs")).to_be_visible()
    for choice, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        page.get_by_test_id("stSidebar").get_by_role("button", name="Settings").click()
        page.get_by_test_id("stPopoverBody").get_by_text(choice, exact=True).click()
        page.keyboard.press("Escape")
        page.wait_for_function(DRAWN_FOR, arg=choice.lower())
        page.locator(".js-plotly-plot").first.hover()
        with page.expect_download() as download:
            page.locator("[data-title^='Download plot']").first.click()
        assert download.value.suggested_filename == f"learning-curve.{choice.lower()}"
        assert download.value.path().read_bytes().startswith(start)

    follow(page, "Runs")
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    page.get_by_test_id("stDataFrame").first.hover()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    head, line = download.value.path().read_text(encoding="utf-8-sig").strip().splitlines()
    assert head.startswith("name,held_out,log-likelihood,epochs,hidden")
    assert "digits-8x8" in line
    assert "3 of 3" in line


def shapes(path: Path) -> Path:
    """A zip of 60 pictures: squares in one folder, discs in the other."""
    down, right = np.mgrid[:12, :10]
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(60):
            y, x = rng.integers(3, 7, 2)
            far = np.maximum(abs(down - y), abs(right - x)) if number % 2 else np.hypot(down - y, right - x)
            picture = io.BytesIO()
            Image.fromarray(np.where(far < 3, 30, 250).astype(np.uint8)).save(picture, "PNG")
            archive.writestr(f"{'squares' if number % 2 else 'discs'}/{number}.png", picture.getvalue())
    return path


def test_own_pictures_are_previewed_trained_on_and_kept(page: Page, other: Page, tmp_path: Path) -> None:
    page.goto("/data")
    expect(page.get_by_text("5,000 MNIST digits")).to_be_visible()
    page.locator("input[type=file]").set_input_files(shapes(tmp_path / "shapes.zip"))
    expect(page.get_by_text("class by class: discs, squares")).to_be_visible()
    page.get_by_text("Dark on light").click()
    expect(page.get_by_text("60 images of 12 × 10 pixels, 2 classes")).to_be_visible()
    page.get_by_role("button", name="Train on it").last.click()

    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    expect(page.get_by_text("shapes is kept")).to_be_visible()
    page.wait_for_url(re.compile(r"data=own-[0-9a-f]{16}"))
    set_number(page, "Hidden units", "23")
    set_number(page, "Epochs", "5")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Finished 5 epochs")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("120-23 · shapes · 5 epochs")

    follow(page, "Reconstructions")
    page.get_by_label("Class", exact=True).click()
    page.get_by_role("option", name="squares").click()
    expect(page.get_by_text("A squares with error")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("120-23 · shapes · 5 epochs")
    follow(page, "Train")
    page.get_by_label("Data", exact=True).click()
    page.get_by_role("option", name="shapes").click()
    follow(page, "Data")
    page.get_by_label("Data set", exact=True).click()
    page.get_by_role("option", name="shapes").click()
    expect(page.get_by_text("shapes.zip: 60 images")).to_be_visible()
    page.wait_for_url(re.compile(r"set=own-"))
    page.reload()
    expect(page.get_by_text("shapes.zip: 60 images")).to_be_visible()

    other.goto(page.url)
    expect(other.get_by_text("belong to another browser")).to_be_visible()
    expect(other.get_by_text("5,000 MNIST digits")).to_be_visible()
    assert other.get_by_text("shapes").count() == 0
    assert other.get_by_role("button", name="Delete").count() == 0
