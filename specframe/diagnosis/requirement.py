"""What specframe requires, read from its own metadata; also where the package that reads requirements is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

__all__ = ["Required", "canonical", "requirements"]

_REQUIREMENT = re.compile(r"\s*(?P<name>[\w.-]+)\s*(\[[^\]]*\])?\s*(?P<versions>[^;]*)")
_EXTRA = re.compile(r"extra\s*==\s*[\"']([\w.-]+)[\"']")
_CLAUSE = re.compile(r"(>=|<=|==|!=|~=|<|>)\s*([\w.*+!-]+)")


@dataclass(frozen=True)
class Required:
    """One line of ``Requires-Dist``: ``numpy>=1.26``, of an extra where it is of one."""

    name: str
    versions: str
    extra: str = ""

    @property
    def text(self) -> str:
        """The requirement as pip takes it."""
        return f"{self.name}{self.versions}"

    def allows(self, version: str) -> bool:
        """Return whether a version is within the bounds, by its release number alone."""
        return all(_compared(_release(version), sign, bound) for sign, bound in _CLAUSE.findall(self.versions))


def requirements(distribution: str = "specframe") -> list[Required]:
    """Return what a distribution requires; none where it is not installed."""
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return []
    found = []
    for line in lines:
        match, extra = _REQUIREMENT.match(line), _EXTRA.search(line)
        if match:
            versions = match["versions"].strip().strip("()").replace(" ", "")
            found.append(Required(match["name"], versions, extra[1] if extra else ""))
    return found


def canonical(name: str) -> str:
    """Return a distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _release(version: str) -> tuple[int, ...]:
    digits = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in digits[1].split(".")) if digits else ()


def _compared(version: tuple[int, ...], sign: str, bound: str) -> bool:
    limit = _release(bound)
    length = max(len(version), len(limit))
    padded, other = (value + (0,) * (length - len(value)) for value in (version, limit))
    if sign == "~=":
        return padded >= other and version[: len(limit) - 1] == limit[:-1]
    if bound.endswith(".*"):
        same = version[: len(limit)] == limit
        return same if sign == "==" else not same
    return {
        ">=": padded >= other,
        "<=": padded <= other,
        "==": padded == other,
        "!=": padded != other,
        "<": padded < other,
        ">": padded > other,
    }[sign]
