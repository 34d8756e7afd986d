"""All that is looked at, in order, and the findings as text and as data."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from specframe.diagnosis.accelerator import examine_accelerator
from specframe.diagnosis.dependencies import examine_dependencies
from specframe.diagnosis.finding import LEVELS, Finding, Level
from specframe.diagnosis.installation import examine_installation
from specframe.diagnosis.interpreter import examine_interpreter
from specframe.diagnosis.machine import examine_files, examine_machine
from specframe.diagnosis.plugins import examine_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Diagnosis", "diagnose"]

_EXAMINATIONS: tuple[Callable[[], Iterator[Finding]], ...] = (
    examine_interpreter,
    examine_installation,
    examine_dependencies,
    examine_plugins,
    examine_accelerator,
    examine_machine,
    examine_files,
)
#: How levels are marked; without colours the word is enough.
_MARKS: dict[Level, str] = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}


@dataclass(frozen=True)
class Diagnosis:
    """What was found, in the order in which it was looked at."""

    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What keeps specframe from working."""
        return tuple(finding for finding in self.findings if finding.level == "problem")

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        counts = {level: sum(finding.level == level for finding in self.findings) for level in LEVELS}
        if counts["problem"]:
            return (
                f"{_counted(counts['problem'], 'problem')}, {_counted(counts['warning'], 'warning')}: mend from above"
            )
        return f"specframe can work here; {_counted(counts['warning'], 'warning')}"

    def to_data(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {"ok": self.ok, "findings": [finding.to_data() for finding in self.findings]}

    def lines(self, width: int = 100) -> list[tuple[str, Level | None]]:
        """Return the lines of a text, each with the level whose mark it begins with."""
        told: list[tuple[str, Level | None]] = []
        topic = ""
        for finding in self.findings:
            if finding.topic != topic:
                topic = finding.topic
                told += [("", None)] if told else []
                told.append((topic, None))
            told.append((f"  {_MARKS[finding.level]}", finding.level))
            first, *rest = _wrapped(finding.text, width)
            told[-1] = (f"  {_MARKS[finding.level]:<9}{first}", finding.level)
            told += [(f"{'':11}{line}", None) for line in rest]
            if finding.mend:
                label = "to have them" if finding.level == "ok" else "to mend it"
                told.append((f"{'':11}{label}: {finding.mend}", None))  # one line, to be pasted
        return [*told, ("", None), (self.summary, None)]

    def __str__(self) -> str:
        return "\n".join(line for line, _ in self.lines())


def diagnose() -> Diagnosis:
    """Look at everything; what an examination itself stumbles over becomes a finding."""
    findings: list[Finding] = []
    for examine in _EXAMINATIONS:
        try:
            findings += examine()
        except Exception as error:  # a broken installation breaks in ways that nobody has thought of
            topic = examine.__name__.removeprefix("examine_")
            findings.append(
                Finding(
                    topic,
                    "warning",
                    f"this could not be looked at to the end: {type(error).__name__}: {error}",
                    "report it, with this text",
                )
            )
    return Diagnosis(tuple(findings))


def _wrapped(text: str, width: int) -> list[str]:
    options = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.wrap(" ".join(text.split()), max(width - 11, 30), **options) or [""]  # type: ignore[arg-type]


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
