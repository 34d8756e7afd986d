"""Checks of seeds: whoever draws random numbers draws others with another seed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from specframe.testing.case import Skip, expect
from specframe.testing.compare import difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specframe.testing.fitted import FittedCase
    from specframe.testing.loader import LoaderCase

__all__ = ["seed_decides", "seed_of_parameters_decides"]

#: Given to ``fit`` in turn.
_SEEDS = (3, 4)


def seed_decides(case: FittedCase[Any]) -> None:
    """Require that one that draws random numbers heeds its seed: another one gives other numbers.

    Members of an ensemble differ by their seeds alone, and without this would be copies of one another.
    """
    said, drawn = [], []
    for seed in _SEEDS:
        example, component = case.examples()[0], case.make()
        with generators_watched() as seeds:
            case.fit(component, example, seed=seed)
        said.append(case.answer(component, case.new(example)))
        drawn.append(tuple(seeds))
    if difference(*said):
        return
    fixed = drawn[0] and drawn[0] == drawn[1]
    made = drawn[0][0] if drawn[0] else ""
    expect(not fixed, f"another seed changes nothing, though it draws random numbers, from {made} in both cases")


def seed_of_parameters_decides(case: LoaderCase) -> None:
    """Require that a simulator with a parameter ``seed`` gives other data with another one."""
    simulator = case.make()
    if "seed" not in case.cls.Params.model_fields:
        raise Skip("it has no parameter seed")
    other = case.cls(**{**case.params, "seed": simulator.params.seed + 1})
    target = simulator.targets()[0]
    there = target in other.targets()
    expect(
        not there or difference(simulator.load(target), other.load(target)),
        f"seed={simulator.params.seed} and seed={other.params.seed} give the same target {target}",
    )


@contextmanager
def generators_watched() -> Iterator[list[str]]:
    """Note how random generators of numpy are made, in order: ``default_rng(3)``."""
    made: list[str] = []
    default_rng, random_state = np.random.default_rng, np.random.RandomState

    def watched_rng(*args: Any, **named: Any) -> np.random.Generator:
        made.append(_call("default_rng", args, named))
        return default_rng(*args, **named)

    class SameType(type):
        """Takes generators made before for its own: libraries ask with ``isinstance``."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, random_state)

    class WatchedState(random_state, metaclass=SameType):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **named: Any) -> None:
            made.append(_call("RandomState", args, named))
            super().__init__(*args, **named)

    with patch.object(np.random, "default_rng", watched_rng), patch.object(np.random, "RandomState", WatchedState):
        yield made


def _call(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> str:
    written = [*map(repr, args), *(f"{key}={value!r}" for key, value in named.items())]
    return f"{name}({', '.join(written)})"
