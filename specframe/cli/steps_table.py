"""What each step of a run did, in a table: on how many targets, how many of them were stored, and how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specframe.cli.table import table, terminal_width
from specframe.progress.durations import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["step_lines"]

_MAPPING = ("load", "calibrate", "detrend")
#: Columns of numbers.
_NUMBERS = (2, 3, 4, 5)
#: A component has this much room at least.
_LEAST = 10
_LEARNING = ("model", "uncertainty")
#: Phases in which models and estimators of errors are fitted, or applied.
_FITTING = ("cross-validation", "fit", "predict")


def step_lines(manifest: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table with a row for each step over targets, and one for those that learn together."""
    steps = manifest["pipeline"]["steps"]
    timings, done = manifest["timings"], len(manifest["products"])
    aside = [entry["step"] for entry in manifest["set_aside"]]
    rows = [["step", "component", "done", "stored", "set aside", "time"]]
    stored = any("calibrate" in step or "detrend" in step for step in steps)
    left = done + len(aside)
    for step in steps:
        key = next((key for key in _MAPPING if key in step), None)
        if key is None:
            continue
        ran = timings["steps"].get(step["id"], {})
        lost = aside.count(step["id"])
        left -= lost
        from_store = str(max(left - ran.get("targets", 0), 0)) if stored and key != "load" else ""
        seconds = duration(ran["total"]) if ran.get("targets") else "-"
        component = step[key]
        if manifest.get("predicted_with") and key == "load":
            component = manifest["pipeline"].get("predict", {}).get("load", component)
        rows.append([step["id"], component, str(left), from_store, str(lost or ""), seconds])
    learning = [
        (step["id"], next(step[key] for key in _LEARNING if key in step))
        for step in steps
        if not set(_MAPPING) & set(step)
    ]
    if learning:
        names, components = zip(*learning, strict=True)
        phases = [timings["phases"][phase] for phase in _FITTING if phase in timings["phases"]]
        lost = sum(aside.count(name) for name in names)
        reused = "part" if timings.get("reused") else ""
        rows.append(
            [" > ".join(names), " > ".join(components), str(done), reused, str(lost or ""), duration(sum(phases))]
        )
    return table(
        [[row[0], shortened, *row[2:]] for row, shortened in zip(rows, _fitting(rows), strict=True)], right=_NUMBERS
    )


def _fitting(rows: list[list[str]]) -> list[str]:
    """Return the names of components, shortened where the terminal is narrow: the numbers matter more."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = max(terminal_width() - sum(widths) + widths[1] - 2 * (len(widths) - 1), _LEAST)
    return [row[1] if len(row[1]) <= room else f"{row[1][: room - 1]}…" for row in rows]
