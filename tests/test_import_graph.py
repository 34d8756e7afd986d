"""No module, room or part imports what imports it, and the picture in the documentation shows what is there."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]


@cache
def _graph() -> ModuleType:
    """The script that draws the picture; it reads the imports."""
    path = ROOT / "docs" / "figures" / "import_graph.py"
    spec = importlib.util.spec_from_file_location("import_graph", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["import_graph"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _sources() -> tuple[dict[str, Path], list[Any]]:
    modules = _graph().sources()
    return modules, _graph().imports(modules)


def test_the_walk_tells_when_a_module_is_imported(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.py").write_text("")
    (tmp_path / "a.py").write_text(
        "from typing import TYPE_CHECKING\nimport b\nif TYPE_CHECKING:\n    from c import x\ndef f():\n    import d\n"
    )
    modules = {name: tmp_path / f"{name}.py" for name in ("a", "b", "c", "d")}
    found = {entry.imported: entry.when for entry in _graph().imports(modules)}
    assert found == {"b": "import", "c": "types", "d": "call"}


def test_circles_are_found() -> None:
    assert _graph().circles([("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]) == [["b", "c"]]
    assert _graph().rows([("a", "b"), ("b", "c"), ("a", "c")]) == [["c"], ["b"], ["a"]]


def test_no_module_imports_itself_by_others_when_it_is_imported() -> None:
    modules, found = _sources()
    assert len(modules) > 600
    assert _graph().circles((entry.importer, entry.imported) for entry in found if entry.when == "import") == []


def test_parts_stand_on_each_other_in_one_direction() -> None:
    edges = _graph().between_parts(_sources()[1])
    assert _graph().OFFERED in edges  # the one exception is still one
    assert _graph().circles(edge for edge in edges if edge != _graph().OFFERED) == []


@pytest.mark.parametrize("package", ["specframe", "specframe_retrieval", "specframe_transit"])
def test_rooms_beside_each_other_stand_on_each_other_in_one_direction(package: str) -> None:
    modules, found = _sources()
    pairs = {
        (_graph().room(entry.importer, modules), _graph().room(entry.imported, modules))
        for entry in found
        if entry.when != "types" and entry.importer.split(".")[0] == entry.imported.split(".")[0] == package
    }
    offered = {("specframe.pipeline", "specframe.tuning")}
    # what lies in a package itself is used by its rooms, and uses them
    beside = [(a, b) for a, b in pairs - offered if a != b and not a.startswith(f"{b}.") and not b.startswith(f"{a}.")]
    assert beside
    assert _graph().circles(beside) == []


def test_the_picture_shows_what_is_there() -> None:
    drawn = _graph().IMAGE.read_text(encoding="utf-8")
    now = _graph().described(_graph().between_parts(_sources()[1]))
    assert now in drawn, "run 'python docs/figures/import_graph.py' again"
