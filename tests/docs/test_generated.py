"""What pages take from the code is complete."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import click
import pytest

from specframe.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
def generated(docs: Path) -> ModuleType:
    """The module that makes pages from the code."""
    return import_module("generated")


def test_what_a_page_needs_and_is_not_installed_is_said_once(generated: ModuleType) -> None:
    bundled = generated.bundled_components()
    assert generated.unwritten(bundled) == ""
    lacking = [replace(c, status="missing-extra", reason="needs torch (not installed)") for c in bundled[:2]]
    said = generated.unwritten([*lacking, *bundled[2:]])
    assert said.count("needs torch (not installed)") == 1
    assert 'pip install -c constraints.txt -e ".[test,docs]"' in said


def test_every_bundled_component_has_a_page_with_all_its_parameters(generated: ModuleType) -> None:
    bundled = generated.bundled_components()
    assert {c.component.name for c in bundled} >= {"ariel-detector", "transit-polynomial", "ridge", "conformal", "r2"}
    index = generated.components_index(bundled)
    for registered in bundled:
        page = generated.component_page(registered)
        listed = {row.split("`")[1] for row in page.splitlines() if row.startswith("| `")}
        assert {name for name in listed if "." not in name} == set(registered.component.params.model_fields)
        assert f"({generated.page_path(registered).rpartition('/')[2]})" in index


def test_every_pages_import_works(generated: ModuleType) -> None:
    for registered in generated.bundled_components():
        found = re.search(r"`from ([\w.]+) import (\w+)`", generated.component_page(registered))
        assert found, registered.qualified_name
        assert getattr(import_module(found[1]), found[2]) is registered.load()


def test_types_say_bounds_choices_and_units(generated: ModuleType) -> None:
    rows = {
        (kind, name): "\n".join(generated.parameter_table(Registry.discover().resolve(kind, name).component.params))
        for kind, name in [("calibrator", "ariel-detector"), ("detrender", "transit-polynomial")]
    }
    calibrator, detrender = rows.values()
    assert "| `bin_time` | quantity in s | `144.0` |" in calibrator
    assert "| `precision` | `float64` or `float32` | `float64` |" in calibrator
    assert "| `order` | whole number ≥ 0 and ≤ 10 | `3` |" in detrender
    assert "| `clip_sigma` | number ≥ 2 or null | `5.0` |" in detrender


def test_mappings_that_many_parameters_take_are_told_once(generated: ModuleType) -> None:
    rows = generated.parameter_table(Registry.discover().resolve("detrender", "transit-fit").component.params)
    assert sum(".normal`" in row for row in rows) == 1
    (duration,) = (row for row in rows if row.startswith("| `orbit.duration`"))
    assert "Takes the same as `orbit.period`." in duration


def test_every_command_is_on_the_page_of_commands(docs: Path, generated: ModuleType) -> None:
    from specframe.cli.main import _group

    page = (docs / "reference" / "commands.md").read_text()
    shown = generated.filled(page)
    context = click.Context(_group)
    for name in _group.list_commands(context):
        command = _group.get_command(context, name)
        inner = [f"{name}-{sub}" for sub in command.commands] if isinstance(command, click.Group) else [name]
        for path in inner:
            assert f"<!-- specframe: help {path} -->" in page
            assert f"$ specframe {path.replace('-', ' ')} --help\n" in shown


def test_a_marker_that_means_nothing_is_an_error(generated: ModuleType) -> None:
    for marker in ("<!-- specframe: help fly -->", "<!-- specframe: song run -->", "<!-- specframe: variables sky -->"):
        with pytest.raises(KeyError):
            generated.filled(marker)


def test_all_markers_of_all_pages_are_filled(pages: list[Path], generated: ModuleType) -> None:
    for page in pages:
        assert "<!-- specframe:" not in generated.filled(page.read_text()), page
