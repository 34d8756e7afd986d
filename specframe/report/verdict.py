"""What measured coverage says of error bars, in sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["coverage_sentences"]

_COVERAGE = re.compile(r"coverage-(\d+(?:\.\d+)?)")
#: A coverage that is known with a standard error only is compared within so many of them, as 95 % intervals reach.
_ERRORS = 1.96


def coverage_sentences(
    scores: Mapping[str, Mapping[str, float | None]], intervals: Mapping[str, Mapping[str, Sequence[float]]]
) -> list[str]:
    """Return a sentence for each measured coverage: how many truths intervals hold, and whether that is as stated.

    Parameters
    ----------
    scores
        By part and name: ``coverage-68`` is the fraction of truths within intervals of 68 %, ``coverage-68-error`` its
        standard error.
    intervals
        Confidence intervals by part and name. Without one, ``coverage-68-error`` takes its place.
    """
    found = []
    for part, values in scores.items():
        for name, measured in values.items():
            level = _COVERAGE.fullmatch(name)
            if level is None or measured is None:
                continue
            error = values.get(f"{name}-error")
            reach = intervals.get(part, {}).get(name) or (
                None if error is None else (measured - _ERRORS * error, measured + _ERRORS * error)
            )
            text = f"Intervals of {level[1]} % hold {100 * measured:.1f} % of the true values ({part}"
            if reach is None:
                found.append(f"{text}).")
                continue
            low, high = (min(max(100 * end, 0.0), 100.0) for end in reach)
            nominal = float(level[1])
            verdict = (
                "too wide" if nominal < low else "too narrow" if nominal > high else "consistent with what they state"
            )
            found.append(f"{text}; 95 % confidence {low:.1f} to {high:.1f} %): {verdict}.")
    return found
