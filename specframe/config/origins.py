"""Where the values of a pipeline come from that do not stand in its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.config.node import ListNode, MapNode, ScalarNode, children, spelled
from specframe.config.recipe import step_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from specframe.config.node import Node

__all__ = ["origins"]


def origins(root: MapNode, shown: str) -> dict[str, str]:
    """Return ``{"fit.alpha": "--set fit.alpha=3", "seed": "base.yaml:4", "data.path": "${env:DATA}"}``.

    Keys are those of ``--set``. ``shown`` is the pipeline's own file as it is named in positions; a pipeline made of
    Python data has none, and only references are listed for it.
    """
    found: dict[str, str] = {}
    for key, node in children(root):
        if key == "steps" and isinstance(node, ListNode):
            for step in node.items:
                parameters = step.get("with") if isinstance(step, MapNode) else None
                if parameters is not None:
                    found.update(_leaves(parameters, [step_id(step) or "?"], shown))
        else:
            found.update(_leaves(node, [key], shown))
    return found


def _leaves(node: Node, place: Sequence[str | int], shown: str) -> Iterator[tuple[str, str]]:
    at = node.at
    if isinstance(node, ScalarNode) and node.reference:
        yield spelled(place), node.reference
    elif isinstance(node, ScalarNode | ListNode) and at.where != shown and (shown or at.where.startswith("--set")):
        yield spelled(place), f"{at.where}:{at.line}" if at.line else at.where
    else:
        for key, inner in children(node):
            yield from _leaves(inner, [*place, key], shown)
