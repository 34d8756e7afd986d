"""``--set step.param=value``: changes to a pipeline from the command line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.config.document import Source, compose
from specframe.config.node import Entry, ListNode, MapNode, ScalarNode, describe
from specframe.config.problem import Position, Problems, nearest
from specframe.config.recipe import PIPELINE_KEYS, step_id
from specframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.config.node import Node

__all__ = ["overridden", "put"]

#: Overrides sort behind every file.
_ORDER = 1000
_SETTABLE = tuple(key for key in PIPELINE_KEYS if key not in ("extends", "steps"))


def overridden(root: MapNode, overrides: Sequence[str], problems: Problems) -> MapNode:
    """Return the pipeline with overrides applied one after the other.

    Each is ``ID.PARAM=VALUE``, where ``ID`` is the id of a step and ``PARAM`` one of its parameters (dotted for what is
    nested in it), or ``KEY=VALUE`` with a top-level key, such as ``seed`` or ``evaluate.cross_validation.folds``. The
    value is read as YAML in one line: a scalar, ``[...]`` or ``{...}``. Relative paths in it are relative to the
    working directory.
    """
    for number, override in enumerate(overrides):
        at = Position(f"--set {override}", order=_ORDER + number, base=Path.cwd())
        root = _apply(root, override, at, problems)
    return root


def _apply(root: MapNode, override: str, at: Position, problems: Problems) -> MapNode:
    target, equals, text = override.partition("=")
    path = target.strip().split(".")
    if not equals or not all(path):
        problems.add(at, "expected step.param=value or key=value", "for example --set fit.alpha=0.1")
        return root
    value = _read_value(text, at, problems)
    if value is None:
        return root
    steps = root.get("steps")
    items = steps.items if isinstance(steps, ListNode) else ()
    ids = [name for name in map(step_id, items) if name]
    if path[0] in _SETTABLE:
        changed = put(root, path, value, at, problems)
        return changed if isinstance(changed, MapNode) else root
    if path[0] not in ids:
        if path[0] in ("extends", "steps"):
            message, hint = f"{path[0]!r} cannot be set", f"set a parameter by the id of its step: {', '.join(ids)}"
        else:
            message = f"there is no step or key {path[0]!r}"
            hint = nearest(path[0], [*ids, *_SETTABLE], "steps and keys")
        problems.add(at, message, hint)
        return root
    if len(path) == 1:
        problems.add(at, f"{path[0]!r} is a step", f"name a parameter of it: {path[0]}.PARAM=VALUE")
        return root
    index = [step_id(item) for item in items].index(path[0])
    step = put(items[index], ["with", *path[1:]], value, at, problems)
    changed_steps = ListNode((*items[:index], step, *items[index + 1 :]), root.entries["steps"].value.at)
    return root.with_entry(replace(root.entries["steps"], value=changed_steps))


def _read_value(text: str, at: Position, problems: Problems) -> Node | None:
    """Return the value, or nothing when it is not YAML in one line; then that was reported."""
    if re.search(r"(^|\s)#", text) and not re.match(r"\s*['\"]", text):
        problems.add(
            at, "a '#' begins a YAML comment", "put quotes around the value, for YAML too: --set 'key=\"a #1\"'"
        )
        return None
    own = Problems()
    try:
        # A document that begins with "--- " cannot hold a block mapping on the same line.
        value = compose("--- " + text, Source(at.where, at.order, at.base), own, at)
    except ConfigError:
        for problem in own.sorted():
            hint = "put quotes around text that contains ': '" if ": " in text else problem.message
            problems.add(at, "the value is not YAML in one line", hint)
        return None
    for problem in own.sorted():
        problems.add(at, problem.message, problem.hint)
    return value


def put(node: Node | None, path: Sequence[str], value: Node, at: Position, problems: Problems) -> Node:
    """Return ``node`` with ``value`` at ``path``; mappings on the way are made when they are missing."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if node is None or (isinstance(node, ScalarNode) and node.value is None):
        node = MapNode({}, at)
    if isinstance(node, MapNode):
        return node.with_entry(Entry(name, at, put(node.get(name), rest, value, at, problems)))
    if isinstance(node, ListNode):
        if name.isascii() and name.isdigit() and int(name) < len(node.items):
            items = list(node.items)
            items[int(name)] = put(items[int(name)], rest, value, at, problems)
            return ListNode(tuple(items), node.at)
        problems.add(at, f"{name!r} is not the number of an item", f"the list has items 0 to {len(node.items) - 1}")
    else:
        problems.add(at, f"{name!r} cannot be set within {describe(node)}", "set the whole value")
    return node
