"""How quick the app feels, measured in headless Chromium against the real server:

    python -m benchmarks.app            needs Chromium and the package playwright

Seconds from process start to a usable Home; from a click on a page's link until nothing runs any more, the first
time and again (median of 5), alone and while another session trains; from Start to the first point on the chart;
sweeps a second that the player shows of 16 chains; memory of the server at the start, after all pages, and per
further idle session.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import server as serving

PAGES = ["Data", "Train", "Reconstructions", "Filters", "Activations", "Sample", "Home"]
SESSIONS, REPEATS = 20, 5
RUNNING = '[data-testid="stStatusWidget"], [data-testid="stSkeleton"]'
TARGETS = {"home": 4.0, "warm": 0.8, "warm while training": 1.5, "first point": 1.2, "memory": 350.0, "session": 5.0}
WANTED_SWEEPS = 20  # a second, on the screen


def main() -> None:
    path = serving.chromium()
    if path is None:
        sys.exit("needs Chromium on the PATH (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=serving.FLAGS)
        begin = time.perf_counter()
        with serving.running(Path(folder) / "log", RBM_HOME=folder) as server:
            page = open_home(browser, server.url)
            report("usable Home after process start", time.perf_counter() - begin, "home")
            report("memory at the start", memory(server), unit="MB")
            visits(page)
            report("memory after all pages", memory(server), "memory", unit="MB")
            sessions(browser, server)
            training(browser, server.url, page)
            playing(browser, server.url)


def open_home(browser: Browser, url: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(url)
    page.get_by_role("heading", name="RBM Lab").wait_for()
    idle(page)
    return page


def idle(page: Page) -> None:
    """Until no script runs and the page has not changed for 100 ms (which are not counted)."""
    page.wait_for_function(
        """busy => {
            const text = document.querySelector('[data-testid=stMain]').innerHTML.length
            const state = document.querySelector('[data-testid=stApp]').dataset.testScriptState
            if (state !== 'notRunning' || document.querySelector(busy) || window.lastText !== text) {
                window.lastText = text; window.quietSince = performance.now(); return false }
            return performance.now() - window.quietSince > 100 }""",
        arg=RUNNING,
        polling=20,
    )


def visit(page: Page, title: str) -> float:
    """Seconds from the click on a page's link until the page is there and idle."""
    heading = "RBM Lab" if title == "Home" else title
    begin = time.perf_counter()
    page.get_by_test_id("stSidebar").get_by_role("link", name=re.compile(f"{title}$")).click()
    page.get_by_role("heading", name=heading, exact=True).wait_for()
    idle(page)
    return time.perf_counter() - begin - 0.1


def visits(page: Page) -> None:
    for title in PAGES:
        report(f"{title}, first visit", visit(page, title))
    for title, seconds in warm(page).items():
        report(f"{title}, warm", seconds, "warm")


def warm(page: Page) -> dict[str, float]:
    seconds: dict[str, list[float]] = {title: [] for title in PAGES}
    for _ in range(REPEATS):
        for title in PAGES:
            seconds[title].append(visit(page, title))
    return {title: median(values) for title, values in seconds.items()}


def sessions(browser: Browser, server: serving.Server) -> None:
    before = memory(server)
    pages = [open_home(browser, server.url) for _ in range(SESSIONS)]
    report("memory per further idle session", (memory(server) - before) / SESSIONS, "session", unit="MB")
    for page in pages:
        page.close()


def training(browser: Browser, url: str, visitor: Page) -> None:
    trainer = open_home(browser, url)
    visit(trainer, "Train")
    epochs = trainer.get_by_label("Epochs", exact=True)
    epochs.fill("1000")
    epochs.press("Tab")
    idle(trainer)
    begin = time.perf_counter()
    trainer.get_by_role("button", name="Start").click()
    trainer.locator(".js-plotly-plot .point").first.wait_for(state="attached")
    report("first point after Start", time.perf_counter() - begin, "first point")
    for title, seconds in warm(visitor).items():
        report(f"{title}, warm while another session trains", seconds, "warm while training")
    trainer.get_by_test_id("stMain").get_by_role("button", name="Stop").click()


def playing(browser: Browser, url: str) -> None:
    """Sweeps of 16 chains that the player shows in 3 s at its highest speed."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page.goto(f"{url}/sample?dream_source=Noise&dream_steps=200&dream_chains=16")
    film = page.locator(".player canvas[data-frame]").first
    film.wait_for()
    page.get_by_label("Speed").select_option("40")
    shown = film.evaluate("""canvas => new Promise(done => {
        canvas.getRootNode().querySelector(".play").click()
        setTimeout(() => done(Number(canvas.dataset.frame) / 3), 3000)
    })""")
    reached = "reached" if shown >= WANTED_SWEEPS else "missed"
    print(f"{'16 chains on the screen':50} {shown:8.2f} /s  target {WANTED_SWEEPS} /s: {reached}", flush=True)


def memory(server: serving.Server) -> float:
    """Resident megabytes of the server."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def report(what: str, value: float, target: str | None = None, unit: str = "s") -> None:
    wanted = ""
    if target is not None:
        wanted = f"  target {TARGETS[target]:g} {unit}: {'reached' if value <= TARGETS[target] else 'missed'}"
    print(f"{what:50} {value:8.2f} {unit:2}{wanted}", flush=True)


if __name__ == "__main__":
    main()
