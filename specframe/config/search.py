"""What ``specframe tune`` searches: dimensions, and the pipeline that values of them make."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from specframe.config.node import Entry, ListNode, MapNode, ScalarNode
from specframe.config.overrides import put
from specframe.config.recipe import step_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from specframe.config.node import Node
    from specframe.config.problem import Position, Problems

__all__ = ["MOST_GRID", "Dimension", "PrunerName", "SamplerName", "Tuning", "put_value", "tuning_schema", "with_values"]

SamplerName = Literal["tpe", "random", "grid"]
PrunerName = Literal["none", "median", "hyperband"]

#: A grid of more trials than this is a mistake.
MOST_GRID = 100_000


@dataclass(frozen=True)
class Dimension:
    """A value that is searched: one of some choices, or a number in a range."""

    #: As ``--set`` takes it: ``fit.training.learning_rate``, ``vars.filters``.
    key: str
    #: Plain data of each choice; empty for a range.
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    #: Distance of the values of a range; ``None``: any number within it.
    step: float | None = None
    log: bool = False
    #: What the pipeline itself states, where that is in the space: the number, or the choice.
    default: Any = None
    #: Whether ``default`` says anything; a choice may be null.
    has_default: bool = False
    #: The choices as they stand in the file, references in them not filled in; of a range its two ends.
    nodes: tuple[Node, ...] = field(default=(), compare=False, repr=False)
    at: Position | None = field(default=None, compare=False, repr=False)

    @property
    def is_integer(self) -> bool:
        """Whether it is a range of whole numbers."""
        return not self.choices and isinstance(self.low, int) and isinstance(self.high, int)

    def values(self) -> list[Any] | None:
        """Return every value, ``None`` when they cannot be counted."""
        if self.choices:
            return list(self.choices)
        if self.is_integer:
            return list(range(int(self.low), int(self.high) + 1, int(self.step or 1)))
        if self.step is None:
            return None
        return [self.low + i * self.step for i in range(round((self.high - self.low) / self.step) + 1)]

    def index(self, value: Any) -> int:
        """Return the number of a choice."""
        spelled = [json.dumps(choice, sort_keys=True) for choice in self.choices]
        return spelled.index(json.dumps(value, sort_keys=True))

    def node(self, value: Any) -> Node:
        """Return the node that states ``value``."""
        if self.choices:
            return self.nodes[self.index(value)]
        assert self.at is not None
        return ScalarNode(value, self.at, text=repr(value))

    def to_data(self) -> dict[str, Any]:
        """Return what the file says of it, every default written out."""
        if self.choices:
            return {"choices": list(self.choices)}
        step = {} if self.step is None else {"step": self.step}
        return {"low": self.low, "high": self.high, **step, "log": self.log}


@dataclass(frozen=True)
class Tuning:
    """The ``tune`` section."""

    space: tuple[Dimension, ...]
    score: str
    maximise: bool
    #: Number of trials; ``None``: as many as ``timeout`` or the grid has room for.
    trials: int | None = None
    #: Seconds after which one call begins no further trial.
    timeout: float | None = None
    sampler: SamplerName = "tpe"
    pruner: PrunerName = "none"
    #: The pipeline with nothing filled in yet, from which that of each trial is made.
    source: MapNode | None = field(default=None, compare=False, repr=False)

    def grid(self) -> list[dict[str, Any]] | None:
        """Return every combination, the last dimension changing fastest; ``None`` when they cannot be counted."""
        values = [dimension.values() for dimension in self.space]
        if any(known is None for known in values):
            return None
        known_values = [cast("list[Any]", known) for known in values]
        if math.prod(len(known) for known in known_values) > MOST_GRID:
            return None
        keys = [dimension.key for dimension in self.space]
        return [dict(zip(keys, combination, strict=True)) for combination in product(*known_values)]

    def default(self) -> dict[str, Any] | None:
        """Return what the pipeline itself states, ``None`` when that is not all in the space."""
        if not all(dimension.has_default for dimension in self.space):
            return None
        return {dimension.key: dimension.default for dimension in self.space}

    def to_data(self) -> dict[str, Any]:
        """Return what decides the order and the result of trials: all but how many there are."""
        return {
            "score": self.score,
            "direction": "maximise" if self.maximise else "minimise",
            "sampler": self.sampler,
            "pruner": self.pruner,
            "space": {dimension.key: dimension.to_data() for dimension in self.space},
        }


def with_values(source: MapNode, space: Sequence[Dimension], values: Mapping[str, Any], problems: Problems) -> MapNode:
    """Return the pipeline ``source`` with ``values`` by key put in, references not filled in."""
    for dimension in space:
        if dimension.key in values:
            assert dimension.at is not None
            source = put_value(source, dimension.key, dimension.node(values[dimension.key]), dimension.at, problems)
    return source


def put_value(root: MapNode, key: str, value: Node, at: Position, problems: Problems) -> MapNode:
    """Return the pipeline with the value of a key, as ``--set`` takes it, changed."""
    path = key.split(".")
    if path[0] == "vars":
        return cast("MapNode", put(root, path, value, at, problems))
    steps = root.entries["steps"]
    assert isinstance(steps.value, ListNode)
    items = [
        put(item, ["with", *path[1:]], value, at, problems) if step_id(item) == path[0] else item
        for item in steps.value.items
    ]
    return root.with_entry(Entry("steps", steps.at, ListNode(tuple(items), steps.value.at)))


def tuning_schema() -> dict[str, Any]:
    """Return the JSON schema of ``tune``."""
    reference: dict[str, Any] = {"$ref": "#/$defs/reference"}
    whole = {"type": "integer", "minimum": 1}
    number = {"anyOf": [{"type": "number"}, reference]}
    choices = {"type": "array", "minItems": 2, "description": "Values to choose from."}
    interval = {
        "type": "object",
        "additionalProperties": False,
        "required": ["low", "high"],
        "properties": {
            "low": {"description": "Least value; whole numbers are searched between whole ends.", **number},
            "high": {"description": "Greatest value, which is in the range.", **number},
            "step": {"description": "Distance of the values.", **number},
            "log": {"type": "boolean", "default": False, "description": "Search it on a logarithmic scale."},
        },
    }
    listed = {
        "type": "object",
        "additionalProperties": False,
        "required": ["choices"],
        "properties": {"choices": choices},
    }
    return {
        "type": ["object", "null"],
        "description": "What 'specframe tune' searches; 'specframe run' does not look at it.",
        "additionalProperties": False,
        "properties": {
            "trials": {"description": "Number of trials.", "anyOf": [whole, reference]},
            "timeout": {"type": "string", "description": "A call begins no trial after this time, e.g. 2 h."},
            "score": {"type": "string", "description": "Score as metrics.json names it; the first of evaluate.scores."},
            "direction": {"enum": ["maximise", "minimise"], "description": "By default known from the score."},
            "sampler": {"enum": list(get_args(SamplerName)), "default": "tpe", "description": "What chooses values."},
            "pruner": {
                "enum": list(get_args(PrunerName)),
                "default": "none",
                "description": "What breaks off trials that are worse than others after the same folds.",
            },
            "space": {
                "type": "object",
                "minProperties": 1,
                "description": "What is searched, by keys as --set takes them: fit.alpha, vars.filters.",
                "additionalProperties": {"anyOf": [choices, interval, listed]},
            },
        },
    }
