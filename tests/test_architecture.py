"""Data flows one way: every part of rbm/ imports only from those that MAY_IMPORT names, and nothing in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from rbm import errors

ROOT = Path(__file__).parents[1]
GROUND = ("errors", "files", "visitors")
CORE = ("models", "measures", "training", "datasets")
MAY_IMPORT = {  # what a folder or a module of rbm/ may import besides itself
    "errors": (),
    **dict.fromkeys(("files", "visitors"), ("errors",)),
    "models": ("errors", "files"),
    "measures": ("errors", "models"),
    "training": ("errors", "models", "measures"),
    "datasets": GROUND,
    "runs": (*GROUND, *CORE),
    "app": (*GROUND, *CORE, "runs", "pretrained"),
    "cli": (*GROUND, *CORE, "runs"),
    **dict.fromkeys(("scikit_learn", "scikit_learn_deep", "pretrained"), (*GROUND, *CORE)),
    **dict.fromkeys(("__main__", "datasets.__main__"), ("cli",)),  # what is started
}
NO_STREAMLIT = [  # of rbm/app/: what draws and computes
    "pictures.py", "charts.py", "components/sprite.py", "ink.py", "sample_page/hold.py",
    "sample_page/address.py",
]  # fmt: skip

# letters and numbers that may be anything
READ_FROM_BROWSERS = ("canvas.py", "drawable.py", "address.py", "addresses.py", "form.py")


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


def wrong(module: str, source: str) -> list[str]:
    """What a module of rbm/ ("models.io") imports and may not."""
    part = module if module in MAY_IMPORT else module.split(".")[0]
    allowed = (part, *MAY_IMPORT[part])
    return [
        name
        for name in imported(source, f"rbm.{module}".rpartition(".")[0])
        if (within(name, "streamlit") and part != "app")
        or (within(name, "rbm") and not any(within(name, f"rbm.{other}") for other in allowed))
        or within(name, "pages")
    ]


def wrong_in_page(source: str) -> list[str]:
    return [name for name in imported(source, "pages") if within(name, "pages")]


def files(pattern: str) -> list[Path]:
    return sorted(path for path in ROOT.glob(pattern) if path != ROOT / "rbm" / "__init__.py")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "rbm").with_suffix("").parts).removesuffix(".__init__")


MODULES = {dotted(path): path for path in files("rbm/**/*.py")}
PAGES = files("pages/*.py")
# one opens pages, as the tests of the app do
MEASURING = [path for path in files("benchmarks/**/*.py") if path.name != "addresses.py"]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_part_may(module):
    assert module.split(".")[0] in MAY_IMPORT, f"{module} has no place in MAY_IMPORT, at the top of this file"
    assert wrong(module, MODULES[module].read_text()) == []


def test_no_module_imports_itself_by_way_of_others():
    graph = {}
    for module, path in MODULES.items():
        if path.name == "__init__.py":
            continue  # it offers what is inside
        names = [name.removeprefix("rbm.") for name in imported(path.read_text(), "") if within(name, "rbm")]
        graph[module] = {next((m for m in (name, name.rpartition(".")[0]) if m in MODULES), name) for name in names}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, which names them


def test_the_package_itself_knows_nothing_of_the_app():
    names = list(imported((ROOT / "rbm" / "__init__.py").read_text(), "rbm"))
    assert "rbm.models.RBM" in names
    assert not [name for name in names if within(name, "streamlit") or within(name, "rbm.app")]


@pytest.mark.parametrize("path", MEASURING + [ROOT / "rbm" / "app" / name for name in NO_STREAMLIT], ids=relative)
def test_benchmarks_and_pictures_know_no_streamlit(path):
    names = [name for name in imported(path.read_text(), "rbm.app") if within(name, "streamlit")]
    assert not [name for name in names if not within(name, "streamlit.proto")]  # a benchmark may speak to the server


@pytest.mark.parametrize("path", MEASURING, ids=relative)
def test_benchmarks_know_of_the_app_only_what_draws(path):
    names = [name for name in imported(path.read_text(), "benchmarks") if within(name, "rbm.app")]
    drawing = [f"rbm.app.{name.removesuffix('.py').replace('/', '.')}" for name in NO_STREAMLIT]
    assert not [name for name in names if not any(within(name, module) for module in drawing)]


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_pages_import_no_other_page(path):
    assert wrong_in_page(path.read_text()) == []
    pages = {page.stem for page in PAGES}  # Streamlit may put the folder itself on the path
    assert not pages & {name.split(".")[0] for name in imported(path.read_text(), "pages")}


@pytest.mark.parametrize("path", [*files("rbm/app/**/*.py"), *PAGES], ids=relative)
def test_the_parts_of_a_page_are_for_that_page_alone(path):
    """`sample_page/` and `home_page.py` are what a page is made of; what two pages use stands beside them."""
    own = f"{path.stem}_page" if path.parent.name == "pages" else path.relative_to(ROOT / "rbm" / "app").parts[0]
    names = [name.split(".")[2] for name in imported(path.read_text(), "") if name.startswith("rbm.app.")]
    others = {name for name in names if name.endswith("_page") and name != own.removesuffix(".py")}
    assert others <= ({"home_page"} if path.name == "readme_gif.py" else set())


def caught(source: str) -> list[str]:
    """What each `except` of a module names; "everything" where it names nothing."""
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    return [ast.unparse(handler.type) if handler.type else "everything" for handler in handlers]


@pytest.mark.parametrize("path", [*PAGES, *files("rbm/app/**/*.py")], ids=relative)
def test_the_screen_catches_refusals_and_nothing_wider(path):
    """A wider net shows a mistake of the program as if it were the visitor's, and keeps it out of the log."""
    found = caught(path.read_text())
    if path.name in READ_FROM_BROWSERS and path not in PAGES:
        found = [names for names in found if names not in ("ValueError", "(ValueError, zlib.error)", "DAMAGED")]
    assert set(found) <= {kind for kind, value in vars(errors).items() if isinstance(value, type)}


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("measures.exact", "from rbm.models.binary import RBM", []),
        ("measures.exact", "import numpy as np\nfrom rbm.models import binary, io", []),
        ("measures.exact", "from . import likelihood", []),
        ("measures.exact", "from rbm import models", []),
        ("measures.exact", "from rbm.modelling import x", ["rbm.modelling.x"]),
        ("measures.exact", "from rbm.training import train", ["rbm.training.train"]),
        ("measures.exact", "from rbm import training", ["rbm.training"]),
        ("measures.exact", "import rbm.training as t", ["rbm.training"]),
        ("measures.exact", "from rbm.datasets import load", ["rbm.datasets.load"]),
        ("measures.exact", "import rbm", ["rbm"]),
        ("measures.exact", "from rbm import RBM", ["rbm.RBM"]),
        ("datasets.own", "from rbm.runs.limits import Limits", ["rbm.runs.limits.Limits"]),
        ("runs.job", "def f():\n    if True:\n        import streamlit.runtime", ["streamlit.runtime"]),
        ("runs.job", "from rbm.app.pictures import grey", ["rbm.app.pictures.grey"]),
        ("runs.job", "from rbm.training.trainer import train\nimport streamlit_drawable", []),
        ("datasets.__main__", "from rbm.cli import main", []),
        ("datasets.own", "from rbm.cli import main", ["rbm.cli.main"]),
        ("cli.train", "from rbm.app import frame", ["rbm.app.frame"]),
        ("app.frame", "import streamlit as st\nfrom pages import train", ["pages.train"]),
        ("files", "from rbm import errors", []),
        ("files", "from rbm import visitors", ["rbm.visitors"]),
        ("errors", "from rbm import files", ["rbm.files"]),
    ],
)
def test_the_check_sees_what_it_should(module, source, expected):
    assert wrong(module, source) == expected


def test_the_check_of_what_is_caught_sees_what_it_should():
    assert caught("try: f()\nexcept (Refused, ValueError): pass") == ["(Refused, ValueError)"]
    assert caught("try: f()\nexcept: pass") == ["everything"]


def test_the_check_of_pages_sees_what_it_should():
    assert wrong_in_page("from pages import train") == ["pages.train"]
    assert wrong_in_page("from . import train") == ["pages.train"]
    assert wrong_in_page("import streamlit as st\nfrom rbm.app import frame") == []


def test_importing_rbm_loads_neither_streamlit_nor_scikit_learn():
    heavy = ("streamlit", "sklearn", "scipy", "pandas", "matplotlib", "mlxtend", "plotly", "PIL", "requests")
    program = f"import sys, rbm; print([x for x in {heavy!r} if x in sys.modules], 'rbm.training' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"
