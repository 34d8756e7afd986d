"""What a run would do: which steps on how many targets, what is stored already, and why the rest is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from specframe.errors import DataError
from specframe.pipeline.directory import MANIFEST
from specframe.pipeline.targets.target import TargetWorker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe.pipeline.session import Session

__all__ = ["PlannedStep", "plan_pipeline"]


@dataclass(frozen=True)
class PlannedStep:
    """A step and what would happen to it."""

    id: str
    kind: str
    component: str
    #: Targets on which it would run, and those whose result is stored. Both 0 for steps on all targets at once.
    to_run: int
    stored: int
    why: str


def plan_pipeline(session: Session) -> list[PlannedStep]:
    """Look at the inputs and the store and say, step by step, what ``run`` would do. Nothing is computed."""
    worker = TargetWorker(session.recipe(), session.registry)
    targets = worker.loader.targets()
    needed: Counter[str] = Counter()
    stored: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {}
    maps = worker.recipe.maps
    for target in targets:
        try:
            keys = worker.keys(target)
        except DataError as error:
            reasons.setdefault(worker.recipe.load.id, Counter())[f"will be set aside: {error}"] += 1
            continue
        last = worker.last_stored(target, keys)
        stored.update(step.id for step in maps[:last])
        needed.update(step.id for step in maps[last:])
        if last < len(maps) or not maps:
            needed[worker.recipe.load.id] += last == 0
        for recipe in maps[last:]:
            reasons.setdefault(recipe.id, Counter())[worker.why_run(recipe, target)] += 1
    planned = []
    for step in session.spec.steps:
        kind = step.component.component.kind
        if kind in ("loader", "calibrator", "detrender"):
            why = _joined(reasons.get(step.id, Counter()))
            if kind == "loader" and not why:
                why = f"{len(targets)} targets found"
            planned.append(
                PlannedStep(
                    step.id, kind, step.component.qualified_name, needed[step.id], stored[step.id], why or "stored"
                )
            )
        else:
            why = "fitted in every fold and on all targets; folds that are stored and still valid are not fitted again"
            if not (session.directory.path / MANIFEST).is_file():
                why = "fitted in every fold and on all targets"
            planned.append(PlannedStep(step.id, kind, step.component.qualified_name, 0, 0, why))
    return planned


def _joined(reasons: Counter[str]) -> str:
    shown = [f"{reason} ({count})" for reason, count in reasons.most_common(3)]
    rest: Sequence[int] = [count for _, count in reasons.most_common()[3:]]
    return "; ".join(shown) + (f"; {len(rest)} more reasons ({sum(rest)})" if rest else "")
