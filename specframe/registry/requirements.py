"""Whether what a component requires is installed, found out without importing any of it."""

from __future__ import annotations

from functools import reduce
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.requirements import Requirement

__all__ = ["missing_requirements", "pip_line"]


def missing_requirements(requires: Iterable[str]) -> list[tuple[str, str]]:
    """Return ``(requirement, version that is installed or "")`` for each requirement that is not met.

    Name, version and environment marker count, extras of the requirement do not.

    Raises
    ------
    packaging.requirements.InvalidRequirement
        When one is not a requirement as pip takes it.
    """
    from packaging.requirements import Requirement

    missing = []
    for text in requires:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            missing.append((text, ""))
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            missing.append((text, installed))
    return missing


def pip_line(missing: Iterable[str], distribution: str) -> str:
    """Return the command that installs ``missing``.

    That is ``pip install "distribution[extra]"`` where the distribution's own metadata list them under an extra (the
    one with the fewest other requirements), else the requirements themselves.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    offered = _extras(distribution)
    wanted = {text: canonicalize_name(Requirement(text).name) for text in missing}
    holders = [{extra for extra, names in offered.items() if name in names} for name in wanted.values()]
    common: set[str] = reduce(set.intersection, holders) if holders else set()
    if common:
        return _install([f"{distribution}[{_smallest(common, offered)}]"])
    extras = sorted({_smallest(extras, offered) for extras in holders if extras})
    plain = [text for text, extras in zip(wanted, holders, strict=True) if not extras]
    return _install([f"{distribution}[{','.join(extras)}]", *plain] if extras else plain)


def _install(requirements: list[str]) -> str:
    return "pip install " + " ".join(f'"{requirement}"' for requirement in requirements)


def _smallest(extras: set[str], offered: dict[str, set[str]]) -> str:
    return min(extras, key=lambda extra: (len(offered[extra]), extra))


def _extras(distribution: str) -> dict[str, set[str]]:
    """Return ``{extra: canonical names of what it installs}`` of an installed distribution."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        installed = metadata.distribution(distribution)
    except (metadata.PackageNotFoundError, ValueError):  # a local file has no metadata
        return {}
    requirements: list[Requirement] = []
    for text in installed.requires or ():
        try:
            requirements.append(Requirement(text))
        except InvalidRequirement:  # one unreadable line must not hide the other extras
            continue
    return {
        extra: {
            canonicalize_name(requirement.name)
            for requirement in requirements
            if requirement.marker is not None
            and requirement.marker.evaluate({"extra": extra})
            and not requirement.marker.evaluate({"extra": ""})
        }
        for extra in installed.metadata.get_all("Provides-Extra") or ()
    }
