"""The operator's command beside a running server: all runs, an end to one of them, and room."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rbm.cli import main
from tests.runs.test_lab import CONFIG, LONG, finish, open_lab, replace, wait


def test_list_stop_and_free_beside_a_running_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab = open_lab(tmp_path, every=0.0)
    done, pinned = finish(lab, name="Old one"), finish(lab, "bob", replace(CONFIG, seed=3), name="Kept")
    lab.pin("bob", pinned)
    endless = lab.start("eve", "tiny", LONG, "Endless")
    while not lab.progress(endless).fraction:
        time.sleep(0.001)
    home = ["--home", str(tmp_path)]

    assert main(["admin", "list", *home]) == 0
    listed = capsys.readouterr().out
    assert all(run_id in listed for run_id in (done, pinned, endless))
    assert "pinned Kept" in listed
    assert "3 runs of 3 owners" in listed

    assert main(["admin", "stop", endless[:8], *home]) == 0
    wait(lab, endless)
    assert lab.run(endless).status == "stopped"
    with pytest.raises(SystemExit):
        main(["admin", "stop", endless, *home])
    assert "this run is stopped" in capsys.readouterr().err

    assert main(["admin", "free", "--days", "0", *home]) == 0
    assert "2 runs removed" in capsys.readouterr().out
    assert [run.id for run in lab.store.all(deleted=True)] == [pinned]
    lab.close()


@pytest.mark.parametrize(
    ("arguments", "why"), [(["stop"], "0 runs begin with ''"), (["stop", "zz"], "0 runs begin with 'zz'")]
)
def test_what_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    open_lab(tmp_path).close()
    with pytest.raises(SystemExit):
        main(["admin", *arguments, "--home", str(tmp_path)])
    assert why in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["admin", "list", "--home", str(tmp_path / "nowhere")])
    assert "holds no runs" in capsys.readouterr().err
