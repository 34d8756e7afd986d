"""What the keys of a pipeline and of its steps are, before anything in it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.config.node import Entry, ListNode, MapNode, ScalarNode
from specframe.config.spec import STEP_KEYS

if TYPE_CHECKING:
    from specframe.config.node import Node

__all__ = ["LINK_OPTIONS", "PIPELINE_KEYS", "STEP_OPTIONS", "name_steps", "stage", "step_id"]

#: Top-level keys, in the order in which they are written.
PIPELINE_KEYS = (
    "specframe", "description", "extends", "vars", "seed", "plugins", "steps", "evaluate", "tune", "predict",
    "export",
)  # fmt: skip

#: Keys of a step beside the one that says its kind.
STEP_OPTIONS = ("id", "with", "from", "learns", "weights", "noisy_copies")

#: Those that only a model has: what it builds on, and learns from.
LINK_OPTIONS = STEP_OPTIONS[2:]


def stage(step: Node) -> str | None:
    """Return the first kind key of a step (``load``, ``model``, ...); ``None`` when it has none."""
    if not isinstance(step, MapNode):
        return None
    return next((key for key in step.entries if key in STEP_KEYS), None)


def step_id(step: Node) -> str | None:
    """Return the id of a step, when it is a text."""
    node = step.get("id") if isinstance(step, MapNode) else None
    return node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else None


def name_steps(root: MapNode) -> MapNode:
    """Give every step of a file that has no id one: its component's name, ``ridge-2`` for the second ``ridge``."""
    steps = root.get("steps")
    if not isinstance(steps, ListNode):
        return root
    # Ids share one name space with the top-level keys in ``--set``.
    taken = set(PIPELINE_KEYS) | {name for name in map(step_id, steps.items) if name}
    named = [_named(step, taken) for step in steps.items]
    return root.with_entry(Entry("steps", root.entries["steps"].at, ListNode(tuple(named), steps.at)))


def _named(step: Node, taken: set[str]) -> Node:
    key = stage(step)
    if not isinstance(step, MapNode) or key is None or "id" in step.entries:
        return step
    component = step.get(key)
    text = component.value if isinstance(component, ScalarNode) and isinstance(component.value, str) else key
    name = text.rpartition("/")[2]
    if "${" in text or not name:
        name = key
    elif not name[0].isalpha():
        name = f"{key}-{name}"
    unique, count = name, 1
    while unique in taken:
        count += 1
        unique = f"{name}-{count}"
    taken.add(unique)
    at = component.at if component else step.at
    entry = Entry("id", step.entries[key].at, ScalarNode(unique, at, text=unique, quoted=True))
    return MapNode({"id": entry, **step.entries}, step.at)
