"""The direction of dependencies and what no source may do, held on the sources' syntax trees.

``errors <- api <- registry <- config <- pipeline <- tuning, provenance <- cli``; progress and executors stand below
pipeline and know nothing of it; evaluate, report and testing stand on
api; plugins import only ``specframe.api`` and ``specframe.errors``; the core imports no plugin.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
CORE = ROOT / "specframe"
#: The bundled ones; ``plugins/template`` is a distribution of its own, see tests/scaffold.
PLUGINS = sorted(
    path for path in (ROOT / "plugins").glob("*/specframe_*") if path.is_dir() and path.parent.name != "template"
)

#: What each part of the core may import of specframe, besides itself.
ALLOWED = {
    "errors": set(),
    "progress": {"errors"},
    "executors": {"errors", "api", "progress"},
    "api": {"errors"},
    "registry": {"errors", "api"},
    "evaluate": {"errors", "api"},
    "report": {"errors", "api", "evaluate"},
    "explore": {"errors", "api", "registry", "config", "pipeline", "evaluate", "report", "progress", "executors"},
    "testing": {"errors", "api"},
    "diagnosis": {"errors"},
    "config": {"errors", "api", "registry"},
    "pipeline": {"errors", "api", "registry", "config", "evaluate", "report", "progress", "executors"},
    "tuning": {"errors", "api", "registry", "config", "pipeline", "evaluate", "report", "progress", "executors"},
    "provenance": {"errors", "api", "config", "pipeline", "executors"},
    "scaffold": {"errors", "api", "registry"},
    "cli": {"tuning", "provenance", "scaffold", "errors", "api", "registry", "config", "pipeline"}
    | {"evaluate", "report", "explore", "testing", "diagnosis", "executors", "progress"},
}
#: What people hold in Python, :class:`specframe.Pipeline`, offers what stands above it; it imports that when asked to.
OFFERED = {CORE / "pipeline" / "pipeline.py": "specframe.tuning."}
#: Modules that read or write pickles, and attributes of other modules that do.
PICKLING = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
UNSAFE_CALLS = {
    "eval": "runs text as code",
    "exec": "runs text as code",
    "torch.load": "reads pickles; use safetensors",
    "torch.save": "writes pickles; use safetensors",
    "yaml.load": "makes any object; use a safe loader",
    "yaml.full_load": "makes objects; use a safe loader",
    "yaml.unsafe_load": "makes any object; use a safe loader",
    "pandas.read_pickle": "reads pickles",
    "pd.read_pickle": "reads pickles",
    "torch.hub.load": "runs code of the network",
    "torch.jit.load": "runs code of the file",
    "yaml.load_all": "makes any object; use a safe loader",
    "yaml.full_load_all": "makes objects; use a safe loader",
    "yaml.unsafe_load_all": "makes any object; use a safe loader",
    "shutil.unpack_archive": "writes wherever names in the archive say",
    "os.popen": "use subprocess with a list",
    "os.system": "use subprocess with a list",
    "numpy.random.seed": "global random state; use default_rng(seed)",
    "np.random.seed": "global random state; use default_rng(seed)",
    "random.seed": "global random state; use default_rng(seed)",
}
#: Methods that no object of ours has: of archives, which write wherever names in them say, and of pickling.
UNSAFE_METHODS = {
    "extract": "writes wherever a name in the archive says; read the member",
    "extractall": "writes wherever names in the archive say; read the members",
    "to_pickle": "writes pickles",
    "read_pickle": "reads pickles",
}
#: What reads arrays, and reads pickles unless it is told not to: each version of numpy has thought otherwise.
NO_PICKLE = {"np.load", "numpy.load", "np.lib.format.read_array"}
#: Modules that only talk to the network; what is shown and computed needs none.
NETWORK = {"urllib.request", "http", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib"}
#: The conformance suite seeds the global states to see whether a component uses them, and puts them back.
MAY_SEED = CORE / "testing" / "process.py"


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and full name of every import, also inside functions and for type checkers only."""
    package = module_name(path, root).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            yield node.lineno, module
            if module == "specframe":  # from specframe import api
                yield from ((node.lineno, f"specframe.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in ("import_module", "importlib.import_module"):
            yield from ((node.lineno, str(text.value)) for text in node.args if isinstance(text, ast.Constant))


def called(node: ast.Call) -> str:
    """Return the dotted name of what is called, as it is written."""
    names = []
    function: ast.expr = node.func
    while isinstance(function, ast.Attribute):
        names.append(function.attr)
        function = function.value
    return ".".join([function.id, *reversed(names)]) if isinstance(function, ast.Name) else ""


def part_of(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def test_the_walk_sees_the_sources() -> None:
    assert len(sources(CORE)) > 60
    assert {path.parent.name for path in PLUGINS} >= {"ariel", "io", "linear", "uncertainty"}
    assert {part_of(path) for path in sources(CORE)} == {*ALLOWED, "__init__"} | (
        {"__main__"} if (CORE / "__main__.py").exists() else set()
    )


def test_the_walk_finds_imports_wherever_they_stand(tmp_path: Path) -> None:
    source = tmp_path / "specframe" / "api" / "hidden.py"
    source.parent.mkdir(parents=True)
    source.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from specframe.cli.main import main\n"
        "def f():\n    from . import base\n    from ..pipeline import run\n    import specframe_linear.ridge as r\n"
        "    import_module('specframe.registry')\n    from specframe import report\n"
    )
    assert [name for _, name in sorted(imports(source, tmp_path))] == [
        "typing",
        "specframe.cli.main",
        "specframe.api",
        "specframe.pipeline",
        "specframe_linear.ridge",
        "specframe.registry",
        "specframe",
        "specframe.report",
    ]


@pytest.mark.parametrize("part", ALLOWED)
def test_the_core_depends_in_one_direction(part: str) -> None:
    allowed = {part, "__version__"} | ALLOWED[part]
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources(CORE)
        if part_of(path) == part
        for line, name in imports(path, ROOT)
        if name.startswith("specframe.") and name.split(".")[1] not in allowed
        if not (path in OFFERED and name.startswith(OFFERED[path]))
    ]
    assert wrong == []


def test_the_core_imports_no_plugin() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources(CORE)
        for line, name in imports(path, ROOT)
        if name.startswith("specframe_")
    ]
    assert wrong == []


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_imports_only_the_api_and_itself(plugin: Path) -> None:
    allowed = ("specframe.api", "specframe.errors", plugin.name)
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources(plugin)
        for line, name in imports(path, plugin.parent)
        if name.split(".")[0].startswith("specframe") and name != "specframe"
        if not any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)
        # the functions that make problems for the conformance suite return the suite's own type
        if not (path.name == "examples.py" and name in {"specframe.testing", "specframe.testing.RegressionProblem"})
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", [CORE, *PLUGINS, ROOT / "benchmarks", ROOT / "docs"], ids=lambda path: path.name)
def test_no_source_pickles_or_runs_text(folder: Path) -> None:
    wrong = []
    for path in sources(folder):
        wrong += [
            f"{path.relative_to(ROOT)}:{line} imports {name}"
            for line, name in imports(path, folder.parent)
            if name.split(".")[0] in PICKLING or any(f"{name}.".startswith(f"{known}.") for known in NETWORK)
        ]
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            name = called(node)
            if name in UNSAFE_CALLS and not (path == MAY_SEED and name.endswith("seed")):
                wrong.append(f"{where} calls {name}: {UNSAFE_CALLS[name]}")
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if method in UNSAFE_METHODS:
                wrong.append(f"{where} calls .{method}: {UNSAFE_METHODS[method]}")
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            if name in NO_PICKLE and "allow_pickle" not in given:
                wrong.append(f"{where} calls {name} without allow_pickle=False")
            allowed = given.get("allow_pickle", ast.Constant(False))
            if not (isinstance(allowed, ast.Constant) and allowed.value is False):
                wrong.append(f"{where} passes allow_pickle")
            if isinstance(shell := given.get("shell"), ast.Constant) and shell.value:
                wrong.append(f"{where} runs a shell")
    assert wrong == []


