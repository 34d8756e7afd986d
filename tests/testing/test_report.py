"""A report counts what ran, and is not ok for want of checks either."""

from __future__ import annotations

import json

import pytest

from specframe.testing import CheckResult, ConformanceError, Report

PASSED = CheckResult("documented", "passed")
FAILED = CheckResult("input-not-mutated", "failed", "changes its input: flux")
SKIPPED = CheckResult("labels-valid", "skipped", "it has no labels")


def report(*results: CheckResult, minimum: int = 1) -> Report:
    return Report("model linear/ridge", results, minimum)


def test_counts() -> None:
    found = report(PASSED, PASSED, FAILED, SKIPPED)
    assert (len(found.passed), len(found.failed), len(found.skipped), found.ran) == (2, 1, 1, 3)
    assert found.summary == "model linear/ridge: 2 passed, 1 failed, 1 skipped of 4 checks"


def test_a_failure_is_raised_with_its_reason() -> None:
    with pytest.raises(ConformanceError, match="input-not-mutated: changes its input: flux"):
        report(PASSED, FAILED).raise_on_failure()


def test_skipped_checks_do_not_count() -> None:
    report(PASSED, SKIPPED).raise_on_failure()
    with pytest.raises(ConformanceError, match=r"only 1 ran, at least 2 must\n.*labels-valid: it has no labels"):
        report(PASSED, SKIPPED, minimum=2).raise_on_failure()


def test_a_shared_reason_is_said_once() -> None:
    text = str(report(SKIPPED, CheckResult("catalogue-valid", "skipped", "it has no labels")))
    assert text.endswith("skipped  labels-valid, catalogue-valid: it has no labels")


def test_as_json() -> None:
    data = json.loads(json.dumps(report(PASSED, FAILED).to_data()))
    assert (data["ok"], data["passed"], data["failed"]) == (False, 1, 1)
    assert data["checks"][1] == {
        "name": "input-not-mutated",
        "outcome": "failed",
        "reason": "changes its input: flux",
        "asks": "",
        "group": "",
        "mend": "",
        "note": "",
    }
