"""Pydantic's errors in plain words, at the value that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from specframe.config.node import ListNode, MapNode, ScalarNode, describe, spelled
from specframe.config.problem import nearest
from specframe.config.recipe import STEP_OPTIONS
from specframe.config.scalar import scalar_advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from specframe.config.fields import Fields
    from specframe.config.node import Node
    from specframe.config.problem import Position, Problems

__all__ = ["report_violations"]

#: Error type of pydantic -> what is expected, filled in from the error's context.
_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "path_type": "a path",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "null",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "a list of at least {min_length} items",
    "too_long": "a list of at most {max_length} items",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "string_pattern_mismatch": "a text that matches {pattern}",
    "finite_number": "a finite number",
}


_Place: TypeAlias = tuple[str | int, ...]


@dataclass
class _Told:
    """A message, and the place of the name that it misses."""

    at: Position
    message: str
    hint: str = ""
    missing: _Place | None = None


@dataclass
class _Violation:
    """Everything that pydantic says about one place."""

    place: _Place
    node: Node | None
    #: The last key that exists on the way, and where it stands.
    at: Position
    #: Whether pydantic tried the members of a union here or above.
    union: bool
    expected: list[str] = field(default_factory=list)
    other: list[_Told] = field(default_factory=list)
    #: Places of names that a misspelt one probably means.
    suggests: set[_Place] = field(default_factory=set)


def report_violations(
    name: str,
    errors: Iterable[Mapping[str, Any]],
    node: MapNode,
    at: Position,
    fields: Fields,
    data: Any,
    problems: Problems,
) -> None:
    """Add a problem for every parameter of the component ``name`` that pydantic found wrong.

    ``node`` holds the parameters, ``at`` is used for what is missing from them, and ``data`` is the plain data that was
    validated.
    """
    violations: dict[_Place, _Violation] = {}
    for error in errors:
        violation = _located(error["loc"], error["type"] == "missing", node, at)
        if isinstance(violation.node, ScalarNode) and violation.node.spoilt:
            continue
        union = violation.union
        violation = violations.setdefault(violation.place, violation)
        violation.union |= union
        _note(violation, error, name, fields, data)
    for violation in violations.values():
        renamed = {suggestion for other in violations.values() for suggestion in other.suggests}
        violation.other = [told for told in violation.other if told.missing not in renamed]
        if violation.union and (violation.other or any(_is_deeper(v, violation) for v in violations.values())):
            violation.expected.clear()  # a member of the union fits but for something within it: that one was meant
        for told in violation.other:
            problems.add(told.at, told.message, told.hint)
        if violation.expected:
            subject, node_ = spelled(violation.place) or "the parameters", violation.node
            expected = " or ".join(dict.fromkeys(violation.expected))
            got = describe(node_) if node_ is not None else "something else"
            hint = ""
            if isinstance(node_, ScalarNode):
                hint = scalar_advice(node_.text, node_.quoted, "number" in expected, "true or false" in expected)
                if expected == "a mapping" and node_.text in fields.tags(data, violation.place):
                    hint = f"write {{{fields.tag_name(data, violation.place)}: {node_.text}}}"
            elif isinstance(node_, MapNode) and expected == "a list":
                hint = "write [{...}], or begin each item with '- '"
            position = node_.at if isinstance(node_, ScalarNode) else violation.at
            problems.add(position, f"{name}: {subject} must be {expected}, got {got}", hint)


def _located(loc: _Place, missing: bool, root: MapNode, at: Position) -> _Violation:
    """Follow pydantic's location as far as the document goes; what remains names members of unions, or is missing."""
    place: list[str | int] = []
    node: Node = root
    union = False
    for piece in loc:
        if isinstance(node, MapNode) and piece in node.entries:
            at = node.entries[str(piece)].at
            node = node.entries[str(piece)].value
        elif isinstance(node, ListNode) and isinstance(piece, int) and piece < len(node.items):
            node = node.items[piece]
            at = node.at
        else:
            union = union or piece != loc[-1] or not missing
            continue
        place.append(piece)
    return _Violation(tuple(place), node if place or not loc else None, at, union)


def _note(violation: _Violation, error: Mapping[str, Any], name: str, fields: Fields, data: Any) -> None:
    kind, context, loc = error["type"], error.get("ctx", {}), error["loc"]
    within = spelled(violation.place)
    if kind == "missing":
        if isinstance(loc[-1], int):  # a tuple that is too short; the last error tells the full length
            violation.expected = [_EXPECTED["too_short"].format(min_length=loc[-1] + 1)]
            return
        says = fields.description(data, (*violation.place, loc[-1])).rstrip(".")
        subject = f"{name}: {within}" if within else name
        hint = "" if data else f"write 'with: {{{loc[-1]}: ...}}'"
        message = f"{subject} needs {loc[-1]!r}{says and f' ({says})'}"
        violation.other.append(_Told(violation.at, message, hint, (*violation.place, loc[-1])))
    elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
        above = violation.place[:-1]
        names = fields.names(data, above)
        hint = nearest(str(loc[-1]), names, "it has") or "it has none"
        if loc[-1] in STEP_OPTIONS and not above:
            hint = "it belongs to the step: put it beside 'with:'"
        violation.suggests |= {(*above, other) for other in names if hint == f"did you mean {other!r}?"}
        of = f" in {spelled(above)}" if above else ""
        violation.other.append(_Told(violation.at, f"{name} has no parameter {loc[-1]!r}{of}", hint))
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        key = str(context["discriminator"]).strip("'")
        tags = fields.tags(data, violation.place)
        if "tag" in context:
            message, hint = (
                f"{within}: no {key} is called {context['tag']!r}",
                nearest(context["tag"], tags, "there are"),
            )
        else:
            message, hint = f"{within} needs {key!r}, which says what it is", f"one of {', '.join(tags)}"
        violation.other.append(_Told(violation.at, f"{name}: {message}", hint))
    elif kind in _EXPECTED:
        violation.expected.append(_EXPECTED[kind].format_map(context))
    else:
        said = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        position = violation.node.at if isinstance(violation.node, ScalarNode) else violation.at
        violation.other.append(_Told(position, f"{name}: {within}{': ' if within else ''}{said}"))


def _is_deeper(one: _Violation, other: _Violation) -> bool:
    return one.union and len(one.place) > len(other.place) and one.place[: len(other.place)] == other.place
