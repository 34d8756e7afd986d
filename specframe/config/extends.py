"""``extends``: a pipeline that states only what differs from another file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.config.document import read_file
from specframe.config.node import Entry, ListNode, MapNode, ScalarNode, describe
from specframe.config.recipe import LINK_OPTIONS, name_steps, stage, step_id
from specframe.config.spec import STEP_KEYS
from specframe.config.substitution import Substitution

if TYPE_CHECKING:
    from specframe.config.node import Node
    from specframe.config.problem import Position, Problems

__all__ = ["extended"]

_ORDER = list(STEP_KEYS)


def extended(root: MapNode, path: Path | None, problems: Problems) -> MapNode:
    """Return the pipeline merged over the chain of files it extends, with an id for every step.

    Mappings are merged key by key. Steps are merged by id: the same id changes the step where it stands, and a step
    that names another component drops the parameters of the old one; a new id is put behind the last step of its
    kind. Any other list or value replaces the one of the base.

    Raises
    ------
    ConfigError
        When a file of the chain cannot be read: without it, nothing can be said about the rest.
    """
    chain = [name_steps(root)]
    seen = [] if path is None else [path]
    entry = root.entries.get("extends")
    while entry is not None:
        base = _base_file(entry, problems)
        files = [os.path.realpath(file) for file in seen]
        if os.path.realpath(base) in files:
            loop = [file.name for file in (*seen[files.index(os.path.realpath(base)) :], base)]
            problems.add(entry.value.at, f"'extends' leads back to where it began: {' -> '.join(loop)}")
            raise problems.error()
        if not base.is_file():
            problems.add(entry.value.at, f"extends: no such file: {base}", "the path is relative to this file")
            raise problems.error()
        node = read_file(base, _shown(base, entry.value.at), len(seen) + 1, problems)
        if not isinstance(node, MapNode):
            problems.add(node.at, f"a pipeline is a mapping, got {describe(node)}")
            raise problems.error()
        chain.append(name_steps(node))
        seen.append(base)
        entry = node.entries.get("extends")
    merged = chain.pop()
    while chain:
        merged = _merge(merged, chain.pop(), ())
    return merged.without("extends")


def _base_file(entry: Entry, problems: Problems) -> Path:
    """Return the absolute path that ``extends`` states."""
    node = Substitution(None, problems).apply(entry.value)
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and "\0" in node.value:
        problems.add(entry.value.at, "extends: the path has a NUL character, which no path has")
    elif isinstance(node, ScalarNode) and isinstance(node.value, str):
        return absolute(node.value, node.at.base)
    elif not (isinstance(node, ScalarNode) and node.spoilt):
        problems.add(entry.value.at, f"extends: expected the path of one YAML file, got {describe(node)}")
    raise problems.error()


def absolute(text: str, base: Path) -> Path:
    """Return the absolute path of a text that stands in a file of the folder ``base``."""
    path = Path.cwd() / base / os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises for an unknown user
    tidy = Path(os.path.normpath(path))
    try:
        # ".." behind a symbolic link leads elsewhere than its text says.
        return tidy if os.path.realpath(tidy) == os.path.realpath(path) else path
    except (OSError, ValueError):  # no path at all, such as one with a NUL
        return tidy


def _shown(base: Path, stated: Position) -> str:
    """Return how a base file is named in messages: like the file that extends it, relative or absolute."""
    if Path(stated.where).is_absolute():
        return str(base)
    return os.path.relpath(base)


def _merge(base: Node, over: Node, place: tuple[str, ...]) -> MapNode:
    assert isinstance(base, MapNode)
    assert isinstance(over, MapNode)
    merged = dict(base.entries)
    for key, entry in over.entries.items():
        old = base.get(key)
        value = entry.value
        if isinstance(old, MapNode) and isinstance(value, MapNode):
            value = _merge(old, value, (*place, key))
        elif isinstance(old, ListNode) and isinstance(value, ListNode) and (*place, key) == ("steps",):
            value = _merge_steps(old, value)
        merged[key] = Entry(key, entry.at, value)
    return MapNode(merged, over.at)


def _merge_steps(base: ListNode, over: ListNode) -> ListNode:
    steps = list(base.items)
    changed: set[str] = set()
    for step in over.items:
        name = step_id(step)
        index = next((i for i, old in enumerate(steps) if name and step_id(old) == name), None)
        # A second step of the same id in one file is a mistake, which validation must see.
        if index is None or name in changed:
            steps.insert(_place(steps, step), step)
        else:
            steps[index] = _merge_step(steps[index], step)
        if name:
            changed.add(name)
    return ListNode(tuple(steps), over.at)


def _place(steps: list[Node], new: Node) -> int:
    """Return the index behind the last step of the same or an earlier kind."""
    key = stage(new)
    if key is None:
        return len(steps)
    earlier = [i for i, step in enumerate(steps) if (stage(step) or key) in _ORDER[: _ORDER.index(key) + 1]]
    return earlier[-1] + 1 if earlier else 0


def _merge_step(base: Node, over: Node) -> Node:
    assert isinstance(base, MapNode)
    assert isinstance(over, MapNode)
    old, new = stage(base), stage(over)
    if new is not None and old is not None:
        if not _same_component(base.get(old), over.get(new)):
            base = base.without("with")
        if old != new:
            base = base.without(old, *LINK_OPTIONS)
    return _merge(base, over, ("steps", "*"))


def _same_component(old: Node | None, new: Node | None) -> bool:
    """``ridge`` and ``linear/ridge`` are the same as far as text can tell."""
    if not (isinstance(old, ScalarNode) and isinstance(new, ScalarNode)):
        return False
    a, b = str(old.value), str(new.value)
    return a == b or (("/" in a) != ("/" in b) and a.rpartition("/")[2] == b.rpartition("/")[2])
