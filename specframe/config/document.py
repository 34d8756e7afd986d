"""Reads a YAML file into nodes that keep their positions; nothing but text, numbers, lists and mappings is built."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yaml.composer import Composer
from yaml.error import MarkedYAMLError
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, SequenceNode
from yaml.nodes import ScalarNode as YamlScalar
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from specframe.config.node import MAX_DEPTH, Entry, ListNode, MapNode, Node, ScalarNode, check_size
from specframe.config.problem import Position, Problems, nearest
from specframe.config.scalar import read_scalar
from specframe.config.syntax import explain

if TYPE_CHECKING:
    from yaml.error import Mark

__all__ = ["Source", "compose", "read_file"]

#: A pipeline of a thousand steps has about 100 kB.
MAX_BYTES = 500_000

#: What PyYAML counts as the end of a line.
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


@dataclass(frozen=True)
class Source:
    """A text that YAML is read from."""

    where: str
    order: int = 0
    base: Path = Path()
    lines: tuple[str, ...] = field(default=())

    def whole(self) -> Position:
        """Return the position that stands for all of it."""
        return Position(self.where, order=self.order, base=self.base)

    def position(self, start: Mark, end: Mark) -> Position:
        """Return the position from ``start`` to ``end``, or to the end of the line when that comes first."""
        stop = end.column if end.line == start.line else len(self.lines[start.line].rstrip())
        return self.position_at(start.line, start.column, stop - start.column)

    def position_at(self, line: int, column: int, width: int = 1) -> Position:
        """Return the position of ``width`` characters; lines and columns count from 0, as PyYAML's do."""
        if not self.lines:
            return self.whole()
        return Position(self.where, line + 1, column + 1, self.lines[line], max(width, 1), self.order, self.base)


def read_file(path: Path, shown: str, order: int, problems: Problems) -> Node:
    """Return the value in a YAML file.

    Mistakes that leave the rest readable (a duplicate key, a tag) are added to ``problems``.

    Raises
    ------
    ConfigError
        When the file cannot be read, or is not YAML.
    """
    source = Source(shown, order, path.absolute().parent)
    if _waits(path):
        problems.add(source.whole(), "is a pipe, a socket or a device, expected a file")
        raise problems.error()
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        problems.add(source.whole(), "no such file", _sibling(path))
    except (OSError, ValueError) as error:
        problems.add(source.whole(), f"cannot be read: {getattr(error, 'strerror', None) or error}")
    else:
        if len(raw) > MAX_BYTES:
            problems.add(source.whole(), f"larger than {MAX_BYTES / 1000:g} kB, which no pipeline is")
            raise problems.error()
        return compose(_decode(raw, source, problems), source, problems)
    raise problems.error()


def compose(text: str, source: Source, problems: Problems, at: Position | None = None) -> Node:
    """Return the value that a YAML text states; ``at`` is used for all positions when given."""
    source = Source(source.where, source.order, source.base, () if at else tuple(_LINE_END.split(text)))
    try:
        composer = _Composer(text)
        root = composer.get_single_node()
    except MarkedYAMLError as error:
        place, message, hint = explain(error, _LINE_END.split(text))
        problems.add(at or source.position_at(*place), message, hint)
    except ReaderError as error:
        problems.add(
            at or _at_index(source, text, error.position), f"the character #x{error.character:04x} is not text"
        )
    except (ValueError, OverflowError):
        # PyYAML passes on what chr() raises for an escape beyond Unicode.
        problems.add(at or source.whole(), "an escape \\U... in double quotes is not a character")
    else:
        node = _Converter(source, problems, at, composer.tags).document(root)
        check_size(node, problems)
        return node
    raise problems.error()


