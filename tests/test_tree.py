"""The tests mirror the tree of the sources: whoever changes a file finds its tests where the file lies."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
#: Folders that ask one question of many parts, and the question.
CROSSING = {
    "broken_plugins": "which check of the conformance suite catches them?",
    "browser": "does a real browser show the pages?",
    "docs": "is what the documentation shows true?",
    "numerics": "does a result depend on units, order, precision or how data are split?",
    "resume": "is a run that was killed the same to the last bit when it goes on?",
    "robustness": "does wrong input end in a reason?",
    "security": "can somebody else's files do harm?",
}


def _source_of(folder: Path) -> Path:
    """Return the folder of sources that a folder of tests belongs to."""
    first, *rest = folder.relative_to(TESTS).parts
    if first == "plugins" and rest:
        return ROOT.joinpath("plugins", rest[0], f"specframe_{rest[0]}", *rest[1:])
    return ROOT.joinpath(*([first] if first in ("benchmarks", "plugins") else ["specframe", first]), *rest)


def _test_files() -> list[Path]:
    files = [file for file in TESTS.rglob("test_*.py") if file.parent != TESTS]
    return sorted(file for file in files if file.relative_to(TESTS).parts[0] not in CROSSING)


def test_every_folder_of_tests_belongs_to_one_of_sources() -> None:
    folders = {file.parent for file in _test_files()}
    assert len(folders) > 30
    assert sorted(str(folder.relative_to(TESTS)) for folder in folders if not _source_of(folder).is_dir()) == []


def test_tests_of_a_module_lie_where_it_lies() -> None:
    wrong = []
    for file in _test_files():
        here = _source_of(file.parent)
        name = file.stem.removeprefix("test_")
        if (here / f"{name}.py").is_file() or (here / name).is_dir():
            continue
        first, second = file.relative_to(TESTS).parts[:2]
        top = ROOT / "plugins" / second / f"specframe_{second}" if first == "plugins" else _source_of(TESTS / first)
        wrong += [f"{file.relative_to(TESTS)}: {name}.py is in {found.parent.relative_to(ROOT)}"
                  for found in top.rglob(f"{name}.py")]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize(
    "folder", sorted(path for path in TESTS.iterdir() if path.is_dir()), ids=lambda path: path.name
)
def test_a_folder_mirrors_sources_or_says_what_it_asks(folder: Path) -> None:
    if folder.name.startswith((".", "__")):
        return
    assert folder.name in CROSSING or _source_of(folder).is_dir()
