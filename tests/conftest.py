"""A real server and a real browser, for the stories in tests/browser/."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import server as serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REQUIRED = os.environ.get("RBM_REQUIRE_BROWSER") == "1"


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


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that has just started and has never been asked for a page."""
    log = tmp_path / "server.log"
    with serving.running(log, RBM_HOME=str(tmp_path / "home")) as server:
        yield server.url
    ours = re.findall(r'File ".*/(?:rbm|pages)/.*', log.read_text())
    assert not ours, log.read_text()


@pytest.fixture(scope="module")
def browser(chromium: str) -> "Iterator[Browser]":
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=serving.FLAGS)
        expect.set_options(timeout=30_000)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that all stories of a module share."""
    folder = tmp_path_factory.mktemp("server")
    with serving.running(folder / "log", RBM_HOME=str(folder / "home")) as server:
        yield server.url
    ours = re.findall(r'File ".*/(?:rbm|pages)/.*', (folder / "log").read_text())
    assert not ours, (folder / "log").read_text()
