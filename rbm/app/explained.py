"""Where each idea is explained: links from every page into the chapters of Learn."""

from __future__ import annotations

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
    """Markdown that opens a chapter beside the page it stands on. Raises KeyError for a chapter that isn't there."""
    return f'[{words}](learn?chapter={chapter} "Learn: {CHAPTERS[chapter]}")'
