"""Whether error bars are right is said in words, and only as far as the numbers tell."""

from __future__ import annotations

import pytest

from specframe.report.verdict import coverage_sentences


@pytest.mark.parametrize(
    ("measured", "reach", "verdict"),
    [
        (0.70, (0.62, 0.78), "consistent with what they state"),
        (0.55, (0.48, 0.62), "too narrow"),
        (0.83, (0.75, 0.90), "too wide"),
    ],
)
def test_a_coverage_is_compared_with_its_level(measured: float, reach: tuple[float, float], verdict: str) -> None:
    (said,) = coverage_sentences({"cv": {"coverage-68": measured, "r2": 0.9}}, {"cv": {"coverage-68": reach}})
    assert said.startswith(f"Intervals of 68 % hold {100 * measured:.1f} % of the true values (cv; 95 % confidence ")
    assert said.endswith(f": {verdict}.")


def test_a_standard_error_takes_the_place_of_an_interval() -> None:
    (said,) = coverage_sentences({"cv": {"coverage-95": 0.99, "coverage-95-error": 0.03}}, {})
    # 0.99 +- 1.96 * 0.03, and no more than all
    assert "93.1 to 100.0 %): consistent with what they state" in said


def test_without_either_nothing_is_claimed() -> None:
    assert coverage_sentences({"cv": {"coverage-68": 0.5, "coverage-95": None}}, {}) == [
        "Intervals of 68 % hold 50.0 % of the true values (cv)."
    ]
