"""Addresses are hostile until checked. `python -m benchmarks.addresses` opens whole pages by 1,000 fuzzed ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks import addresses as fuzz
from rbm.app import server
from rbm.app.addresses import no_number
from rbm.app.sample_page import address
from rbm.app.train_page import form
from rbm.errors import BadValue

ALL, WHOLE = 1000, 54  # addresses that the parsing layer reads, and those that open a whole page


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RBM_HOME", str(tmp_path))
    server.lab.clear()
    yield
    server.lab().close()
    server.lab.clear()


def values(one: fuzz.Address) -> list[str]:
    return [text for given in one.query.values() for text in (given if isinstance(given, list) else [given])]


def test_the_layer_that_reads_addresses_takes_a_thousand() -> None:
    """A drawing, a mask and every setting of the Train page from each: an answer or BadValue."""
    drawn = refused = 0
    for one in fuzz.fuzzed(ALL, seed=1):
        for text in values(one):
            no_number(text)
            for control in form.SETTINGS:
                assert form._fits(control, text) in (True, False)
            for unpack in (address.unpack, address.unpack_mask):
                try:
                    found = unpack(text, 784)
                except BadValue:
                    refused += 1
                else:
                    drawn += 1
                    assert found.shape == (784,)
                    assert np.isfinite(found).all()
    assert drawn
    assert refused


@pytest.mark.parametrize("one", list(fuzz.fuzzed(WHOLE, seed=2)), ids=lambda one: one.page)
def test_no_address_breaks_a_page(one: fuzz.Address) -> None:
    app = fuzz.opened(one)
    assert not app.exception
    assert app.title


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e400", "9" * 5000])
@pytest.mark.parametrize(
    ("page", "name"), [("train", "seed"), ("train", "epochs"), ("train", "learning_rate"), ("sample", "dream_seed")]
)
def test_an_impossible_number_leaves_the_page_with_the_usual_value(page: str, name: str, value: str) -> None:
    usual = number(fuzz.opened(fuzz.Address(page, {})), name)
    app = fuzz.opened(fuzz.Address(page, {name: value}))
    assert not app.exception
    assert number(app, name) == usual
    if page == "train":
        (said,) = [warning.value for warning in app.warning if "The address asks for" in warning.value]
        assert value[:40] in said


def number(app: AppTest, name: str) -> float | None:
    found = app.number_input(key=name).value
    assert isinstance(found, int | float)
    return found


def test_what_an_address_asks_for_is_told_as_text() -> None:
    """A link to this server must not bring a stranger's picture with it."""
    for page, name in (("train", "preset"), ("train", "algorithm"), ("data", "set"), ("runs", "run")):
        app = fuzz.opened(fuzz.Address(page, {name: "![x](http://evil.example/x)"}))
        assert not app.exception
        told = [element.value for kind in (app.warning, app.error, app.info, app.caption) for element in kind]
        assert not [text for text in told if "![x](" in text or "http://evil" in text]
    app = fuzz.opened(fuzz.Address("train", {"preset": "![x](http://evil.example/x)"}))
    assert "evil.example/x" in app.warning[0].value


def test_ids_and_drawings_that_look_like_numbers_stay() -> None:
    app = fuzz.opened(fuzz.Address("runs", {"run": "12e5678901"}))
    assert app.warning[0].value.startswith("This link leads to no run")
    assert no_number("12e5678901")
