"""Where each idea is explained: links from every page into the chapters of Learn."""

from __future__ import annotations

from urllib.parse import urlencode

from rbm.app.lessons import now

CHAPTERS = {  # in the order of reading, by the name that the address has
    "energy": "Energy",
    "probability": "Probability",
    "layers": "Two layers",
    "gibbs": "Gibbs",
    "update": "One update",
    "training": "Training",
    "error": "The error",
    "article": "The article",
}


def link(words: str, chapter: str) -> str:
    """Markdown that opens a chapter beside the page it stands on, in the same lesson if one is open. Raises KeyError
    for a chapter that isn't there."""
    return f'[{words}](learn?{urlencode({"chapter": chapter, **now.query()})} "Learn: {CHAPTERS[chapter]}")'