class _Composer(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML's composer without any resolver or constructor, which refuses deep nesting and notes tags."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self.level = 0
        #: ``id`` of a node -> the tag written before it.
        self.tags: dict[int, str] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if self.level >= MAX_DEPTH:
            raise MarkedYAMLError(problem=f"nested more than {MAX_DEPTH} levels deep", problem_mark=event.start_mark)
        self.level += 1
        node = super().compose_node(parent, index)
        self.level -= 1
        if not isinstance(event, AliasEvent) and event.tag is not None:
            self.tags[id(node)] = event.tag
        return node


class _Converter:
    """Turns PyYAML's nodes into ours. An aliased node is converted once and shared."""

    def __init__(self, source: Source, problems: Problems, at: Position | None, tags: dict[int, str]) -> None:
        self.tags = tags
        self.source = source
        self.problems = problems
        self.at = at
        self.done: dict[int, Node] = {}
        self.active: set[int] = set()

    def document(self, root: Any) -> Node:
        if root is None:
            return ScalarNode(None, self.at or self.source.whole())
        return self.node(root)

    def position(self, node: Any) -> Position:
        return self.at or self.source.position(node.start_mark, node.end_mark)

    def node(self, node: Any) -> Node:
        if id(node) in self.done:
            return self.done[id(node)]
        at = self.position(node)
        if id(node) in self.active:
            self.problems.add(at, "the value contains an alias of itself")
            return ScalarNode(None, at, spoilt=True)
        self.active.add(id(node))
        result: Node
        if id(node) in self.tags:
            tag = self.tags[id(node)].replace("tag:yaml.org,2002:", "!!")
            hint = "only text, numbers, lists and mappings, without tags"
            self.problems.add(at, f"the tag {tag} is not allowed", hint)
            result = ScalarNode(None, at, spoilt=True)
        elif isinstance(node, MappingNode):
            result = self.mapping(node, at)
        elif isinstance(node, SequenceNode):
            result = ListNode(tuple(self.node(item) for item in node.value), at)
        else:
            result = self.scalar(node, at)
        self.active.discard(id(node))
        self.done[id(node)] = result
        return result

    def mapping(self, node: MappingNode, at: Position) -> MapNode:
        entries: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            key_at = self.position(key_node)
            value = self.node(value_node)
            key = self.key(key_node, key_at)
            if key is None:
                continue
            if key in entries:
                first = entries[key].at
                where = f"it stands on line {first.line} already" if first.line else "it stands there already"
                self.problems.add(key_at, f"duplicate key {key!r}", where)
                continue
            entries[key] = Entry(key, key_at, value)
        return MapNode(entries, at)

    def key(self, node: Any, at: Position) -> str | None:
        """Return a key, or nothing when it is not one: then its entry is left out."""
        if not isinstance(node, YamlScalar):
            self.problems.add(at, "a key must be text, got a list or a mapping")
            return None
        if node.style is None and node.value == "<<":
            self.problems.add(at, "the merge key '<<' is not supported", "use 'extends:' or 'vars:'")
            return None
        scalar = self.node(node)
        if not isinstance(scalar, ScalarNode) or scalar.spoilt:
            return None
        if not isinstance(scalar.value, str):
            self.problems.add(at, f"a key must be text, got {node.value or 'nothing'}", f"write '{node.value}'")
            return None
        return scalar.value

    def scalar(self, node: YamlScalar, at: Position) -> ScalarNode:
        text: str = node.value
        if any("\ud800" <= character <= "\udfff" for character in text):
            self.problems.add(at, "half of a surrogate pair is not a character")
            return ScalarNode(None, at, spoilt=True)
        if node.style is not None:
            return ScalarNode(text, at, text=text, quoted=True)
        try:
            return ScalarNode(read_scalar(text), at, text=text)
        except ValueError as error:
            self.problems.add(at, f"{error}, got {text if len(text) < 40 else text[:39] + '…'}")
            return ScalarNode(None, at, spoilt=True)


def _waits(path: Path) -> bool:
    """Return whether a path is neither a file nor a folder: reading it could wait without end."""
    try:
        return path.exists() and not (path.is_file() or path.is_dir())
    except (OSError, ValueError):  # it is told when it is read
        return False


def _decode(raw: bytes, source: Source, problems: Problems) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add(source.whole(), "the file is UTF-16", "save it as UTF-8")
        raise problems.error()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8", errors="replace")
        start = len(raw[: error.start].decode("utf-8"))
        located = Source(source.where, source.order, source.base, tuple(_LINE_END.split(text)))
        problems.add(
            _at_index(located, text, start), f"not UTF-8: the byte 0x{raw[error.start]:02x}", "save it as UTF-8"
        )
    raise problems.error()


def _at_index(source: Source, text: str, index: int) -> Position:
    before = _LINE_END.split(text[:index])
    return source.position_at(len(before) - 1, len(before[-1]))


def _sibling(path: Path) -> str:
    """Return the nearest YAML file of the folder, when there is one."""
    names = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    hint = nearest(path.name, names)
    return hint if hint.startswith("did") else f"the working directory is {Path.cwd()}"
