"""A real server and a real Chromium for all stories of a session, whose tabs are opened once.

A new tab costs 5 s of a core before it shows its first page, for it reads all of Streamlit's JavaScript anew; the next
page of the same tab costs one. So stories take turns at a tab, and each comes to it as a newcomer: no cookie, nothing
stored, no page open.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import server as serving
from tests.patience import MILLISECONDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

REQUIRED = os.environ.get("RBM_REQUIRE_BROWSER") == "1"
TABS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 1000}},
    "another desk": {"viewport": {"width": 1280, "height": 1000}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
Newcomer = Callable[..., "Page"]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium; without it the stories are skipped, or fail where RBM_REQUIRE_BROWSER=1."""
    path = serving.chromium()
    if path is None:
        why = "needs Chromium on the PATH (Debian: apt-get install chromium)"
        if REQUIRED:
            pytest.fail(f"{why}, and RBM_REQUIRE_BROWSER=1 asks for it")
        pytest.skip(why)
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=serving.FLAGS)
        expect.set_options(timeout=MILLISECONDS)
        yield browser
        browser.close()


def faults(log: str) -> list[str]:
    """The lines of tracebacks that go through our own files."""
    return re.findall(r'File ".*/(?:rbm|pages)/.*', log)


@pytest.fixture
def cold_url(tmp_path: Path) -> Iterator[str]:
    """The address of a server that has just started and has never been asked for a page."""
    log = tmp_path / "server.log"
    with serving.running(log, RBM_HOME=str(tmp_path / "home")) as server:
        yield server.url
    assert not faults(log.read_text()), log.read_text()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.Server]:
    folder = tmp_path_factory.mktemp("server")
    with serving.running(folder / "log", RBM_HOME=str(folder / "home")) as server:
        yield server


@pytest.fixture
def url(server: serving.Server) -> Iterator[str]:
    """The address of the server that all stories share; what a story makes it complain of fails that story."""
    before = len(server.log.read_text())
    yield server.url
    said = server.log.read_text()[before:]
    assert not faults(said), said


@pytest.fixture(scope="session")
def tabs(browser: Browser, server: serving.Server) -> dict[str, Page]:
    """Those that are open by now, by their names in TABS."""
    return {}


@pytest.fixture
def newcomer(browser: Browser, tabs: dict[str, Page], url: str) -> Iterator[Newcomer]:
    """`newcomer(tab)` is the page of somebody who has never been here, of the tab's size unless `screen` says another;
    `media` as in playwright's emulate_media."""
    taken: list[Page] = []

    def come(tab: str = "desk", screen: ViewportSize | None = None, **media: Any) -> Page:
        if tab not in tabs:
            tabs[tab] = browser.new_page(base_url=url, **TABS[tab])
            tabs[tab].set_default_timeout(MILLISECONDS)
        page = tabs[tab]
        taken.append(page)
        page.bring_to_front()  # a tab behind another draws no frames
        forget(page)
        page.set_viewport_size(screen or TABS[tab]["viewport"])
        page.emulate_media(**{"reduced_motion": "no-preference", "color_scheme": "light", **media})
        return page

    yield come
    for page in taken:
        assert page.get_by_test_id("stException").count() == 0
        forget(page)


def forget(page: Page) -> None:
    """Leave the app and all that it has kept in this browser."""
    page.context.clear_cookies()
    page.goto("/_stcore/health")  # of the same server, so that its storage can be reached
    page.evaluate("localStorage.clear(), sessionStorage.clear()")


@pytest.fixture
def other(newcomer: Newcomer) -> Page:
    """Another visitor's page."""
    return newcomer("another desk", reduced_motion="reduce")
