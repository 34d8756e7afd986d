"""Values of a pipeline with the position of every key and value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from specframe.config.problem import Position

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from specframe.config.problem import Problems

__all__ = ["Entry", "ListNode", "MapNode", "Node", "Scalar", "ScalarNode", "check_size", "describe", "plain"]

Scalar: TypeAlias = "str | int | float | bool | None"
Node: TypeAlias = "ScalarNode | ListNode | MapNode"

#: Limits of a pipeline with every alias and variable written out. A real one has some hundred values, ten deep;
#: a "billion laughs" file has more than memory holds.
MAX_VALUES = 100_000
MAX_DEPTH = 60


@dataclass(frozen=True, eq=False)
class ScalarNode:
    """A text, number, truth value or null."""

    value: Scalar
    at: Position
    #: As it was written, without quotes.
    text: str = ""
    quoted: bool = False
    #: What stood here before variables of the environment were filled in.
    reference: str = ""
    #: A problem was reported here already: what follows from it is not reported again.
    spoilt: bool = False

    @property
    def size(self) -> int:
        """Number of values."""
        return 1

    @property
    def depth(self) -> int:
        """Levels of nesting."""
        return 1


@dataclass(frozen=True, eq=False)
class ListNode:
    """A list."""

    items: tuple[Node, ...]
    at: Position
    #: Number of values and levels of nesting, with aliases written out: known without walking them.
    size: int = field(init=False)
    depth: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", 1 + sum(item.size for item in self.items))
        object.__setattr__(self, "depth", 1 + max((item.depth for item in self.items), default=0))


@dataclass(frozen=True, eq=False)
class Entry:
    """A key of a mapping, its position, and its value."""

    key: str
    at: Position
    value: Node


@dataclass(frozen=True, eq=False)
class MapNode:
    """A mapping."""

    entries: dict[str, Entry]
    at: Position
    size: int = field(init=False)
    depth: int = field(init=False)

    def __post_init__(self) -> None:
        values = [entry.value for entry in self.entries.values()]
        object.__setattr__(self, "size", 1 + sum(value.size for value in values))
        object.__setattr__(self, "depth", 1 + max((value.depth for value in values), default=0))

    def get(self, key: str) -> Node | None:
        """Return the value of a key; ``None`` when it is absent."""
        entry = self.entries.get(key)
        return entry.value if entry else None

    def with_entry(self, entry: Entry) -> MapNode:
        """Return a copy with an entry put in, in the place of the one of the same key."""
        return replace(self, entries={**self.entries, entry.key: entry})

    def without(self, *keys: str) -> MapNode:
        """Return a copy without some keys."""
        return replace(self, entries={key: entry for key, entry in self.entries.items() if key not in keys})


def plain(node: Node) -> Any:
    """Return the data without positions."""
    if isinstance(node, MapNode):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value


def children(node: Node) -> Iterator[tuple[str | int, Node]]:
    """Yield key or index, and value, of everything directly within a node."""
    if isinstance(node, MapNode):
        for entry in node.entries.values():
            yield entry.key, entry.value
    elif isinstance(node, ListNode):
        yield from enumerate(node.items)


def describe(node: Node) -> str:
    """Return what a value is, for the ``got ...`` of a message."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return f"a list of {len(node.items)}"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, str):
        return f"the text {node.value if len(node.value) <= 60 else node.value[:59] + '…'!r}"
    return node.text or str(node.value)


def check_size(node: Node, problems: Problems) -> None:
    """Raise at once when a tree is larger or deeper than any pipeline: walking it could take for ever."""
    if node.size > MAX_VALUES:
        problems.add(node.at, f"the pipeline has more than {MAX_VALUES:,} values when its aliases are written out")
    elif node.depth > MAX_DEPTH:
        problems.add(node.at, f"the pipeline is nested more than {MAX_DEPTH} levels deep")
    else:
        return
    raise problems.error()


def from_data(data: object, problems: Problems, base: Path) -> Node:
    """Return the tree of Python data (dicts, lists, numbers, texts, paths, numpy values)."""
    return _Importer(problems, base).node(data, ())


class _Importer:
    def __init__(self, problems: Problems, base: Path) -> None:
        self.problems = problems
        self.base = base
        self.count = 0

    def node(self, data: object, place: Sequence[str | int]) -> Node:
        self.count += 1
        at = Position(spelled(place) or "the pipeline", order=self.count, base=self.base)
        if len(place) > MAX_DEPTH or self.count > MAX_VALUES:
            self.problems.add(at, f"nested more than {MAX_DEPTH} levels deep, or more than {MAX_VALUES:,} values")
            raise self.problems.error()
        if hasattr(data, "tolist"):
            data = data.tolist()
        if isinstance(data, dict):
            entries = {}
            for key, value in data.items():
                if not isinstance(key, str):
                    self.problems.add(at, f"a key must be text, got {key!r}")
                name = str(key)
                child = self.node(value, (*place, name))
                entries[name] = Entry(name, child.at, child)
            return MapNode(entries, at)
        if isinstance(data, list | tuple):
            return ListNode(tuple(self.node(item, (*place, i)) for i, item in enumerate(data)), at)
        if isinstance(data, Path):
            data = str(data)
        if isinstance(data, float) and not -float("inf") < data < float("inf"):
            self.problems.add(at, f"a number must be finite, got {data}")
            return ScalarNode(None, at, spoilt=True)
        if data is None or isinstance(data, bool | int | float | str):
            return ScalarNode(data, at, text=str(data), quoted=isinstance(data, str))
        self.problems.add(at, f"expected plain data, got {type(data).__name__}")
        return ScalarNode(None, at, spoilt=True)


def spelled(place: Sequence[str | int]) -> str:
    """Return a place in data as it is written: ``steps[2].with.alpha``."""
    text = ""
    for piece in place:
        text += f"[{piece}]" if isinstance(piece, int) else f".{piece}" if text else piece
    return text
