"""A real server on a free port, and a real Chromium: for the app's benchmark and the browser tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server(NamedTuple):
    url: str
    process: subprocess.Popen[bytes]
    log: Path


def chromium() -> str | None:
    """Where Chromium is, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def running(log: Path, *, healthy: bool = True, **environment: str) -> Iterator[Server]:
    """The app on a port of its own, from its start until the block ends; `healthy`: wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *options, "--server.fileWatcherType=none"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        if healthy:
            wait_until_healthy(server)
        yield server
    finally:
        process.terminate()
        process.wait(180)


def wait_until_healthy(server: Server, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended at once:\n{server.log.read_text()}")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1) as answer:
                answer.read()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server was not healthy after {seconds} s:\n{server.log.read_text()}")
