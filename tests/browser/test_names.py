"""A visitor who gives hostile names: browsers fetch nothing from outside and show no link to it, whoever looks."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import rbm
from rbm.runs.export import pack
from rbm.runs.progress import Point
from rbm.runs.record import Run
from tests.browser.conftest import Newcomer
from tests.browser.test_stories import tick_first_run
from tests.browser.waiting import button, follow, settle

pytest.importorskip("playwright", reason="needs the package playwright (requirements-dev.txt)")

EVIL = "evil.test"
RUN = f"![x](http://{EVIL}/x.png) [Log in](http://{EVIL})"
MODEL = f"<img src=http://{EVIL}/x> www.{EVIL} me@{EVIL}"
DATA = f"www.{EVIL} :smile: [in](mailto:me@{EVIL})"
FOREIGN = f"a[href*='{EVIL}'], [src*='{EVIL}'], [style*='{EVIL}']"
PAGES = ["Train", "Sample", "Reconstructions", "Filters", "Activations", "Data", "Runs", "Home", "Learn"]


def small(n_visible: int) -> rbm.RBM:
    rng = np.random.default_rng(3)
    return rbm.RBM(rng.normal(size=(n_visible, 11)), np.zeros(n_visible), np.zeros(11))


def files(folder: Path) -> tuple[Path, Path, Path]:
    """A model, a run and images, with these names."""
    model, run, data = folder / "model.npz", folder / "run.zip", folder / f"{DATA}.npz"
    rbm.save(model, small(64), {"name": MODEL, "data": "digits-8x8"})
    record = Run(
        RUN, "", "digits-8x8", "0" * 64, rbm.TrainConfig(n_hidden=11, epochs=1), 0.0, status="finished", epoch=1
    )
    run.write_bytes(pack(record, [Point(0, 2.0, None), Point(1, 1.0, None)], small(64)))
    np.savez(data, images=np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8))
    return model, run, data


def read(page: Page) -> str:
    """What stands on the page, without the signs that take no room."""
    return page.locator("body").inner_text().replace("\u2060", "")


def test_hostile_names_stay_text(newcomer: Newcomer, tmp_path: Path) -> None:
    page, asked = newcomer(), []
    page.on("request", lambda request: asked.append(request.url))
    model, run, data = files(tmp_path)

    page.goto("/train")
    page.get_by_text("Keep the model in use as a file").click()
    page.locator("input[type=file]").set_input_files(model)
    expect(page.get_by_test_id("stSidebar")).to_contain_text("64-11")
    settle(page)
    assert MODEL in read(page)
    follow(page, "Data")
    page.locator("input[type=file]").set_input_files(data)
    button(page, "Keep it").click()
    expect(page.get_by_text("is kept")).to_be_visible()
    settle(page)
    assert DATA in read(page)
    follow(page, "Runs")
    page.locator("input[type=file]").set_input_files(run)
    settle(page)
    tick_first_run(page)
    settle(page)
    address = re.search(r"/runs\?run=\S+", read(page))
    assert address is not None
    for title in PAGES:
        page.get_by_test_id("stSidebar").get_by_role("link", name=re.compile(f"{title}$")).click()
        expect(page).to_have_title(f"{title} · RBM Lab")
        settle(page)
        assert page.locator(FOREIGN).count() == 0
        assert MODEL in read(page), "in the sidebar of every page"
    guest = newcomer("another desk")  # to whom the link was sent
    guest.on("request", lambda request: asked.append(request.url))
    guest.goto(address[0])
    settle(guest)
    assert RUN in read(guest)
    button(guest, "Use this model").click()
    settle(guest)
    for each in (page, guest):
        assert each.locator(FOREIGN).count() == 0
    assert not [url for url in asked if EVIL in url]
