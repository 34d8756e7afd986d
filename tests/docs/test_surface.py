"""What is public and what the pages say of it are the same, in both directions."""

from __future__ import annotations

import importlib.util
import inspect
import re
import shlex
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import specframe.errors
from specframe.api.component import Hooks
from specframe.errors import SpecframeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
REFERENCE = sorted((DOCS / "reference").glob("*.md"))
SURFACE = DOCS / "reference" / "api-surface.md"
#: Packages whose names stand on reference pages.
PACKAGES = ("specframe", "specframe.api", "specframe.errors", "specframe.testing", "specframe.evaluate")
PACKAGES += ("specframe.explore", "specframe.executors")
_MARKER = re.compile(r"<!-- specframe: help ([\w-]+) -->")


@cache
def surface() -> ModuleType:
    """The script that makes the list."""
    spec = importlib.util.spec_from_file_location("surface", DOCS / "surface.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def inline(text: str) -> list[str]:
    """Return the code within lines of a page, its blocks left out."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"(?ms)^ *```.*?^ *```$", "", text))


def test_the_list_of_the_public_surface_is_that_of_the_code() -> None:
    expected, got = surface().page().splitlines(), SURFACE.read_text().splitlines()
    gone = [line for line in got if line not in expected]
    new = [line for line in expected if line not in got]
    again = "python docs/surface.py > docs/reference/api-surface.md"
    assert not gone, f"public, and gone or changed: deprecate it (docs/reference/api-stability.md), or run {again}"
    assert not new, f"public, and not in the list: run {again}"
    assert got == expected


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_explained(package: str) -> None:
    pages = "\n".join(page.read_text() for page in REFERENCE if page != SURFACE)
    if f"::: {package}\n" in pages:  # the page has all of it
        return
    named = set(re.findall(rf"::: {re.escape(package)}\.(?:\w+\.)?(\w+)", pages))
    named |= {name for code in inline(pages) for name in re.findall(r"^(?:[\w.]+\.)?(\w+)(?:\([^`]*\))?$", code)}
    assert sorted(set(import_module(package).__all__) - named - {"__version__"}) == []


@pytest.mark.parametrize("page", REFERENCE, ids=lambda page: page.stem)
def test_everything_that_a_reference_page_shows_exists(page: Path) -> None:
    text = page.read_text()
    shown = re.findall(r"(?m)^::: ([\w.]+)", text)
    shown += [code for code in inline(text) if re.fullmatch(r"specframe(_\w+)?(\.\w+)+(\(\))?", code)]
    assert [name for name in shown if not exists(name.removesuffix("()"))] == []
    for members in re.findall(r"(?m)^      members: \[(.*)\]$", text):
        assert members.strip()


def exists(dotted: str) -> bool:
    """Return whether a dotted name is a module, or an attribute of one, or of a class."""
    if dotted.rpartition(".")[2] in ("yaml", "plugins", "schema"):  # files, and the group of entry points
        return True
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for name in parts[count:]:
            annotated = name in getattr(found, "__annotations__", {}) or name in getattr(found, "model_fields", {})
            if not hasattr(found, name) and not annotated:
                return False
            found = getattr(found, name, None)
        return True
    return False


def test_the_members_that_pages_choose_exist() -> None:
    wrong = []
    for page in REFERENCE:
        for name, members in re.findall(
            r"(?m)^::: ([\w.]+)\n    options:\n(?:      .*\n)*?      (?:inherited_)?members: \[(.*)\]", page.read_text()
        ):
            module, _, last = name.rpartition(".")
            owner = getattr(import_module(module), last)
            wrong += [f"{page.stem}: {name}.{m}" for m in members.split(", ") if not hasattr(owner, m)]
    assert wrong == []


def test_every_hook_and_its_arguments_are_listed() -> None:
    listed = SURFACE.read_text().partition("## Hooks")[2].partition("## Commands")[0]
    hooks = [name for name, value in vars(Hooks).items() if inspect.isfunction(value)]
    assert len(hooks) >= 4
    for name in hooks:
        arguments = [p for p in inspect.signature(getattr(Hooks, name)).parameters if p != "self"]
        (line,) = re.findall(rf"(?m)^{name}\((.*)\) ->", listed)
        assert [part.partition(":")[0].strip() for part in line.split(", ") if part] == arguments
    assert set(re.findall(r"(?m)^(\w+)\(", listed)) == set(hooks)
    assert "::: specframe.api.component.Hooks" in (DOCS / "reference" / "plugin-api.md").read_text()


def test_every_command_has_its_help_on_the_page_and_no_other() -> None:
    shown = set(_MARKER.findall((DOCS / "reference" / "commands.md").read_text()))
    groups = {typed for typed, command in surface().commands().items() if hasattr(command, "commands")}
    there = {"-".join(typed.split()[1:]) for typed in surface().commands() if typed not in groups} - {""}
    assert there - shown == set()
    assert shown - there - {"main", "plugins"} == set()


def options(typed: str) -> set[str]:
    """Return the options of a command."""
    command = surface().commands()[typed]
    found = {flag for p in command.params for flag in (*p.opts, *p.secondary_opts) if flag.startswith("-")}
    return found | {"-h", "--help"}


def written() -> Iterator[tuple[str, str]]:
    """Yield where a page writes a command of specframe's, and the command, continued lines joined."""
    for page in PAGES:
        text = page.read_text()
        where = str(page.relative_to(DOCS.parent))
        for block in re.findall(r"(?ms)^ *```(?:console|sh|bash)[^\n]*\n(.*?)^ *```$", text):
            for line in block.replace("\\\n", " ").splitlines():
                # what the command answered, in a console, is no command
                if line.strip().startswith("$ ") or "```sh" in text:
                    yield from ((where, part.strip()) for part in re.split(r"&&|\|", line.strip().removeprefix("$ ")))
        yield from ((where, " ".join(code.split())) for code in inline(text))


def test_every_command_and_option_that_a_page_writes_exists() -> None:
    wrong, seen = [], 0
    known = surface().commands()
    for where, line in written():
        if not line.startswith("specframe "):
            continue
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            words = line.split()
        typed = " ".join(words[: 3 if len(words) > 2 and words[1] == "plugins" else 2])
        if len(words) < 2 or words[1:] == ["plugins"] or not re.fullmatch(r"-*[a-z]+", words[1]):
            continue
        if words[1].startswith("-"):
            typed = "specframe"
        alternatives = (
            [f"specframe plugins {name}" for name in words[2].split("|")] if words[1] == "plugins" else [typed]
        )
        for command in alternatives:
            if command not in known:
                wrong.append(f"{where}: {line}: no command {command!r}")
                continue
            seen += 1
            flags = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
            wrong += [f"{where}: {line}: no option {flag}" for flag in sorted(flags - options(command))]
    assert wrong == []
    assert seen > 100  # the walk sees the pages


def test_every_option_that_the_page_of_commands_names_exists() -> None:
    everything = {flag for typed in surface().commands() for flag in options(typed)}
    named = {word for code in inline((DOCS / "reference" / "commands.md").read_text()) for word in code.split()}
    named = {word.partition("=")[0].rstrip(",") for word in named if word.startswith("--")}
    assert len(named) > 5
    assert named - everything == set()


def test_exit_statuses_are_those_of_the_code() -> None:
    table = re.findall(r"(?m)^\| (\d+) \|", (DOCS / "reference" / "commands.md").read_text())
    errors = {value.exit_status for value in vars(specframe.errors).values() if _is_error(value)}
    assert {int(status) for status in table} == errors | {0, 3, 130}


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, SpecframeError)


def test_the_keys_of_pipeline_files_are_explained_and_no_others() -> None:
    keys = {part for key in surface().pipeline_keys() for part in re.findall(r"\w+", key.replace("<name>", ""))}
    pages = [DOCS / "reference" / "pipeline-file.md", DOCS / "how-to" / "tune.md"]
    text = "\n".join(page.read_text() for page in pages)
    mentioned = {word for code in inline(text) for word in re.findall(r"\w+", code)}
    mentioned |= set(re.findall(r"(?m)^[ -]*(\w+):", text)) | set(re.findall(r"[{,] ?(\w+):", text))
    assert sorted(keys - mentioned) == []
    tables = re.findall(r"(?m)^\| key.*\n((?:\|.*\n)+)", (DOCS / "reference" / "pipeline-file.md").read_text())
    rows = re.findall(r"(?m)^\| (`.*?`) \|", "".join(tables))
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(explained) > 15
    assert sorted(explained - keys) == []
