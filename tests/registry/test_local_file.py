"""``--plugin FILE``: a local Python file is a plugin like any other."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from specframe.registry import PluginRecord, Registry, import_file

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = """
    from __future__ import annotations
    from specframe.api import Component, Field, Params, hookimpl, Score

    class ShareParams(Params):
        limit: float = Field(1.0, gt=0, description="Largest error that counts as right.")

    class Share(Score):
        '''Share of the values that are right within a limit.'''
        name = "share"
        Params = ShareParams
        def score(self, prediction, truth):
            return {value}

    @hookimpl
    def specframe_components():
        yield Component(kind="score", name="share", target="{stem}:Share", params=ShareParams)
"""


def write(path: Path, value: str = "1.0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(SOURCE).format(stem=path.stem, value=value))
    return path


def record(registry: Registry, name: str) -> PluginRecord:
    (found,) = [p for p in registry.plugins if p.name == name]
    return found


@pytest.mark.parametrize("stem", ["mine", "my-own plugin", "numpy", "2nd"])
def test_a_file_is_a_plugin_named_by_its_stem(tmp_path: Path, stem: str) -> None:
    path = write(tmp_path / f"{stem}.py")
    registry = Registry.discover(files=[path])
    found = record(registry, stem)
    assert (found.status, found.distribution) == ("ok", str(path))
    loaded: Any = registry.resolve("score", f"{stem}/share").load()
    assert loaded(limit=2.0).params.limit == 2.0
    assert registry.resolve("score", "share").load() is loaded


def test_its_version_follows_its_text(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.py")
    first = record(Registry.discover(files=[path]), "mine")
    assert record(Registry.discover(files=[path]), "mine").version == first.version
    write(path, "2.0 + 0")
    registry = Registry.discover(files=[path])
    assert record(registry, "mine").version != first.version
    loaded: Any = registry.resolve("score", "share").load()
    assert loaded().score(None, None) == 2.0


def test_two_files_of_one_stem_clash(tmp_path: Path) -> None:
    paths = [write(tmp_path / folder / "mine.py") for folder in ("a", "b")]
    found = [p for p in Registry.discover(files=paths).plugins if p.name == "mine"]
    assert [p.status for p in found] == ["clash", "clash"]
    assert all(str(path) in found[0].reason for path in paths)


def test_the_same_file_given_twice_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "mine.py")
    monkeypatch.chdir(tmp_path)
    assert record(Registry.discover(files=[path, "mine.py", Path("./mine.py")]), "mine").status == "ok"


def test_a_file_may_not_take_an_installed_plugins_name(
    tmp_path: Path, install: Callable[..., Path], offering: Callable[..., dict[str, str]]
) -> None:
    install("stars", {"mine": "fake_stars"}, offering("fake_stars"))
    found = [p for p in Registry.discover(files=[write(tmp_path / "mine.py")]).plugins if p.name == "mine"]
    assert [p.status for p in found] == ["clash", "clash"]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("absent.py", None, "No such file"),
        ("notes.txt", "hello", "a plugin file is a Python file"),
        ("bad.py", "\n\n1 / 0\n", "ZeroDivisionError: division by zero at"),
        ("quits.py", "raise SystemExit(4)", "SystemExit: 4"),
        ("wrong.py", "def f(:", "SyntaxError"),
        ("empty.py", "", "implements no hook"),
    ],
)
def test_problems_of_a_file_are_recorded(tmp_path: Path, name: str, text: str | None, reason: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    found = record(Registry.discover(files=[path]), path.stem)
    assert found.status == "broken"
    assert reason in found.reason
    if "at" in reason.split():
        assert f"{path}:3" in found.reason


def test_a_folder_is_no_plugin_file(tmp_path: Path) -> None:
    assert record(Registry.discover(files=[tmp_path]), tmp_path.stem).status == "broken"


def test_a_file_can_be_blocked(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.py")
    assert record(Registry.discover(block=["mine"], files=[path]), "mine").status == "blocked"


def test_its_components_reach_a_fresh_process_that_imports_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.py")
    component = Registry.discover(files=[path]).resolve("score", "share").load()(limit=3.0)
    code = (
        "import pickle, sys; from specframe.registry import import_file; import_file(sys.argv[1]);"
        "print(pickle.loads(bytes.fromhex(sys.argv[2])).params.limit)"
    )
    arguments = [sys.executable, "-c", code, str(path), pickle.dumps(component).hex()]
    assert subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.strip() == "3.0"


def test_an_edit_within_a_second_that_keeps_the_length_is_not_missed(tmp_path: Path) -> None:
    """As bytecode that is kept would do: it is known by the second of the text and its length."""
    file = tmp_path / "quick.py"
    for value in (1, 2, 3):
        file.write_text(f"value = {value}\n")
        os.utime(file, (1_700_000_000, 1_700_000_000))
        assert import_file(file).value == value
