"""The conformance suite as a table for the site, from the checks themselves."""

from __future__ import annotations

from specframe.testing.advice import ADVICE, GROUPS
from specframe.testing.suite import LOADS, MINIMUM, check_name, checks_of

__all__ = ["checks_table", "minimum_table"]

_KINDS = ("loader", "simulator", "calibrator", "detrender", "model", "uncertainty", "exporter", "score")
#: The three classes of exporters have the same checks.
_SHORT = {"calibrator": "calibrators", "detrender": "detrenders", "uncertainty": "estimators"}


def checks_table(kind: str) -> str:
    """Return all checks by group, with the kinds of which they are asked and how to mend what fails.

    ``kind`` is ``all``, or one kind whose checks alone are wanted.
    """
    kinds = _KINDS if kind == "all" else (kind,)
    asked: dict[str, list[str]] = {"loads": list(kinds)}
    said = {"loads": LOADS}
    for one in kinds:
        for check in (check for checks in checks_of(one) for check in checks):
            asked.setdefault(check_name(check), []).append(one)
            said[check_name(check)] = " ".join((check.__doc__ or "").split()).removeprefix("Require that ")
    lines: list[str] = []
    for group in GROUPS:
        names = [name for name in ADVICE if name in asked and ADVICE[name].group == group]
        if names:
            lines += ["", f"## {group[0].upper()}{group[1:]}", "", "| check | of | what must hold | how to mend it |"]
            lines.append("|---|---|---|---|")
            lines += [
                f"| `{name}` | {_of(asked[name], kinds)} | {_cell(said[name])} | {_cell(ADVICE[name].mend)} |"
                for name in names
            ]
    return "\n".join(lines[1:])


def minimum_table() -> str:
    """Return how many checks must run for each kind."""
    lines = ["| kind | checks | must run |", "|---|---|---|"]
    for kind, least in MINIMUM.items():
        total = 1 + sum(len(checks) for checks in checks_of(kind))
        lines.append(f"| {kind} | {total} | {least} |")
    return "\n".join(lines)


def _of(asked: list[str], kinds: tuple[str, ...]) -> str:
    return "all" if len(asked) == len(kinds) else ", ".join(_SHORT.get(kind, f"{kind}s") for kind in asked)


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")
