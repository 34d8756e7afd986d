"""Finds the components that a pipeline names, and checks their parameters."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from specframe.config.extends import absolute
from specframe.config.fields import fields_of
from specframe.config.node import MapNode, ScalarNode, describe, plain, spelled
from specframe.config.problem import nearest
from specframe.config.spec import STEP_KEYS
from specframe.config.violations import report_violations
from specframe.errors import PluginError, UnknownComponentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.api.component import Kind
    from specframe.api.params import Params
    from specframe.config.node import Node
    from specframe.config.problem import Position, Problems
    from specframe.registry.record import PluginRecord, Registered

__all__ = ["ComponentReader", "ComponentSource"]

#: Folders may hold hundreds of thousands of targets: the nearest name is looked for among so many.
_LISTED = 2000


class ComponentSource(Protocol):
    """What reading a pipeline needs of the registry."""

    @property
    def plugins(self) -> Sequence[PluginRecord]:
        """What became of every plugin."""

    def resolve(self, kind: Kind, name: str) -> Registered:
        """Return the component, usable or not; raises a :class:`~specframe.errors.PluginError` when there is none."""

    def names(self, kind: Kind) -> list[str]:
        """Return the names that ``resolve`` takes."""

    def components(self, kind: Kind | None = None) -> list[Registered]:
        """Return all components, of one kind or of all."""


class ComponentReader:
    """Reads component names and parameters of one pipeline.

    Parameters
    ----------
    source
        Where components come from; ``None`` when that failed, and was reported.
    problems
        Takes what is wrong.
    check_paths
        Whether files and folders that parameters name must exist.
    """

    def __init__(self, source: ComponentSource | None, problems: Problems, check_paths: bool) -> None:
        self.source = source
        self.problems = problems
        self.check_paths = check_paths

    def component(self, kind: Kind, node: Node) -> Registered | None:
        """Return the component that a node names, or nothing; then a problem was added."""
        if isinstance(node, ScalarNode) and node.spoilt:
            return None
        names = self.source.names(kind) if self.source else []
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str) or not node.value:
            self.problems.add(
                node.at,
                f"expected the name of {_article(kind)}, got {describe(node)}",
                f"installed: {', '.join(names)}",
            )
            return None
        if self.source is None:
            return None
        try:
            found = self.source.resolve(kind, node.value)
        except UnknownComponentError as error:
            others: list[Any] = [other for other in (*STEP_KEYS.values(), "score") if other != kind]
            kinds = [other for other in others if node.value in self.source.names(other)]
            if kinds:
                keys = {value: key for key, value in STEP_KEYS.items()}
                key = keys.get(kinds[0], kinds[0])
                self.problems.add(
                    node.at,
                    f"{node.value!r} is not {_article(kind)}",
                    f"it is {_article(kinds[0])}: write '{key}: {node.value}'",
                )
            else:
                self.problems.add(node.at, str(error))
        except PluginError as error:
            self.problems.add(node.at, str(error))
        else:
            if found.usable:
                return found
            self.problems.add(node.at, f"the {kind} {node.value!r} cannot be used ({found.status}): {found.reason}")
        return None

    def parameters(self, registered: Registered, node: Node | None, at: Position) -> Params | None:
        """Return the validated parameters, or nothing; then problems were added.

        ``node`` is the value of ``with``, ``at`` the place that stands for the whole when something is missing.
        """
        component = registered.component
        if node is None or (isinstance(node, ScalarNode) and node.value is None and not node.spoilt):
            node = MapNode({}, at)
        if not isinstance(node, MapNode):
            if not (isinstance(node, ScalarNode) and node.spoilt):
                self.problems.add(
                    node.at, f"{component.name}: 'with' must be a mapping of parameters, got {describe(node)}"
                )
            return None
        fields = fields_of(component.params)
        data = plain(node)
        for place in list(fields.input_paths(data)):
            stated = _find(node, place)
            assert isinstance(stated, ScalarNode)
            _put(data, place, str(absolute(str(stated.value), stated.at.base)))
        try:
            params = component.params.validate_data(data, base=at.base)
        except ValidationError as error:
            report_violations(component.name, error.errors(include_url=False), node, at, fields, data, self.problems)
            return None
        except Exception as error:  # a plugin's validator may raise anything
            message = f"{component.name}: its parameters cannot be checked: {type(error).__name__}: {error}"
            self.problems.add(at, message, f"this is a mistake in {registered.distribution} {registered.version}")
            return None
        if self.check_paths:
            canonical = params.canonical()
            for place in fields.input_paths(canonical):
                self._check_exists(component.name, place, _get(canonical, place), _find(node, place), at)
        return params

    def _check_exists(
        self, name: str, place: Sequence[str | int], value: str, stated: Node | None, at: Position
    ) -> None:
        path = Path(value)
        if os.path.exists(path):  # noqa: PTH110 - Path.exists raises on text that no path can be
            return
        position = stated.at if isinstance(stated, ScalarNode) else at
        message = f"{name}: {spelled(place)}: no such file or folder: {path}"
        self.problems.add(position, message, _path_hint(path, stated))


def _path_hint(path: Path, stated: Node | None) -> str:
    """Return the nearest name beside the missing one, or where its way ends."""
    text = str(stated.value) if isinstance(stated, ScalarNode) else ""
    if text and not os.path.isabs(text) and os.path.exists(text):  # noqa: PTH110, PTH117
        return "paths in a file are relative to its folder, not to the working directory"
    parent = path.parent
    if not parent.is_dir():
        while not parent.is_dir() and parent != parent.parent:
            parent = parent.parent
        return f"{parent} is the last folder on the way that exists"
    try:
        with os.scandir(parent) as found:
            hint = nearest(path.name, [entry.name for entry in islice(found, _LISTED)])
    except OSError:
        return ""
    return hint if hint.startswith("did") else ""


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _find(node: Node, place: Sequence[str | int]) -> Node | None:
    for piece in place:
        if isinstance(node, MapNode) and isinstance(piece, str) and piece in node.entries:
            node = node.entries[piece].value
        elif not isinstance(node, MapNode | ScalarNode) and isinstance(piece, int) and piece < len(node.items):
            node = node.items[piece]
        else:
            return None
    return node


def _get(data: Any, place: Sequence[str | int]) -> Any:
    for piece in place:
        data = data[piece]
    return data


def _put(data: Any, place: Sequence[str | int], value: str) -> None:
    _get(data, place[:-1])[place[-1]] = value
