"""Whether an address can break a page: fuzzed ones over all pages, each opened as a newcomer's first.

    python -m benchmarks.addresses [--count 1000] [--seed 0]      some minutes

Every value of the program's own parameters may be nonsense: infinite, no number, of thousands of digits, empty, twice
there, of other alphabets, a torn drawing, somebody else's run. Prints tried and broken by page, and what broke.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from streamlit.testing.v1 import AppTest

from rbm.app.explained import CHAPTERS
from rbm.app.sample_page import address, board, download
from rbm.app.train_page import form

ROOT = Path(__file__).parents[1]
SECONDS = 180
Query = dict[str, str | list[str]]

PARAMETERS: dict[str, list[str]] = {
    "home": [],
    "learn": ["chapter", "learn_chapter"],
    "train": ["preset", "data", "labels", "monitors", *(control.name for control in form.SETTINGS)],
    "sample": [*download.LINKED, *board.LINK, "model", "dream_centre"],
    "reconstructions": ["reconstructions_part", "reconstructions_digit", "rebuild_steps"],
    "filters": ["filters_order", "filters_place"],
    "activations": ["activations_part", "activations_digit"],
    "features": ["features_digit", "map_method"],
    "deep": ["deep_class", "deep_start", "deep_steps", "deep_digit"],
    "data": ["set", "data_tab", "upload_seed"],
    "runs": ["run"],
}
NUMBERS = [
    "inf", "-inf", "nan", "NaN", "Infinity", "1e308", "-1e308", "1e400", "1e-400", "-1", "-0", "0", "1", "0.5",
    "3.7", "1_000", "0x10", "1e3", "٣", "½", "2147483648", "9007199254740993", "1,5", "+7", "9" * 25, "9" * 5000,
]  # fmt: skip
WORDS = [
    "null", "None", "[]", "{}", "true", "False", "../../etc/passwd", "%00", "%", "<script>x</script>",
    "![x](http://evil.example)", "own-", "own-../x", "own-0123456789abcdef", "mnist", "mnist-5k", "digits-8x8",
    "cd", "pt", "Draw", "Noise", "Any", "Rectangle", "0123456789abcdef", "Ünï", "数字", "\U0001f469\u200d\U0001f680",
    "", " ", "\t", "\n", "\x00", "a" * 20_000, "\u202egnp", "\ufdfd" * 50, "'; DROP TABLE runs; --",
    "A test digit", "Its own dreams", "Painted mask", "Classic 784-500", "_" * 300,
]  # fmt: skip


class Address(NamedTuple):
    page: str
    query: Query


def fuzzed(count: int, seed: int) -> Iterator[Address]:
    """So many addresses, the same for the same seed, the pages by turns."""
    rng, pages = np.random.default_rng(seed), list(PARAMETERS)
    foreign = [name for names in PARAMETERS.values() for name in names]
    for turn in range(count):
        page = pages[turn % len(pages)]
        names = PARAMETERS[page] or foreign
        chosen = rng.choice(names, size=min(len(names), 1 + int(rng.integers(4))), replace=False)
        query: Query = {str(name): _value(str(name), rng) for name in chosen}
        if page == "sample" and rng.random() < 0.5:
            query[board.LINK[0]] = _drawing(rng)
        if rng.random() < 0.2:
            query[str(rng.choice([*foreign, "x", "embed", "éà", ""])) or "y"] = _value("", rng)
        yield Address(page, query)


def _value(name: str, rng: np.random.Generator) -> str | list[str]:
    if name in board.LINK and rng.random() < 0.7:
        return _drawing(rng)
    if name == "chapter" and rng.random() < 0.3:
        return str(rng.choice(list(CHAPTERS)))
    one = _word(rng)
    return one if rng.random() < 0.85 else [one, *(_word(rng) for _ in range(int(rng.integers(1, 4))))]


def _word(rng: np.random.Generator) -> str:
    if rng.random() < 0.1:
        return "".join(map(chr, rng.integers(1, 0xD7FF, int(rng.integers(1, 40)))))
    words = NUMBERS if rng.random() < 0.6 else WORDS
    return words[int(rng.integers(len(words)))]


def _drawing(rng: np.random.Generator) -> str:
    """A drawing as links hold it, torn in most cases."""
    letters = list(address.pack(rng.random(int(rng.choice([784, 784, 784, 64, 1, 5000])))))
    for _ in range(int(rng.integers(3))):
        letters[int(rng.integers(len(letters)))] = chr(int(rng.integers(33, 400)))
    return "".join(letters[: int(rng.integers(1, len(letters) + 1))] if rng.random() < 0.3 else letters)


def opened(one: Address) -> AppTest:
    """The whole page, drawn for a browser that comes by this address."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS)
    app.query_params.update(one.query)
    return app.switch_page(f"pages/{one.page}.py").run()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    tried: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as home:
        os.environ["RBM_HOME"] = home
        for one in fuzzed(asked.count, asked.seed):
            app = opened(one)
            tried[one.page] += 1
            if app.exception or not app.title:
                broken[one.page] += 1
                print(one.page, {name: str(value)[:80] for name, value in one.query.items()}, file=sys.stderr)
    for page in PARAMETERS:
        print(f"{page:16} tried {tried[page]:5}   broken {broken[page]:4}")
    print(f"{'all':16} tried {sum(tried.values()):5}   broken {sum(broken.values()):4}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
