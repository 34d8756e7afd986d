"""What results were made with, held against what others were made with, or would be now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Change", "changes", "hardware_changes", "version_changes"]


@dataclass(frozen=True)
class Change:
    """A value that is not the same; ``None`` where there is none."""

    key: str
    before: Any
    now: Any


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Return the keys whose values differ, in order, those of ``before`` first."""
    return [
        Change(key, before.get(key), now.get(key))
        for key in dict.fromkeys((*before, *now))
        if key not in before or key not in now or before[key] != now[key]
    ]


def version_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Return what differs in versions and code between two manifests: core, packages, plugins, components.

    What a manifest of an earlier specframe does not record is not compared.
    """
    found = changes({"specframe": before["specframe"]}, {"specframe": now["specframe"]})
    if "core" in before and "core" in now:
        found += changes({"code of the core": _short(before["core"])}, {"code of the core": _short(now["core"])})
    found += changes(_packages(before), _packages(now))
    found += changes(_plugins(before), _plugins(now))
    components = [_components(manifest) for manifest in (before, now)]
    for name in dict.fromkeys((*components[0], *components[1])):
        if all(name in known for known in components):
            found += changes(components[0][name], components[1][name])
    return found


def hardware_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Return in what the machines differ."""
    return changes(before.get("hardware", {}), now.get("hardware", {}))


def _packages(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {name: version for name, version in manifest.get("packages", {}).items() if name != "specframe"}


def _plugins(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return version and status of each plugin; one that is a file is called by its name, wherever it lies."""
    found = {}
    for place, known in manifest.get("plugins", {}).items():
        distribution, _, name = place.rpartition(":")
        called = (
            f"plugin {name}" if distribution in ("specframe", "") or distribution.endswith(".py") else f"plugin {place}"
        )
        status = "" if known["status"] == "ok" else f" ({known['status']})"
        found[called] = f"{known['version']}{status}"
    return found


def _components(manifest: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {
        name: {f"{known['kind']} {name}": known["version"], f"code of {known['kind']} {name}": _short(known["code"])}
        for name, known in manifest.get("components", {}).items()
    }


def _short(digest: str) -> str:
    return digest[:12]
