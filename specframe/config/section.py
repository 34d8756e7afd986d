"""Reads the known keys of a mapping, and reports the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.config.node import ListNode, MapNode, ScalarNode, describe
from specframe.config.problem import nearest
from specframe.config.scalar import scalar_advice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.config.node import Node
    from specframe.config.problem import Position, Problems

__all__ = ["Section"]


class Section:
    """A mapping with known keys.

    Parameters
    ----------
    node
        The mapping; ``None`` or null: an empty one.
    name
        How it is named in messages: ``evaluate``.
    known
        The keys it may have.
    at
        Where it would stand, for what is missing.
    problems
        Takes what is wrong.
    """

    def __init__(self, node: Node | None, name: str, known: Sequence[str], at: Position, problems: Problems) -> None:
        self.name = name
        self.at = at
        self.problems = problems
        if isinstance(node, MapNode):
            self.node = node
        else:
            self.node = MapNode({}, at)
            if node is not None and not is_null(node):
                problems.add(node.at, f"{name} must be a mapping with {', '.join(known)}, got {describe(node)}")
        #: Whether it has keys that it may not have.
        self.misspelt = False
        for key, entry in self.node.entries.items():
            if key not in known:
                self.misspelt = True
                problems.add(entry.at, f"unknown key {key!r} in {name}", nearest(key, known, "it has"))

    def get(self, key: str) -> Node | None:
        """Return a value; ``None`` when it is absent, null, or spoilt by a problem that was reported."""
        node = self.node.get(key)
        return None if node is None or is_null(node) else node

    def text(self, key: str, default: str) -> str:
        """Return a text."""
        node = self.get(key)
        if node is None:
            return default
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            return node.value
        self._expected(key, node, "text")
        return default

    def integer(self, key: str, default: int, minimum: int) -> int:
        """Return a whole number, at least ``minimum``."""
        node = self.get(key)
        if node is None:
            return default
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, int) and not isinstance(value, bool) and value >= minimum:
            return value
        self._expected(key, node, f"a whole number of at least {minimum}")
        return default

    def fraction(self, key: str, default: float) -> float:
        """Return a number between 0 and 1."""
        node = self.get(key)
        if node is None:
            return default
        value = node.value if isinstance(node, ScalarNode) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1:
            return float(value)
        self._expected(key, node, "a number between 0 and 1")
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        values = []
        for node in self.items(key):
            if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value:
                values.append(node.value)
            elif not is_null(node) or not isinstance(node, ScalarNode) or not node.spoilt:
                self._expected(f"{key}: an item", node, "text")
        return tuple(values)

    def items(self, key: str) -> tuple[Node, ...]:
        """Return the items of a list."""
        node = self.get(key)
        if node is None:
            return ()
        if isinstance(node, ListNode):
            return node.items
        self._expected(key, node, "a list")
        return ()

    def _expected(self, key: str, node: Node, expected: str) -> None:
        where = key if self.name == "the pipeline" else f"{self.name}: {key}"
        hint = ""
        if isinstance(node, ScalarNode) and "number" in expected:
            hint = scalar_advice(node.text, node.quoted, number=True, truth=False)
        if expected == "a list" and isinstance(node, ScalarNode):
            hint = f"write [{node.text}]"
        self.problems.add(node.at, f"{where} must be {expected}, got {describe(node)}", hint)


def is_null(node: Node) -> bool:
    """Whether a node states nothing, or what it states was reported already."""
    return isinstance(node, ScalarNode) and (node.value is None or node.spoilt)
