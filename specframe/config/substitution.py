"""Fills in ``${vars.x}`` and ``${env:X}``.

- ``${vars.x}`` as the whole value is that value, whatever its type; within text it is written out.
- ``${env:X}`` is a variable of the environment, ``${env:X:-default}`` one that may be missing or empty. Unquoted and as
  the whole value it is read like YAML, so that ``${env:FOLDS}`` can be a number; otherwise it is text.
- ``$${`` stands for a literal ``${``.

Keys are left as they are.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from specframe.config.node import Entry, ListNode, MapNode, ScalarNode, describe
from specframe.config.problem import nearest
from specframe.config.scalar import read_scalar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from specframe.config.node import Node
    from specframe.config.problem import Position, Problems

__all__ = ["Substitution", "escape"]

_TOKEN = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_ENV = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_VARS = re.compile(r"vars\.([^.]+(?:\.[^.]+)*)")

#: Variables that stand in each other, one within the next, and characters that a text may grow to.
MAX_CHAIN = 30
MAX_TEXT = 100_000


def escape(text: str) -> str:
    """Return the text that reads back as ``text``: every ``${`` becomes ``$${``."""
    return text.replace("${", "$${")


class Substitution:
    """Replaces references in a tree.

    Parameters
    ----------
    variables
        The pipeline's ``vars``; ``None`` where they cannot be used.
    problems
        Takes what is wrong.
    environment
        Variables of the environment; those of the process by default.
    """

    def __init__(
        self, variables: MapNode | None, problems: Problems, environment: Mapping[str, str] | None = None
    ) -> None:
        self.variables = variables
        self.problems = problems
        self.environment = os.environ if environment is None else environment
        self._done: dict[int, tuple[Node, Node]] = {}
        self._chain: dict[int, str] = {}

    def apply(self, node: Node) -> Node:
        """Return the node with everything filled in. A value that cannot be filled in is spoilt, and reported."""
        if id(node) in self._done:
            return self._done[id(node)][1]
        result: Node
        if isinstance(node, MapNode):
            entries = {key: Entry(key, entry.at, self.apply(entry.value)) for key, entry in node.entries.items()}
            result = MapNode(entries, node.at)
        elif isinstance(node, ListNode):
            result = ListNode(tuple(self.apply(item) for item in node.items), node.at)
        elif isinstance(node.value, str) and "${" in node.value:
            result = self._scalar(node, node.value)
        else:
            result = node
        # The original is kept too, so that its id is not given to another node.
        self._done[id(node)] = node, result
        return result

    def _scalar(self, node: ScalarNode, text: str) -> Node:
        tokens = list(_TOKEN.finditer(text))
        if len(tokens) == 1 and tokens[0].group() == text and tokens[0].group(1) is not None:
            return self._whole(node, tokens[0].group(1))
        # What the text becomes, and what of it is still to be said by the environment.
        pieces: list[str] = []
        references: list[str] = []
        end, base = 0, node.at.base
        for token in tokens:
            literal = text[end : token.start()] + ("${" if token.group() == "$${" else "")
            pieces.append(literal)
            references.append(literal)
            end = token.end()
            if token.group() == "$${":
                continue
            if token.group(1) is None:
                self.problems.add(
                    node.at, "a '${' without its '}'", "references cannot be nested; write '$${' for a literal '${'"
                )
                return replace(node, value=None, spoilt=True)
            value = self._whole(replace(node, quoted=True), token.group(1))
            if not isinstance(value, ScalarNode) or value.value is None:
                if not (isinstance(value, ScalarNode) and value.spoilt):
                    message = f"{token.group()} is {describe(value)}, which cannot stand within text"
                    self.problems.add(node.at, message, "use it as the whole value")
                return replace(node, value=None, spoilt=True)
            if token.start() == 0:
                base = value.at.base  # a relative path begins where its first part is stated
            pieces.append(value.text)
            references.append(value.reference or value.text)
        filled = "".join([*pieces, text[end:]])
        if len(filled) > MAX_TEXT:
            self.problems.add(node.at, f"the text grows to more than {MAX_TEXT:,} characters")
            return replace(node, value=None, spoilt=True)
        reference = "" if references == pieces else "".join([*references, text[end:]])
        return replace(node, value=filled, text=filled, quoted=True, reference=reference, at=_based(node.at, base))

    def _whole(self, node: ScalarNode, reference: str) -> Node:
        environment, variable = _ENV.fullmatch(reference), _VARS.fullmatch(reference)
        if environment:
            filled = self._environment(node, *environment.groups())
            return replace(filled, reference=f"${{{reference}}}")
        if variable:
            return self._variable(node, reference, variable.group(1).split("."))
        names = [f"vars.{name}" for name in self.variables.entries] if self.variables else []
        hint = nearest(f"vars.{reference}", names)
        if not hint.startswith("did"):
            hint = "write ${vars.NAME}, ${env:NAME} or ${env:NAME:-default}; '$${' is a literal '${'"
        return self._spoil(node, f"${{{reference}}} is not a reference", hint)

    def _environment(self, node: ScalarNode, name: str, default: str | None) -> ScalarNode:
        text = self.environment.get(name, "") or default
        if text is None:
            state = "is empty" if name in self.environment else "is not set"
            return self._spoil(
                node, f"the environment variable {name} {state}", f"set it, or write ${{env:{name}:-default}}"
            )
        if any("\ud800" <= character <= "\udfff" for character in text):
            return self._spoil(node, f"the environment variable {name} is not valid text")
        try:
            value = text if node.quoted else read_scalar(text)
        except ValueError as error:
            return self._spoil(node, f"the environment variable {name}: {error}, got {text[:40]}")
        return replace(node, value=value, text=text)

    def _variable(self, node: ScalarNode, reference: str, path: list[str]) -> Node:
        if self.variables is None:
            return self._spoil(node, f"${{{reference}}} cannot be used here", "use ${env:NAME}")
        found: Node = self.variables
        for done, name in enumerate(path):
            if isinstance(found, ScalarNode):
                found = self._follow(node, found, ".".join(["vars", *path[:done]]))
            if isinstance(found, ScalarNode) and found.spoilt:
                return replace(node, value=None, spoilt=True)
            inner = _inner(found, name)
            if inner is None:
                above = ".".join(["vars", *path[:done]])
                if isinstance(found, ScalarNode):
                    return self._spoil(node, f"{above} is {describe(found)}, it has no {name!r}")
                names = list(found.entries) if isinstance(found, MapNode) else []
                return self._spoil(node, f"{above} has no {name!r}", nearest(name, names, "it has"))
            found = inner
        return self._follow(node, found, reference)

    def _follow(self, user: ScalarNode, found: Node, reference: str) -> Node:
        """Fill in what a variable refers to itself."""
        if id(found) in self._chain:
            names = [*self._chain.values()]
            loop = [*names[list(self._chain).index(id(found)) :], reference]
            return self._spoil(user, f"variables refer to each other: {' -> '.join(loop)}")
        if len(self._chain) >= MAX_CHAIN:
            return self._spoil(user, f"more than {MAX_CHAIN} variables refer to each other in a row")
        self._chain[id(found)] = reference
        try:
            return self.apply(found)
        finally:
            del self._chain[id(found)]

    def _spoil(self, node: ScalarNode, message: str, hint: str = "") -> ScalarNode:
        self.problems.add(node.at, message, hint)
        return replace(node, value=None, spoilt=True)


def _inner(node: Node, name: str) -> Node | None:
    if isinstance(node, MapNode):
        return node.get(name)
    if isinstance(node, ListNode) and name.isascii() and name.isdigit() and int(name) < len(node.items):
        return node.items[int(name)]
    return None


def _based(at: Position, base: Path) -> Position:
    return at if at.base == base else replace(at, base=base)
