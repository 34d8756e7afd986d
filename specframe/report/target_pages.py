"""The targets with a page of their own in the report: the worst, the best, and those that figures are drawn of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import printable
from specframe.report.parameters_svg import parameters_svg
from specframe.report.predicted import TARGET_SCORES, Predicted
from specframe.report.spectrum_svg import spectrum_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["TargetPage", "drawing", "target_pages", "target_rows"]

#: So many targets of either end have a page.
_ENDS = 2
_WORDS = {
    "rmse": "Rms error",
    "pull_rms": "Pull rms",
    "inside_68": "Truth within 68 %",
    "inside_95": "Truth within 95 %",
    "error": "Median error",
    "distance": "Distance to the training set",
}
_RANKED = {"rmse": ("largest error", "smallest error"), "error": ("largest error bars", "smallest error bars")}


@dataclass(frozen=True)
class TargetPage:
    """What is shown of one target."""

    target: str
    #: Why it has a page: ``worst: largest error``.
    why: str
    #: The chart as SVG, escaped; ``""`` where nothing is predicted.
    chart: str = ""
    #: Name, value, median over the targets, and what it is.
    scores: list[tuple[str, str, str, str]] = field(default_factory=list)


def target_pages(predicted: Predicted | None, drawn: Mapping[str, str]) -> list[TargetPage]:
    """Return the pages: worst first, then the best, then the other targets in ``drawn``, which says why they."""
    reasons: dict[str, str] = {}
    by, order = predicted.ranking() if predicted is not None else ("", np.array([], int))
    if predicted is not None and by and order.size > 1:
        worst, best = _RANKED[by]
        names = [predicted.targets[row] for row in order]
        ends = min(_ENDS, len(names) // 2)
        for place, name in enumerate(names[:ends]):
            reasons[name] = f"worst: {worst}" if place == 0 else f"worst but {place}"
        for place, name in enumerate(names[::-1][:ends]):
            reasons[name] = f"best: {best}" if place == 0 else f"best but {place}"
    for target, why in drawn.items():
        reasons.setdefault(target, "" if why == "first" else why.replace("flagged ", "flagged: "))
    if predicted is None:
        return [TargetPage(target, why) for target, why in reasons.items()]
    row_of = {name: row for row, name in enumerate(predicted.targets)}
    return [
        TargetPage(target, why, drawing(predicted, row_of[target]), _scores(predicted, row_of[target]))
        if target in row_of
        else TargetPage(target, why)
        for target, why in reasons.items()
    ]


def target_rows(predicted: Predicted, rows: Sequence[int], flags: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the table of targets: ``heads``, and ``rows`` of name, numbers as text, and flags; the worst first.

    Names are printable, as they are in the viewer, to which they link.
    """
    scores = predicted.scores
    _, order = predicted.ranking()
    place = {int(row): i for i, row in enumerate(order)}
    of_target: dict[str, list[str]] = {}
    for flag, targets in flags.items():
        for target in targets:
            of_target.setdefault(target, []).append(flag)
    return {
        "heads": [(_headed(predicted, name), TARGET_SCORES[name]) for name in scores],
        "rows": [
            (
                printable(predicted.targets[row]),
                [_number(name, float(values[row])) for name, values in scores.items()],
                ", ".join(of_target.get(predicted.targets[row], [])),
            )
            for row in sorted((int(row) for row in rows), key=lambda row: place.get(row, len(place)))
        ],
    }


def drawing(predicted: Predicted, row: int, identifier: str = "") -> str:
    """Return the chart of a target as SVG: its spectrum, or its parameters."""
    draw = spectrum_svg if predicted.is_spectrum else parameters_svg
    return draw(predicted, row, identifier)


def _scores(predicted: Predicted, row: int) -> list[tuple[str, str, str, str]]:
    found = []
    for name, values in predicted.scores.items():
        known = values[np.isfinite(values)]
        if np.isfinite(values[row]):
            middle = _number(name, float(np.median(known))) if known.size > 1 else ""
            found.append((_headed(predicted, name), _number(name, float(values[row])), middle, TARGET_SCORES[name]))
    return found


def _headed(predicted: Predicted, name: str) -> str:
    """Return the name of a score with the unit that its numbers are in."""
    if name not in ("rmse", "error"):
        return _WORDS[name]
    unit = predicted.quantity.error_unit if predicted.quantity else "of the scatter between targets"
    return f"{_WORDS[name]} ({unit})" if unit else _WORDS[name]


def _number(name: str, value: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{100 * value:.0f} %" if name.startswith("inside") else f"{value:.3g}"
