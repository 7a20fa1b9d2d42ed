"""Names are text: whatever they hold, they stand on the page as they were typed."""

from __future__ import annotations

import re

import pytest

from rbm.app.text import plain, plotted

HOSTILE = [
    "![x](http://evil.example/x.png)",
    "[Log in again](http://evil.example)",
    "<img src=http://evil.example/x.png>",
    "http://evil.example",
    "www.evil.example",
    "mail@evil.example",
    "$x^2$",
    ":red[danger]",
    ":material/home:",
    ":smile:",
    "# heading",
    "1. first",
    "- item",
    "> quote",
    "`code`",
    "**bold** and _slanted_ and ~~gone~~",
    "a -> b <- c <= d",
    "&lt;b&gt;",
    "back\\slash",
    "[ref]: http://evil.example",
    "__strong__ and _x_",
    "===",
    "|a|b|",
]


def seen(markdown: str) -> str:
    """What a reader sees of it, if no mark is left that means anything."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace("\u2060", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_seen_is_what_it_says(name: str) -> None:
    assert seen(plain(name)) == name
    left = re.sub(r"\\[!-/:-@\[-`{-~]", "", plain(name))  # without what is escaped
    assert not re.search(r"[`*\[\]<$~&|]|(?<![^\W_])_|_(?![^\W_])", left)
    assert not re.search(r"https?://|www\.|\w@\w|:[\w-]+:|:material|:red|^\s*([#>+=-]|\d+[.)])|<-|->|<=", left)


@pytest.mark.parametrize(
    "name", ["RBM 784-500", "CD-1 (rate 0.05)", "Ann's 2nd run, 3:1", "RBM_MAX_HIDDEN", "Größe é 漢字"]
)
def test_usual_names_stay_as_they_are(name: str) -> None:
    assert seen(plain(name)) == name
    assert "\\" not in plain(name)


def test_it_is_one_line() -> None:
    assert plain(" a\n\n# b\t c ") == "a # b c"
    assert plain("b\u202etxt") == "b txt", "and runs one way"


def test_in_charts_tags_are_text() -> None:
    assert (
        plotted('<a href="http://evil.example">x</a> & y') == '&lt;a href="http://evil.example"&gt;x&lt;/a&gt; &amp; y'
    )
