"""What a story waits for when no single thing on the page tells that it may go on."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.patience import SECONDS

QUIET = 400  # milliseconds in which nothing happens

IDLE = """quiet => {
    const moved = () => { window.quietSince = performance.now() }
    if (!window.watcher) {
        window.watcher = new MutationObserver(moved)
        window.watcher.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true})
        moved()
    }
    const state = document.querySelector('[data-testid=stApp]').dataset.testScriptState
    const pending = document.querySelector('[data-testid=stSkeleton], [data-stale=true]')
    const fades = document.getAnimations().some(
        one => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity)
    if (state !== 'notRunning' || pending || fades) moved()
    return performance.now() - window.quietSince > quiet
}"""


def settle(page: Page) -> None:
    """Until the last stroke has been sent, nothing runs on the server, nothing fades and the page stays as it is."""
    expect(page.locator("canvas[data-settled=false]")).to_have_count(0)
    page.evaluate("window.quietSince = performance.now()")
    page.wait_for_function(IDLE, arg=QUIET, polling=100)


def frames_pass(page: Page, count: int) -> None:
    """Until the browser has drawn `count` frames, in which whatever moves would have moved."""
    page.evaluate(
        """count => new Promise(done => {
        const tick = () => count-- > 0 ? requestAnimationFrame(tick) : done()
        tick()
    })""",
        count,
    )


def follow(page: Page, title: str) -> None:
    """Change the page by its link in the sidebar."""
    page.get_by_test_id("stSidebar").get_by_role("link", name=re.compile(f"{title}$")).click()
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def until(page: Page, condition: Callable[[], object]) -> float:
    """Wait until it holds; the seconds that took."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < SECONDS, "it never came to hold"
        page.wait_for_timeout(50)
    return time.monotonic() - begin


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    """On the page itself: while a script takes long, Streamlit shows a Stop of its own above it."""
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)
