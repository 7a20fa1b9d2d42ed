"""Data flows one way: every module of rbm/ imports only from modules above it in this list."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = [  # a new module is one line here; a name may be listed before its file exists
    "blas",
    "archives",
    "collection",
    "idx",
    "synthetic",
    "downloads",
    "mnist",
    "datasets",
    "fetch",
    "uploads.limits",
    "uploads.shaping",
    "uploads.npz",
    "uploads.table",
    "uploads.pictures",
    "uploads.reading",
    "ink",
    "clamping",
    "model",
    "label",
    "postcard",
    "features",
    "gaussian",
    "units",
    "sampling",
    "corruption",
    "exact",
    "likelihood",
    "pseudo",
    "diagnostics",
    "health",
    "monitors",
    "config",
    "batches",
    "state",
    "gradient",
    "negative",
    "dreams",
    "mixing",
    "reels",
    "training",
    "estimator",
    "files",
    "io",
    "limits",
    "progress",
    "jobs",
    "queue",
    "records",
    "datafile",
    "library",
    "checkpoints",
    "presence",
    "database",
    "ledger",
    "runs",
    "keeper",
    "trainings",
    "bundle",
    "shelf",
    "service",
    "models",
    "models.make",
    "sources",
    "bar",
    "arguments",
    "cli",
    "__main__",
]


def imported(source: str, package: str) -> Iterator[str]:
    """The dotted name of every module or attribute that `source`, a module of `package`, imports anywhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: -(node.level - 1) or None] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def wrong_in_core(module: str, source: str) -> list[str]:
    """What a module of rbm/ outside rbm/app imports and may not."""
    above = ORDER[: ORDER.index(module)]
    return [
        name
        for name in imported(source, "rbm")
        if within(name, "streamlit")
        or (within(name, "rbm") and not any(within(name, f"rbm.{other}") for other in above))
        or within(name, "pages")
    ]


def wrong_in_page(source: str) -> list[str]:
    return [name for name in imported(source, "pages") if within(name, "pages")]


def files(pattern: str) -> list[Path]:
    return sorted(path for path in ROOT.glob(pattern) if path.name != "__init__.py")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


CORE = [path for path in files("rbm/**/*.py") if "app" not in path.relative_to(ROOT / "rbm").parts[:-1]]
PAGES = files("pages/*.py")


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_a_module_of_the_core_imports_only_from_those_above_it(path):
    module = ".".join(path.relative_to(ROOT / "rbm").with_suffix("").parts)
    assert module in ORDER, f"{relative(path)} has no place in ORDER, the list at the top of this file"
    assert wrong_in_core(module, path.read_text()) == []


def test_the_package_itself_knows_nothing_of_the_app():
    names = list(imported((ROOT / "rbm" / "__init__.py").read_text(), "rbm"))
    assert "rbm.model.RBM" in names
    assert not [name for name in names if within(name, "streamlit") or within(name, "rbm.app")]


@pytest.mark.parametrize("path", files("benchmarks/**/*.py") + files("rbm/app/figures.py"), ids=relative)
def test_benchmarks_and_figures_know_no_streamlit(path):
    names = [name for name in imported(path.read_text(), "rbm.app") if within(name, "streamlit")]
    assert not [name for name in names if not within(name, "streamlit.proto")]  # a benchmark may speak to the server


@pytest.mark.parametrize("path", files("benchmarks/**/*.py"), ids=relative)
def test_benchmarks_know_no_app(path):
    assert not [name for name in imported(path.read_text(), "benchmarks") if within(name, "rbm.app")]


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_pages_import_no_other_page(path):
    assert wrong_in_page(path.read_text()) == []
    pages = {page.stem for page in PAGES}  # Streamlit may put the folder itself on the path
    assert not pages & {name.split(".")[0] for name in imported(path.read_text(), "pages")}


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("exact", "from rbm.model import RBM", []),
        ("exact", "import numpy as np\nfrom rbm import model, datasets", []),
        ("exact", "from . import model", []),
        ("exact", "from rbm.modelling import x", ["rbm.modelling.x"]),
        ("exact", "from rbm.training import train", ["rbm.training.train"]),
        ("exact", "from rbm import training", ["rbm.training"]),
        ("exact", "from .training import train", ["rbm.training.train"]),
        ("exact", "from . import training", ["rbm.training"]),
        ("exact", "import rbm.training as t", ["rbm.training"]),
        ("exact", "import rbm", ["rbm"]),
        ("exact", "from rbm import RBM", ["rbm.RBM"]),
        ("exact", "from rbm.exact import log_partition", ["rbm.exact.log_partition"]),
        ("jobs", "def f():\n    if True:\n        import streamlit.runtime", ["streamlit.runtime"]),
        ("jobs", "from rbm.app.figures import grey", ["rbm.app.figures.grey"]),
        ("jobs", "from rbm.app import session", ["rbm.app.session"]),
        ("jobs", "from rbm.training import train\nimport streamlit_drawable", []),
    ],
)
def test_the_check_sees_what_it_should(module, source, wrong):
    assert wrong_in_core(module, source) == wrong


def test_the_check_of_pages_sees_what_it_should():
    assert wrong_in_page("from pages import train") == ["pages.train"]
    assert wrong_in_page("from . import train") == ["pages.train"]
    assert wrong_in_page("import streamlit as st\nfrom rbm.app import shell") == []


def test_importing_rbm_loads_neither_streamlit_nor_scikit_learn():
    heavy = ("streamlit", "sklearn", "scipy", "pandas", "matplotlib", "mlxtend", "plotly", "PIL")
    program = f"import sys, rbm; print([x for x in {heavy!r} if x in sys.modules], 'rbm.training' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"
