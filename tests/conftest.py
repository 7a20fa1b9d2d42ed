"""A real server and a real browser, for the stories in test_browser.py."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REQUIRED = os.environ.get("RBM_REQUIRE_BROWSER") == "1"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium; without it the stories are skipped, or fail where RBM_REQUIRE_BROWSER=1."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        why = "needs Chromium on the PATH (Debian: apt-get install chromium)"
        if REQUIRED:
            pytest.fail(f"{why}, and RBM_REQUIRE_BROWSER=1 asks for it")
        pytest.skip(why)
    return path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that has just started and has never been asked for a page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *options, "--server.fileWatcherType=none"]
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
    ours = re.findall(r'File ".*/(?:rbm|pages)/.*', log.read_text())
    assert not ours, log.read_text()


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
                answer.read()
            return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"the server was not healthy after 60 s:\n{log.read_text()}")
