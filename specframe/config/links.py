"""Reads what a model step builds on and learns from: ``from``, ``learns``, ``weights`` and ``noisy_copies``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from specframe.config.node import ListNode, ScalarNode, describe
from specframe.config.problem import nearest
from specframe.config.recipe import LINK_OPTIONS
from specframe.config.section import is_null
from specframe.config.spec import MAX_COPIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.config.node import MapNode, Node
    from specframe.config.problem import Problems

__all__ = ["Links", "read_links"]


@dataclass(frozen=True)
class Links:
    """What a model builds on; the fields are those of :class:`~specframe.config.spec.Step`."""

    sources: tuple[str, ...] = ()
    learns: Literal["target", "residual"] = "target"
    weights: Literal["equal", "errors"] = "equal"
    noisy_copies: int = 0


def read_links(node: MapNode, key: str, earlier: Sequence[tuple[str, str]], problems: Problems) -> Links:
    """Return the links of the step ``node`` whose component stands under ``key``; what is wrong goes to ``problems``.

    ``earlier`` are the steps before it as ``(id, key)``.
    """
    if key != "model":
        for option in LINK_OPTIONS:
            if option in node.entries:
                problems.add(node.entries[option].at, f"only a model has {option!r}", "remove it")
        return Links()
    known = [name for name, kind in earlier if kind in ("model", "detrend")]
    sources = _sources(node.get("from"), known, problems)
    learns = _choice(node, "learns", ("target", "residual"), problems)
    weights = _choice(node, "weights", ("equal", "errors"), problems)
    if learns == "residual":
        at = (node.entries.get("learns") or node.entries["model"]).value.at
        if not known:
            problems.add(at, "there is no earlier model or detrend step whose residual could be learned")
        elif len(sources) > 1:
            problems.add(at, f"a residual is what one step leaves, but from names {len(sources)}", "name one of them")
    if weights == "errors" and not any(kind == "detrend" for _, kind in earlier):
        problems.add(
            node.entries["weights"].value.at, "weights from errors need a detrend step that measures depths", "add one"
        )
    return Links(
        sources,
        cast("Literal['target', 'residual']", learns),
        cast("Literal['equal', 'errors']", weights),
        _copies(node, problems),
    )


def _sources(stated: Node | None, known: list[str], problems: Problems) -> tuple[str, ...]:
    if stated is None or is_null(stated):
        return ()
    if not isinstance(stated, ListNode):
        return _source(stated, known, problems)
    if not stated.items:
        problems.add(stated.at, "from is an empty list", "name earlier model or detrend steps, or remove it")
    found: tuple[str, ...] = ()
    for item in stated.items:
        source = _source(item, known, problems)
        if source and source[0] in found:
            problems.add(item.at, f"from names {source[0]!r} twice", "remove one")
            continue
        found += source
    return found


def _source(node: Node, known: list[str], problems: Problems) -> tuple[str, ...]:
    if isinstance(node, ScalarNode) and node.value in known:
        return (str(node.value),)
    hint = nearest(str(node.value), known, "there are") if isinstance(node, ScalarNode) else ""
    problems.add(
        node.at,
        f"from must be the id of an earlier model or detrend step, got {describe(node)}",
        hint or ("there is none" if not known else f"there are {', '.join(map(repr, known))}"),
    )
    return ()


def _choice(node: MapNode, option: str, choices: tuple[str, str], problems: Problems) -> str:
    """Return one of two words, the first when nothing, or something wrong, is stated."""
    stated = node.get(option)
    if stated is None or is_null(stated):
        return choices[0]
    value = stated.value if isinstance(stated, ScalarNode) else None
    if value not in choices:
        problems.add(stated.at, f"{option} must be {choices[0]!r} or {choices[1]!r}, got {describe(stated)}")
        return choices[0]
    return str(value)


def _copies(node: MapNode, problems: Problems) -> int:
    """Return the number of noisy copies, 0 when nothing, or something wrong, is stated."""
    stated = node.get("noisy_copies")
    if stated is None or is_null(stated):
        return 0
    value = stated.value if isinstance(stated, ScalarNode) else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COPIES:
        return value
    problems.add(stated.at, f"noisy_copies must be a whole number from 0 to {MAX_COPIES}, got {describe(stated)}")
    return 0
