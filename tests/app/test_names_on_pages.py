"""Whatever a visitor calls a run, a model, images or their classes: no page hands it to Markdown as it is.

The browser's own word on it is tests/browser/test_names.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import rbm
from rbm.app import current_model, server
from rbm.app.text import plain
from tests.patience import SECONDS

ROOT = Path(__file__).parents[2]
PAGES = [
    "home",
    "learn",
    "train",
    "sample",
    "reconstructions",
    "filters",
    "activations",
    "features",
    "deep",
    "data",
    "runs",
]
EVIL = {
    "picture": "![x](http://evil.example/x.png)",
    "link": "[Log in again](http://evil.example)",
    "address": "http://evil.example/a_b www.evil.example",
    "formula": "$x^2$ and $$y$$",
    "icon": ":material/home: :streamlit: :smile:",
    "tag": "<img src=http://evil.example/y.png> <b>x</b>",
}
# fields that Streamlit shows as they are, and those that hold no words for a reader
PLAIN_FIELDS = {"options", "default", "raw_value", "value_string", "id", "url", "alt", "code_text", "data"}
PLAIN_FIELDS |= {"spec", "key", "json"}


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RBM_HOME", str(tmp_path / "home"))
    server.lab.clear()
    yield AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS).run()
    server.lab().close()
    server.lab.clear()


def texts(node: Any) -> Iterator[str]:
    """What every element below `node` gives to Markdown."""
    children = getattr(node, "children", None)
    for child in (children or {}).values():
        yield from texts(child)
    if getattr(node, "proto", None) is not None:
        yield from fields(node.proto)


def fields(message: Any) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.name in PLAIN_FIELDS:
            continue
        for one in value if field.is_repeated else [value]:
            if isinstance(one, str):
                yield one
            elif hasattr(one, "ListFields"):
                yield from fields(one)


def looked_at(app: AppTest, evil: str, page: str) -> int:
    """How often the name is on the page. Nowhere may it stand where Markdown is made of it."""
    assert not app.exception, page
    found = [text for text in texts(app._tree) if evil in text]
    assert not found, (page, found)
    return sum(plain(evil) in text for text in texts(app._tree))


def hostile_world(app: AppTest, evil: str) -> str:
    """A run, images, their classes and the model in use, all called `evil`; the run's id."""
    owner = app.session_state["owner_key"]
    images = np.random.default_rng(1).integers(0, 256, (40, 16), dtype=np.uint8)
    labels = np.arange(40) % 2
    data = rbm.datasets.Dataset(
        "x", images[:30], labels[:30], images[30:], labels[30:], (4, 4), evil, (evil, evil + "2")
    )
    card, _ = server.library().keep(owner, data, evil)
    run = server.lab().start(owner, card.name, rbm.TrainConfig(n_hidden=3, epochs=1), evil)
    job = server.lab().job(run)
    assert job is None or job.join(SECONDS)
    app.session_state["set"] = app.session_state["data"] = card.name
    app.session_state["run_id"] = run  # its model comes into use
    app.session_state["ticked_runs"] = [run]
    return run


@pytest.mark.parametrize("kind", EVIL)
def test_no_page_makes_anything_of_a_name(app: AppTest, kind: str) -> None:
    evil = EVIL[kind]
    run = hostile_world(app, evil)
    found = {page: looked_at(app.switch_page(f"pages/{page}.py").run(), evil, page) for page in PAGES}
    assert all(found.values()), found  # the sidebar at least names the model in use
    assert found["reconstructions"] > 1
    app.session_state["ticked_runs"] = []
    app.query_params["run"] = run
    assert looked_at(app.switch_page("pages/runs.py").run(), evil, "a link to the run") > 1


@pytest.mark.parametrize("page", PAGES)
def test_a_model_that_no_images_fit_is_named_as_it_is(app: AppTest, page: str) -> None:
    evil = EVIL["picture"]
    model = rbm.RBM(np.zeros((77, 5)), np.zeros(77), np.zeros(5))
    app.session_state["model_in_use"] = current_model.NamedModel(evil, model, evil)
    assert looked_at(app.switch_page(f"pages/{page}.py").run(), evil, page)


def test_the_shipped_weights_with_a_note_of_ones_own_open_home(app: AppTest) -> None:
    shipped = current_model.default_model()
    app.session_state["model_in_use"] = replace(shipped, name=EVIL["link"], info={"data": EVIL["picture"]})
    assert looked_at(app.switch_page("pages/home.py").run(), EVIL["link"], "home")
    app.session_state["model_in_use"] = replace(shipped, name=EVIL["link"], info={})
    assert looked_at(app.switch_page("pages/home.py").run(), EVIL["link"], "home")
