"""--help: every option, in the words of its setting."""

import re
from dataclasses import dataclass, fields

import pytest

import rbm
from rbm import cli
from rbm.cli import main, train
from rbm.training.settings import setting


@pytest.mark.parametrize("task", ["train", "sweep", "evaluate", "sample", "fetch"])
def test_help_says_what_every_option_does_and_its_default(task, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    with pytest.raises(SystemExit) as stop:
        main([task, "--help"])
    assert stop.value.code == 0
    entries = re.split(r"\n  (?=-)", capsys.readouterr().out.split("options:")[1])
    lines = [" ".join(entry.split()) for entry in entries if entry.strip() and "--help" not in entry]
    assert len(lines) >= (1 if task == "fetch" else 3)
    assert not any("*" in line or "`" in line for line in lines), "no Markdown on a terminal"
    assert all(re.search(r"\((default: \S+|required)\)$", line) for line in lines), lines
    if task == "train":
        for field in fields(rbm.TrainConfig):
            (line,) = [x for x in lines if x.split()[0].rstrip(",") == f"--{field.name.replace('_', '-')}"]
            shown = {"None": "none", "False": "off"}.get(str(field.default), str(field.default))
            assert line.endswith(f"(default: {shown})")


def test_a_new_field_appears_by_itself(monkeypatch, capsys):
    @dataclass(frozen=True)
    class Config:
        first: int = setting(1, "First", "Numbers of 100 %.", low=0, high=9)
        second: float = setting(2.0, "Second", "More numbers.", low=0, high=9)
        third: int | None = setting(None, "Third", "Or none.", low=0, high=9)
        fourth: str = setting("red", "Fourth", "What colour.", choices={"red": "as blood", "blue": "as the sea"})
        fifth: bool = setting(False, "Fifth", "Whether.")

    monkeypatch.setattr(train, "TrainConfig", Config)
    given = ["train", "--data", "d", "--out", "o", "--third", "3", "--second", "5", "--fourth", "blue", "--fifth"]
    options = cli.parse(given)
    assert train.given(options) == {"second": 5.0, "third": 3, "fourth": "blue", "fifth": True}
    assert Config(**train.given(options)) == Config(1, 5.0, 3, "blue", True)
    with pytest.raises(SystemExit):
        cli.parse(["train", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "Numbers of 100 %. (default: 1)" in printed
    assert "Or none. (default: none)" in printed
    assert "What colour. red: as blood; blue: as the sea. (default: red)" in printed
