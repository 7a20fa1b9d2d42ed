"""Names that people give, as text: on a page Markdown, links, icons and formulas in them are shown, and not obeyed."""

from __future__ import annotations

import html
import re

_MARKS = re.compile(r"[\\`*\[\]<$~&|]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word marks nothing
_FIRST = re.compile(r"[#>+=-]|\d+[.)]")  # of a line: headings, quotations, lists
_JOINER = "\u2060"  # takes no room and breaks no line
# What is looked for only once the marks are read, so that a backslash before it is no help: addresses with "http:" or
# "www." or "@", icons, :smile: and colours (after a colon), and arrows.
_LATER = re.compile(r"(?<=:)(?=\S)|(?<=\bwww)(?=\.)|(?<=\w)(?=@\w)|(?<=[<>=~-])(?=[<>=-])", re.IGNORECASE)


def plain(text: object) -> str:
    """`text` for Markdown: what is seen is what it says."""
    seen = "".join(c if c.isprintable() else " " for c in str(text))  # others turn the direction of what follows
    shown = _MARKS.sub(r"\\\g<0>", _LATER.sub(_JOINER, " ".join(seen.split())))
    return f"{_JOINER}{shown}" if _FIRST.match(shown) else shown


def plotted(text: object) -> str:
    """`text` for a chart, whose texts know a few tags of HTML, links among them."""
    return html.escape(str(text), quote=False)
