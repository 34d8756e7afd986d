"""What the conformance suite found out about a component."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["CheckResult", "ConformanceError", "Report"]

Outcome = Literal["passed", "failed", "skipped"]


class ConformanceError(AssertionError):
    """A component does not keep the contract of its kind, or too few checks could be run to tell."""


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check."""

    name: str
    outcome: Outcome
    #: Why it failed or was skipped.
    reason: str = ""
    #: What the check asks for, in one line.
    asks: str = ""
    #: What the check is about, one of :data:`GROUPS`.
    group: str = ""
    #: What to do when it fails.
    mend: str = ""
    #: What it measured, where that is of use to somebody who passed.
    note: str = ""


@dataclass(frozen=True)
class Report:
    """The outcomes of all checks of one component.

    Parameters
    ----------
    component
        Kind and name.
    results
        In the order in which the checks ran.
    minimum
        How many checks must have run, skipped ones not counted.
    """

    component: str
    results: tuple[CheckResult, ...]
    minimum: int

    @property
    def passed(self) -> tuple[CheckResult, ...]:
        """Checks that the component passed."""
        return self._with("passed")

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """Checks that the component failed."""
        return self._with("failed")

    @property
    def skipped(self) -> tuple[CheckResult, ...]:
        """Checks that could not be run or do not apply, with the reason."""
        return self._with("skipped")

    @property
    def ran(self) -> int:
        """Number of checks that ran: passed or failed."""
        return len(self.passed) + len(self.failed)

    @property
    def ok(self) -> bool:
        """Whether none failed and enough ran."""
        return not self.failed and self.ran >= self.minimum

    def raise_on_failure(self) -> None:
        """Raise :class:`ConformanceError` unless the report is :attr:`ok`."""
        if not self.ok:
            raise ConformanceError(str(self))

    def to_data(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return {
            "component": self.component,
            "ok": self.ok,
            "passed": len(self.passed),
            "failed": len(self.failed),
            "skipped": len(self.skipped),
            "minimum": self.minimum,
            "checks": [asdict(result) for result in self.results],
        }

    def __str__(self) -> str:
        lines = [self.summary]
        lines += [f"  failed   {result.name}: {result.reason}" for result in self.failed]
        reasons = dict.fromkeys(result.reason for result in self.skipped)
        for reason in reasons:
            names = ", ".join(result.name for result in self.skipped if result.reason == reason)
            lines.append(f"  skipped  {names}: {reason}")
        return "\n".join(lines)

    @property
    def summary(self) -> str:
        """Counts in one line."""
        line = (
            f"{self.component}: {len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"
            f" of {len(self.results)} checks"
        )
        return line if self.ran >= self.minimum else f"{line}; only {self.ran} ran, at least {self.minimum} must"

    def _with(self, outcome: Outcome) -> tuple[CheckResult, ...]:
        return tuple(result for result in self.results if result.outcome == outcome)
