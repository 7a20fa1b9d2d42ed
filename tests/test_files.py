"""Atomic files: what `rbm.save` and the store write through. (tests/models/test_io.py fills the disk and races.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from rbm import files


def test_a_file_is_replaced(tmp_path: Path) -> None:
    files.write(tmp_path / "a", b"old")
    files.write(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_a_killed_process_left_goes_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".a.npz.1.2.partial").write_bytes(b"half")
    (tmp_path / "a.npz").write_bytes(b"whole")
    files.remove_abandoned(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(files, "ABANDONED", -1)
    files.remove_abandoned(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
