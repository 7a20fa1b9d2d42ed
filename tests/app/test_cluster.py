"""Pages of a lab that trains on a Dask cluster are as any lab's, and so are those of one whose cluster is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import rbm
from benchmarks.dask_processes import cluster
from rbm.app import server
from rbm.app.current_model import NamedModel
from rbm.runs import cluster as clusters
from rbm.runs import workplace
from tests.app.test_pages import ROOT, open_page, pressed, wait_for_the_end
from tests.patience import SECONDS
from tests.runs.test_sweep import eventually

pytest.importorskip("distributed", reason="needs Dask (requirements-dev.txt)")


def opened(address: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("RBM_HOME", str(home))
    monkeypatch.setenv("RBM_DASK", address)
    server.lab.clear()
    return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS).run()


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    server.lab().close()
    server.lab.clear()


def trained(app: AppTest) -> AppTest:
    open_page(app, "train")
    app.selectbox(key="data").select("digits-8x8").run()
    app.number_input(key="n_hidden").set_value(23)
    app.number_input(key="epochs").set_value(3).run()
    return wait_for_the_end(pressed(app, "Start"))


def test_start_pause_and_the_model_in_use_by_way_of_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(*_: object) -> None:
        raise AssertionError("it is to be trained on the cluster")

    with cluster(tmp_path / "dask", workers=1) as processes:
        app = opened(processes.address, tmp_path / "home", monkeypatch)
        eventually(lambda: server.lab().queue.workers == 1)
        monkeypatch.setattr(workplace, "Here", here)
        trained(app)
        assert not app.exception
        assert not app.sidebar.warning
        (run,) = server.lab().runs(app.session_state["owner_key"])
        assert run.status == "finished"
        data = server.library().load("digits-8x8")
        *_, report = rbm.train(data.train_images, run.config, validation=data.test_images)
        assert app.session_state["model_in_use"].fingerprint == NamedModel("", report.model, None).fingerprint
        assert processes.address not in str([text.value for text in [*app.markdown, *app.caption]])


def test_a_cluster_that_is_away_is_one_sentence_and_everything_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "CONNECT", 0.5)
    app = opened("tcp://127.0.0.1:9", tmp_path, monkeypatch)
    eventually(lambda: server.lab().notice is not None)
    trained(app)
    assert not app.exception
    (warning,) = app.sidebar.warning
    assert "trainings run on this server itself" in warning.value
    assert "127.0.0.1" not in warning.value, "where the cluster is, is nobody's business"
    assert server.lab().runs(app.session_state["owner_key"])[0].status == "finished"
