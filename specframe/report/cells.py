"""Tables of the report: scores with their intervals, statistics of parameters, provenance, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "FIRST",
    "class_table",
    "flat_tables",
    "named_targets",
    "parameter_rows",
    "score_names",
    "score_text",
    "shown",
]

#: So many targets are named in a row of a table.
_NAMED = 20
#: Statistics of the first table of parameters, and how they are headed.
FIRST = {"r2": "R²", "rmse": "RMSE", "mae": "MAE", "bias": "Bias", "skew": "Skew", "coverage": "Within"}


def named_targets(targets: Sequence[str]) -> str:
    """Return the names of the first targets, and how many there are more."""
    more = len(targets) - _NAMED
    return ", ".join(targets[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def score_names(scores: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    """Return the names over all parts in order, those of errors left out."""
    names = dict.fromkeys(name for values in scores.values() for name in values)
    return [name for name in names if not (name.endswith("-error") and name.removesuffix("-error") in names)]


def class_table(classes: Mapping[str, Mapping[str, Any]]) -> dict[str, list[tuple[str, Any]]]:
    """Return the rows of a table of scores by class: for each score the cell of every class."""
    names = score_names({label: found["scores"] for label, found in classes.items()})
    rows: dict[str, list[tuple[str, Any]]] = {
        "targets": [(label, str(found["targets"])) for label, found in classes.items()]
    }
    for name in names:
        rows[name] = [
            (label, score_text(found["scores"], name, found["intervals"])) for label, found in classes.items()
        ]
    return rows


def parameter_rows(parameters: Mapping[str, Mapping[str, Any]], first: Mapping[str, str] | None) -> dict[str, Any]:
    """Return ``heads`` and, by parameter, ``unit`` and ``cells`` (value and interval) of statistics.

    Those that ``first`` names by what their name begins with, in its order, or all of them.
    """
    names = dict.fromkeys(name for found in parameters.values() for name in found["scores"])
    if first is None:
        heads = {name: name for name in names}
    else:
        heads = {
            name: title + (f" {name.removeprefix(start)[1:]} %" if name != start else "")
            for start, title in first.items()
            for name in names
            if name == start or name.startswith(f"{start}-")
        }
    return {
        "heads": list(heads.values()),
        "rows": {
            parameter: {"unit": found["unit"], "cells": [_cell(found, name) for name in heads]}
            for parameter, found in parameters.items()
        },
    }


def _cell(found: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Return a value and its interval as text, both empty where there is none."""
    value, bounds = found["scores"].get(name), found["intervals"].get(name)
    if value is None:
        return "", ""
    factor, digits, unit = (100.0, ".3g", " %") if name.startswith("coverage-") else (1.0, ".4g", "")
    short = ".4g" if name == "r2" else ".3g"  # of R2 only the last digits say something
    ends = f"[{factor * bounds[0]:{short}}, {factor * bounds[1]:{short}}]" if bounds else ""
    return f"{factor * value:{digits}}{unit}", ends


def score_text(values: Mapping[str, float | None], name: str, intervals: Mapping[str, Sequence[float]]) -> str | None:
    """Return ``0.684 [0.645, 0.722]``, ``0.684 ± 0.020``, or ``None`` for a score that could not be computed."""
    value, error = values.get(name), values.get(f"{name}-error")
    if value is None:
        return None
    if name in intervals:
        low, high = intervals[name]
        return f"{value:.5g} [{low:.4g}, {high:.4g}]"
    if error is None:
        return f"{value:.5g}"
    return f"{value:.3f} ± {error:.3f}"


def flat_tables(provenance: Mapping[str, object], prefix: str = "") -> dict[str, dict[str, str]]:
    """Return one flat table per mapping: what is no mapping itself stands in its parent's."""
    flat = {str(name): shown(value) for name, value in provenance.items() if not isinstance(value, Mapping)}
    tables = {prefix or "run": flat} if flat else {}
    for name, value in provenance.items():
        if isinstance(value, Mapping):
            tables |= flat_tables(value, f"{prefix} / {name}" if prefix else str(name))
    return tables


def shown(value: Any) -> str:
    """Return a value as the tables have it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value)
    return str(value)
