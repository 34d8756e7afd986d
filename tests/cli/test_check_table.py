"""The table of ``plugins check`` can be read: grouped, within the width, failures with what to do."""

from __future__ import annotations

from specframe.cli.check_table import check_table
from specframe.testing import CheckResult, Report

RESULTS = (
    CheckResult("documented", "passed", "", "its class has a docstring. And more of it.", "documentation", "Write it."),
    CheckResult(
        "coverage", "failed", "the 68% interval holds 59.3%", "intervals hold what they say.", "results", "Learn more."
    ),
    CheckResult("labels-valid", "skipped", "it has no labels", "labels are valid.", "data contract", "Make labels."),
    CheckResult("units-free", "passed", "", "``std`` scales.", "results", "Scale.", "to 1e-9"),
)


def text(width: int, failures_only: bool = False) -> list[str]:
    report = Report("score mine/one", RESULTS, 1)
    return [f"{mark}{line}" for mark, line, _ in check_table(report, width, failures_only)]


def test_a_line_for_each_check_under_its_group() -> None:
    assert text(100) == [
        "score mine/one",
        "",
        "documentation (1 of 1)",
        "  ok      documented    its class has a docstring.",
        "",
        "data contract (0 of 1)",
        "  skipped labels-valid  it has no labels",
        "",
        "results (1 of 2)",
        "  FAILED  coverage      intervals hold what they say.",
        "                        found: the 68% interval holds 59.3%",
        "                        mend: Learn more.",
        "  ok      units-free    std scales.",
        "                        (to 1e-9)",
        "",
        "score mine/one: 2 passed, 1 failed, 1 skipped of 4 checks",
    ]


def test_only_what_failed() -> None:
    assert [line.split()[1] for line in text(100, failures_only=True) if line.startswith("  FAILED")] == ["coverage"]
    assert not any("documented" in line or "labels-valid" in line for line in text(100, failures_only=True))


def test_a_narrow_terminal_has_it_beneath_each_other() -> None:
    lines = text(44)
    assert max(map(len, lines[:-1])) <= 44
    at = lines.index("  FAILED  coverage")
    assert lines[at + 1 : at + 3] == [
        "            intervals hold what they say.",
        "            found: the 68% interval holds",
    ]
