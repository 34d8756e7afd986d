"""Reads ``tune``: which values of a pipeline are searched, by what score, and how."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast, get_args

from specframe.config.node import MapNode, ScalarNode, describe
from specframe.config.problem import nearest
from specframe.config.search import MOST_GRID, PrunerName, SamplerName, Tuning
from specframe.config.section import Section, is_null
from specframe.config.space import SpaceReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.config.components import ComponentSource
    from specframe.config.node import Node
    from specframe.config.problem import Position, Problems
    from specframe.config.spec import Part, Step

__all__ = ["read_tuning"]

_KEYS = ("trials", "timeout", "score", "direction", "sampler", "pruner", "space")

#: What the names of scores begin with whose better direction is known.
_GREATER_IS_BETTER = ("r2", "gll")
_LESS_IS_BETTER = ("rmse", "mae", "mse", "median-abs", "crps", "nll", "energy", "variogram")

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?)\s*(s|min|h|d)")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def read_tuning(
    source: MapNode,
    section: Section,
    steps: Sequence[Step],
    scores: Sequence[Part],
    folds: bool,
    components: ComponentSource | None,
    check_paths: bool,
) -> Tuning | None:
    """Return what ``tune`` says, ``None`` when there is no such section or nothing can be searched.

    Parameters
    ----------
    source
        The pipeline with nothing filled in.
    section
        The pipeline with everything filled in; takes what is wrong.
    steps, scores, folds
        What was read of it, and whether it is cross-validated.
    components
        Where components come from.
    check_paths
        Whether files and folders that parameters name must exist.
    """
    stated = section.node.entries.get("tune")
    if stated is None or is_null(stated.value):
        return None
    space_reader = SpaceReader(source, section, steps, components, check_paths)
    tune = Section(stated.value, "tune", _KEYS, stated.at, section.problems)
    problems = section.problems
    if not isinstance(stated.value, MapNode):
        return None
    if not any(step.component.component.kind == "model" for step in steps) and not problems:
        problems.add(stated.at, "tune needs a model to judge", "add a step '- model: ...', or remove 'tune'")
    sampler = _choice(tune, "sampler", get_args(SamplerName), problems)
    pruner = "none" if _is_off(tune.node.get("pruner")) else _choice(tune, "pruner", get_args(PrunerName), problems)
    if pruner != "none" and not folds:
        at = tune.node.entries["pruner"].value.at
        problems.add(
            at,
            f"the pruner {pruner!r} compares trials fold by fold, but the pipeline is not cross-validated",
            "state evaluate.cross_validation, or write 'pruner: none'",
        )
    score, maximise = _score(tune, scores, stated.at)
    trials = tune.integer("trials", 0, 1) or None
    timeout = _timeout(tune)
    if sampler != "grid" and not {"trials", "timeout"} & tune.node.entries.keys():
        problems.add(stated.at, "tune does not say how long to search", "state 'trials: 50', or 'timeout: 2 h'")
    space = space_reader.read(tune)
    tuning = Tuning(
        space, score, maximise, trials, timeout, cast("SamplerName", sampler), cast("PrunerName", pruner), source
    )
    if sampler == "grid" and space and tuning.grid() is None:
        at = tune.node.entries["sampler"].value.at
        open_ = next((dimension for dimension in space if dimension.values() is None), None)
        if open_ is None:
            problems.add(at, f"the grid has more than {MOST_GRID:,} combinations", "write 'sampler: tpe'")
        else:
            assert open_.at is not None
            problems.add(open_.at, f"a grid needs values that can be counted, {open_.key} has none", "state its step")
    return tuning


def _is_off(node: Node | None) -> bool:
    """Whether it says ``null`` or ``false``."""
    return isinstance(node, ScalarNode) and node.value is False


def _choice(section: Section, key: str, choices: Sequence[str], problems: Problems) -> str:
    node = section.get(key)
    if node is None:
        return choices[0]
    value = node.value if isinstance(node, ScalarNode) else None
    if value not in choices:
        hint = nearest(str(value), choices)
        hint = hint if hint.startswith("did") else ""
        problems.add(node.at, f"tune: {key} must be {' or '.join(map(repr, choices))}, got {describe(node)}", hint)
        return choices[0]
    return str(value)


def _score(tune: Section, scores: Sequence[Part], at: Position) -> tuple[str, bool]:
    """Return the score that is searched by, and whether more of it is better."""
    names = [part.component.component.name for part in scores]
    score = tune.text("score", names[0] if names else "")
    stated = tune.node.entries.get("score")
    if not names and not tune.problems:
        tune.problems.add(stated.value.at if stated else at, "tune needs a score", "state it in evaluate.scores too")
    direction = tune.text("direction", "")
    if direction:
        entry = tune.node.entries["direction"]
        if direction not in ("maximise", "minimise"):
            hint = nearest(direction, ("maximise", "minimise"))
            tune.problems.add(
                entry.value.at, f"tune: direction must be 'maximise' or 'minimise', got {describe(entry.value)}", hint
            )
        return score, direction == "maximise"
    if score.startswith(_GREATER_IS_BETTER):
        return score, True
    if score and not score.startswith(_LESS_IS_BETTER) and "direction" not in tune.node.entries:
        tune.problems.add(
            stated.value.at if stated else at,
            f"whether more or less of the score {score!r} is better is not known",
            "state 'direction: maximise', or 'direction: minimise'",
        )
    return score, False


def _timeout(tune: Section) -> float | None:
    node = tune.get("timeout")
    if node is None:
        return None
    found = _DURATION.fullmatch(str(node.value).strip()) if isinstance(node, ScalarNode) else None
    if found is None or float(found.group(1)) == 0:
        tune.problems.add(
            node.at, f"tune: timeout must be a time such as 30 min or 2 h, got {describe(node)}", "units: s, min, h, d"
        )
        return None
    return float(found.group(1)) * _SECONDS[found.group(2)]
