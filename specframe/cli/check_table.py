"""The outcome of all checks of a component as a table: grouped, a line or two each, failures with how to mend them."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specframe.progress.colours import Style
    from specframe.testing import CheckResult, Report

__all__ = ["check_table"]

#: What stands at the beginning of a line; the word is enough without the colour.
_MARKS: dict[str, tuple[str, Style]] = {
    "passed": ("ok", "green"),
    "failed": ("FAILED", "red"),
    "skipped": ("skipped", "yellow"),
}
_MARK_WIDTH = 8
#: Where what a check asks for stands beside its name, rather than beneath it.
_WIDE = 80
#: A line with the mark that it begins with and how that is painted, or neither.
Line = tuple[str, str, "Style | None"]


def check_table(report: Report, width: int, failures_only: bool = False) -> list[Line]:
    """Return the lines of a report, each as ``(mark, text, style of the mark)``.

    Parameters
    ----------
    report
        Of one component.
    width
        Columns that lines may take, marks included.
    failures_only
        Leave out what passed or was skipped.
    """
    from specframe.testing.advice import GROUPS

    told = report.failed if failures_only else report.results
    name_width = max((len(result.name) for result in told), default=0) + 2
    lines: list[Line] = [("", report.component, "bold")]
    for group in GROUPS:
        results = [result for result in told if result.group == group]
        if results:
            passed = sum(result.outcome == "passed" for result in results)
            lines += [("", "", None), ("", f"{group} ({passed} of {len(results)})", "bold")]
            lines += [line for result in results for line in _lines_of(result, width, name_width)]
    return [*lines, ("", "", None), ("", report.summary, "bold" if report.ok else "red")]


def _lines_of(result: CheckResult, width: int, name_width: int) -> list[Line]:
    mark, style = _MARKS[result.outcome]
    beside = width >= _WIDE
    indent = 2 + _MARK_WIDTH + (name_width if beside else 2)
    said = [("", result.reason if result.outcome == "skipped" else _first_sentence(result.asks).replace("``", ""))]
    if result.outcome == "failed":
        said += [("found: ", result.reason), ("mend: ", result.mend)]
    elif result.note:
        said.append(("", f"({result.note})"))
    wrapped = [line for label, text in said for line in _wrapped(label, text, width - indent)]
    head = f"{result.name:<{name_width}}{wrapped.pop(0)}" if beside and wrapped else result.name
    return [(f"  {mark:<{_MARK_WIDTH}}", head.rstrip(), style), *(("", " " * indent + line, None) for line in wrapped)]


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.)\s+(?=[A-Z])", text, maxsplit=1)[0]


def _wrapped(label: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        f"{label}{' '.join(text.split())}",
        max(width, 30),
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )
