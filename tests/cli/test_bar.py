"""The progress bar."""

import io
import re
import sys

from rbm.cli import main
from rbm.cli.bar import Bar
from tests.cli.common import FAST


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_is_drawn_over_itself_and_wiped(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Bar(8) as bar:
        bar.show(0, "start")
        bar.show(4, "half")
        bar.show(5, "half")  # the same words within a tenth of a second: not drawn
        bar.say("a line")
        bar.show(8, "end")
    drawn = sys.stderr.getvalue().split("\r")[1:]
    assert [re.sub(r", \d+ s left", "", line) for line in drawn] == [
        f"[{'.' * 24}]   0%  start\x1b[K",
        f"[{'#' * 12}{'.' * 12}]  50%  half\x1b[K",
        "\x1b[K",
        f"[{'#' * 24}] 100%  end\x1b[K",
        "\x1b[K",
    ]
    assert capsys.readouterr().out == "a line\n"


def test_the_bar_counts_the_whole_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr("rbm.cli.bar.PAUSE", -1.0)
    main(["train", *FAST, "--out", str(tmp_path / "model.npz")])
    assert re.findall(r"epoch (\d+)", sys.stderr.getvalue()) == ["1"] * 3 + ["2"] * 5, "never the third of two"
    shown = [int(percent) for percent in re.findall(r"(\d+)%", sys.stderr.getvalue())]
    assert shown == [12, 25, 38, 50, 62, 75, 88, 100]