def test_the_scan_sees_what_it_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    for line in (
        *("import pickle", "from joblib import load", "import urllib.request", "np.load(path)", "eval(text)"),
        *("np.load(path, allow_pickle=True)", "archive.extractall(folder)", "torch.load(path)", "run(c, shell=True)"),
    ):
        (tmp_path / "package").mkdir(exist_ok=True)
        (tmp_path / "package" / "source.py").write_text(f"{line}\n")
        with pytest.raises(AssertionError, match=r"source\.py:1"):
            test_no_source_pickles_or_runs_text(tmp_path / "package")


def _package_inits() -> list[Path]:
    return [path for folder in (CORE, *PLUGINS) for path in sources(folder) if path.name == "__init__.py"]


@pytest.mark.parametrize("path", _package_inits(), ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_public_names_are_sorted_and_importable(path: Path) -> None:
    root = ROOT if path.is_relative_to(CORE) else next(p.parent for p in PLUGINS if path.is_relative_to(p))
    module = importlib.import_module(module_name(path, root))
    names = getattr(module, "__all__", [])
    # as ruff sorts them: constants, then classes, then the rest
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    for name in names:
        assert getattr(module, name) is not None, name


def test_a_packages_init_only_hands_on_names() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} defines {node.name}"
        for path in _package_inits()
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name not in ("__getattr__", "__dir__")
    ]
    assert wrong == []


def test_no_file_is_called_after_nothing_in_particular() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "misc", "common_utils"}
    assert [str(p.relative_to(ROOT)) for folder in (CORE, *PLUGINS) for p in sources(folder) if p.stem in vague] == []
