"""Plugins, those that come with specframe and those of others: what can be used, what cannot, and why."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from specframe.diagnosis.command_line import pip
from specframe.diagnosis.finding import Finding
from specframe.diagnosis.isolated import tried

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["examine_plugins"]

_TOPIC = "plugins"
_GROUP = "specframe.plugins"
#: Finds plugins as every command does; their packages may print, so the answer has a mark.
_DISCOVER = """
import json
from specframe.registry import Registry
def told(c):
    return {"label": f"{c.component.kind} {c.qualified_name}", "status": c.status, "reason": c.reason}
plugins = [
    {"name": p.name, "distribution": p.distribution, "version": p.version, "status": p.status, "reason": p.reason,
     "components": [told(c) for c in p.components]}
    for p in Registry.discover().plugins
]
print("specframe:" + json.dumps(plugins))
"""
#: Imports the components of others: every command believes what their plugins say until one is used.
_LOAD = """
import contextlib, json, sys
from specframe.errors import UnavailableComponentError
from specframe.registry import Registry
failed = []
with contextlib.redirect_stdout(sys.stderr):
    for plugin in Registry.discover().plugins:
        for component in plugin.components if plugin.distribution != "specframe" else ():
            if component.usable:
                try:
                    component.load()
                except UnavailableComponentError as error:
                    failed.append({"plugin": plugin.name, "reason": str(error)})
print("specframe:" + json.dumps(failed))
"""


def examine_plugins() -> Iterator[Finding]:
    """Look for plugins that cannot be used, in a process of its own."""
    yield from _twice()
    outcome = tried(_DISCOVER)
    found = [line for line in outcome.printed.splitlines() if line.startswith("specframe:")]
    if not found:
        yield Finding(
            _TOPIC,
            "problem",
            f"plugins cannot be looked for: {outcome.failure or 'nothing came back'}",
            "mend what is told under dependencies first, then run this again",
        )
        return
    plugins: list[dict[str, Any]] = json.loads(found[0][10:])
    usable = 0
    waiting: dict[str, list[str]] = {}
    for plugin in plugins:
        usable += sum(component["status"] == "ok" for component in plugin["components"])
        yield from _of(plugin, waiting)
    for line, components in sorted(waiting.items()):
        listed = ", ".join(components)
        yield Finding(_TOPIC, "warning", f"{listed}: need what is not installed, and can be left so", line)
    if not plugins:
        yield Finding(
            _TOPIC,
            "problem",
            "there is no plugin, not even those that come with specframe: its entry points are lost",
            pip("install", "--force-reinstall", "--no-deps", "specframe"),
        )
        return
    failed = list(_imports(plugins))
    yield from failed
    usable -= len(failed)
    origins = sorted({f"{plugin['distribution']} {plugin['version']}".strip() for plugin in plugins})
    yield Finding(_TOPIC, "ok", f"{usable} components of {len(plugins)} plugins can be used, of {', '.join(origins)}")


def _imports(plugins: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield components of other distributions than specframe's that are offered but cannot be imported."""
    others = {plugin["name"]: plugin for plugin in plugins if plugin["distribution"] != "specframe"}
    if not others:
        return
    outcome = tried(_LOAD)
    found = [line for line in outcome.printed.splitlines() if line.startswith("specframe:")]
    if not found:
        yield Finding(
            _TOPIC,
            "problem",
            f"importing the components of {', '.join(others)} fails: {outcome.failure or 'nothing came back'}",
            "run specframe plugins check with each of these names, to see which it is",
        )
        return
    for failed in json.loads(found[0][10:]):
        yield Finding(_TOPIC, "problem", failed["reason"], _mend(others[failed["plugin"]]))


def _of(plugin: Mapping[str, Any], waiting: dict[str, list[str]]) -> Iterator[Finding]:
    """Yield what is wrong with a plugin, and put aside what only waits for packages."""
    origin = f"{plugin['distribution']} {plugin['version']}".strip()
    if plugin["status"] in ("broken", "clash"):
        yield Finding(
            _TOPIC, "problem", f"plugin {plugin['name']} ({origin}) cannot be used: {plugin['reason']}", _mend(plugin)
        )
        return
    if plugin["status"] == "blocked":
        yield Finding(_TOPIC, "ok", f"plugin {plugin['name']} ({origin}) is {plugin['reason']}")
        return
    said: set[str] = set()
    for component in plugin["components"]:
        status, reason = component["status"], component["reason"]
        if status == "missing-extra":
            line = re.sub(r"^pip install", pip("install"), reason.rpartition("; run: ")[2])
            waiting.setdefault(line, []).append(component["label"])
        elif status == "incompatible-api":
            newer = "upgrade specframe" in reason
            mend = pip("install", "--upgrade", "specframe" if newer else plugin["distribution"])
            yield Finding(_TOPIC, "problem", f"{component['label']} ({origin}) cannot be used: {reason}", mend)
        elif status == "clash" and reason not in said:
            said.add(reason)
            what, _, mend = reason.partition(": ")
            yield Finding(_TOPIC, "warning", what, mend)
        elif status == "broken":
            yield Finding(_TOPIC, "problem", f"{component['label']} ({origin}): {reason}", _mend(plugin))


def _mend(plugin: Mapping[str, Any]) -> str:
    if plugin["status"] == "clash":
        return f"{pip('uninstall', plugin['distribution'])}, or what is said above"
    source = _editable(plugin["distribution"])
    if source:  # its author's: nothing that pip fetches would mend it
        again = f"correct it in {source}, then {pip('install', '-e', source)}"
    else:
        again = pip("install", "--force-reinstall", plugin["distribution"])
    block = f"SPECFRAME_BLOCK_PLUGINS={plugin['name']} to do without it"
    own = plugin["distribution"] == "specframe"
    return f"mend what is told under dependencies, or {again}" if own else f"{again}; or {block}"


def _editable(distribution: str) -> str:
    """Return the folder of a distribution that is installed from its source, ``""`` for any other."""
    try:
        told = json.loads(metadata.distribution(distribution).read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return ""
    if not told.get("dir_info", {}).get("editable"):
        return ""
    return unquote(urlsplit(told.get("url", "")).path)


def _twice() -> Iterator[Finding]:
    """Yield distributions with plugins that are installed more than once."""
    places: dict[str, dict[str, str]] = {}
    for distribution in metadata.distributions():
        if _GROUP not in (distribution.read_text("entry_points.txt") or ""):
            continue
        name = _name(distribution)
        if name and name != "specframe":
            place = Path(str(distribution.locate_file(""))).resolve()  # the working directory may stand twice
            places.setdefault(name, {})[str(place)] = str(distribution.version)
    for name, found in sorted(places.items()):
        if len(found) > 1:
            listed = " and ".join(f"{version} in {place}" for place, version in found.items())
            yield Finding(
                _TOPIC,
                "warning",
                f"{name} is installed {len(found)} times, {listed}: the first is used",
                f"{pip('uninstall', name)}, repeated until none is left, then install it once",
            )


def _name(distribution: metadata.Distribution) -> str:
    try:
        return str(distribution.metadata["Name"] or "")
    except Exception:  # without a METADATA file each version of Python raises something else
        return ""
