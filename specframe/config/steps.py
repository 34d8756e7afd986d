"""Reads ``steps``: each names one component, and their order is the recipe."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from specframe.config.links import read_links
from specframe.config.node import ListNode, MapNode, ScalarNode, describe
from specframe.config.problem import nearest
from specframe.config.recipe import PIPELINE_KEYS, STEP_OPTIONS, step_id
from specframe.config.section import is_null
from specframe.config.spec import STEP_KEYS, Step

if TYPE_CHECKING:
    from specframe.api.component import Kind
    from specframe.config.components import ComponentReader
    from specframe.config.node import Entry, Node
    from specframe.config.problem import Position, Problems

__all__ = ["Recipe", "read_steps"]

_ORDER = list(STEP_KEYS)
_ID = re.compile("[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class _Line:
    """One step as far as it could be read; ``step`` is missing when its component or parameters are wrong."""

    id: str
    key: str
    at: Position
    step: Step | None


@dataclass(frozen=True)
class Recipe:
    """The valid steps in their order, and whether there is, or may be, a model among them."""

    steps: list[Step]
    has_model: bool


def read_steps(entry: Entry | None, root: MapNode, reader: ComponentReader) -> Recipe:
    """Return the valid steps; everything wrong is added to the reader's problems."""
    problems = reader.problems
    if entry is None or is_null(entry.value):
        at = entry.at if entry else root.at
        problems.add(at, "a pipeline needs 'steps'", "a list that begins with '- load: ...'")
        return Recipe([], True)
    if not isinstance(entry.value, ListNode):
        problems.add(entry.value.at, f"steps must be a list, got {describe(entry.value)}", "begin every step with '- '")
        return Recipe([], True)
    lines: list[_Line] = []
    ids = [name for name in map(step_id, entry.value.items) if name]
    for node in entry.value.items:
        line = _read_step(node, lines, ids, reader)
        if line is not None:
            lines.append(line)
    # A step that could not be read may be the one that seems to be missing.
    complete = len(lines) == len(entry.value.items)
    _check_order(lines, complete, entry, problems)
    has_model = not complete or any(line.key == "model" for line in lines)
    return Recipe([line.step for line in lines if line.step], has_model)


def _read_step(node: Node, earlier: list[_Line], ids: list[str], reader: ComponentReader) -> _Line | None:
    problems = reader.problems
    if not isinstance(node, MapNode):
        if not (isinstance(node, ScalarNode) and node.spoilt):
            problems.add(node.at, f"a step is a mapping such as 'model: ridge', got {describe(node)}")
        return None
    keys = [key for key in node.entries if key in STEP_KEYS]
    name = _read_id(node, earlier, problems)
    if len(keys) != 1:
        misspelt = _unknown_keys(node, None, problems)
        if keys:
            second = node.entries[keys[1]]
            problems.add(
                second.at, f"a step has one component, but {keys[0]!r} and {keys[1]!r} are given", "make it two steps"
            )
        elif not misspelt:
            near = nearest(name, [other for other in ids if other != name]) if name else ""
            hint = near if near.startswith("did") else f"it needs one of {', '.join(_ORDER)}"
            at = node.entries["id"].value.at if name else node.at
            problems.add(at, "the step names no component", hint)
        return None
    key = keys[0]
    entry = node.entries[key]
    registered = reader.component(cast("Kind", STEP_KEYS[key]), entry.value)
    _unknown_keys(node, list(registered.component.params.model_fields) if registered else None, problems)
    links = read_links(node, key, [(line.id, line.key) for line in earlier], problems)
    step = None
    if registered is not None:
        stated = node.entries.get("with")
        params = reader.parameters(
            registered, stated.value if stated else None, stated.at if stated else entry.value.at
        )
        if params is not None:
            step = Step(component=registered, params=params, id=name or key, **vars(links))
    return _Line(name or key, key, entry.at, step)


def _read_id(node: MapNode, earlier: list[_Line], problems: Problems) -> str | None:
    entry = node.entries.get("id")
    if entry is None or (isinstance(entry.value, ScalarNode) and entry.value.spoilt):
        return None
    name = step_id(node)
    if name is None or not _ID.fullmatch(name):
        problems.add(
            entry.value.at, f"an id is a letter, then letters, digits, '_' or '-', got {describe(entry.value)}"
        )
        return None
    if name in PIPELINE_KEYS:
        problems.add(entry.value.at, f"the id {name!r} is also a key of the pipeline", "choose another")
    first = next((line for line in earlier if line.id == name), None)
    if first is not None:
        where = f"the step on line {first.at.line}" if first.at.line else "an earlier step"
        problems.add(entry.value.at, f"duplicate id {name!r}", f"{where} has it already")
    return name


def _unknown_keys(node: MapNode, parameters: list[str] | None, problems: Problems) -> bool:
    """Report keys that no step has; say whether one of them looks like the missing component."""
    misspelt = False
    for key, entry in node.entries.items():
        if key in STEP_KEYS or key in STEP_OPTIONS:
            continue
        if parameters and key in parameters:
            problems.add(entry.at, f"unknown key {key!r} in a step", "it is a parameter: put it under 'with:'")
            continue
        hint = nearest(key, [*_ORDER, *STEP_OPTIONS], "it has")
        misspelt = misspelt or any(f"{kind!r}" in hint for kind in _ORDER)
        problems.add(entry.at, f"unknown key {key!r} in a step", hint)
    return misspelt


def _check_order(lines: list[_Line], complete: bool, entry: Entry, problems: Problems) -> None:
    """Check that the steps follow the recipe, with one load at its beginning."""
    last = None
    for number, line in enumerate(lines):
        if line.key == "load" and any(other.key == "load" for other in lines[:number]):
            problems.add(line.at, "a second 'load'", "a pipeline loads once, in its first step")
        elif last is not None and _ORDER.index(line.key) < _ORDER.index(last.key):
            order = ", ".join(_ORDER)
            problems.add(
                line.at, f"{line.key!r} cannot come after {last.key!r} (step {last.id!r})", f"the order is {order}"
            )
        else:
            last = line
        if complete and line.key == "uncertainty" and not any(other.key == "model" for other in lines[:number]):
            problems.add(line.at, "'uncertainty' needs a model before it", "add a step '- model: ...'")
    if complete and not any(line.key == "load" for line in lines):
        problems.add(entry.at, "a pipeline begins with a 'load' step", "add '- load: ...' as the first step")
