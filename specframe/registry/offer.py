"""Check what a plugin yields, and find out whether it can be used here."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from specframe.api.component import API_VERSION, KINDS, SUPPORTED_API_VERSIONS, Component
from specframe.api.params import Params
from specframe.registry.record import Registered
from specframe.registry.requirements import missing_requirements, pip_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from specframe.registry.source import Source

__all__ = ["PluginFault", "register_offer"]

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TARGET = re.compile(r"[^\s:]+:[^\W\d]\w*")


class PluginFault(Exception):  # noqa: N818 - never raised out of discovery, where it becomes a record
    """A plugin does something that the contract does not allow."""


def register_offer(component: Any, source: Source, before: Sequence[Registered]) -> Registered:
    """Check what a plugin yielded and return it with its status."""
    if not isinstance(component, Component):
        raise PluginFault(f"specframe_components() must yield Components, it yielded {_short(component)}")
    component = _with_real_target(component, source)
    offered = Registered(component, source.name, source.distribution, source.version)
    if component.api not in SUPPORTED_API_VERSIONS:
        taken = " and ".join(map(str, SUPPORTED_API_VERSIONS))
        newer = isinstance(component.api, int) and component.api > API_VERSION
        return replace(
            offered,
            status="incompatible-api",
            reason=f"it was written for api {component.api!r}, this specframe takes api {taken}: "
            + ("upgrade specframe" if newer else f"upgrade {source.distribution}"),
        )
    faults = list(_faults(component))
    if any((b.component.kind, b.component.name) == (component.kind, component.name) for b in before):
        faults.append("the plugin yields this kind and name twice")
    if faults:
        raise PluginFault(f"component {component.kind!r} {component.name!r}: {'; '.join(faults)}")
    missing = missing_requirements(component.requires)
    if missing:
        needs = ", ".join(f"{text} ({f'installed: {got}' if got else 'not installed'})" for text, got in missing)
        line = pip_line([text for text, _ in missing], source.distribution)
        return replace(offered, status="missing-extra", reason=f"needs {needs}; run: {line}")
    return offered


def _with_real_target(component: Component, source: Source) -> Component:
    """Replace the stem by which a local file calls itself by the name of the module made from it."""

    def real(target: Any) -> Any:
        if source.module and isinstance(target, str) and target.startswith(f"{source.name}:"):
            return source.module + target.removeprefix(source.name)
        return target

    return replace(component, target=real(component.target), example=real(component.example))


def _faults(component: Component) -> Iterator[str]:
    """Yield what is wrong with the fields of a component; a plugin author may have put anything there."""
    fields: Any = component
    if fields.kind not in KINDS:
        yield f"kind must be one of {', '.join(KINDS)}, got {fields.kind!r}"
    if not isinstance(fields.name, str) or not _NAME.fullmatch(fields.name):
        yield f"name must be lower case, digits and single hyphens, got {fields.name!r}"
    if not isinstance(fields.target, str) or not _TARGET.fullmatch(fields.target):
        yield f'target must be a string "package.module:Class", got {fields.target!r}'
    if fields.example != "" and not (isinstance(fields.example, str) and _TARGET.fullmatch(fields.example)):
        yield f'example must be a string "package.module:function", got {fields.example!r}'
    if not (isinstance(fields.params, type) and issubclass(fields.params, Params)):
        yield f"params must be a subclass of specframe.api.Params, got {fields.params!r}"
    for field in ("requires", "tags"):
        texts = getattr(fields, field)
        if not isinstance(texts, tuple) or not all(isinstance(text, str) for text in texts):
            yield f"{field} must be a tuple of strings, got {texts!r}"
        elif field == "requires":
            yield from _unreadable(texts)
    if not isinstance(fields.summary, str):
        yield f"summary must be a string, got {fields.summary!r}"


def _unreadable(requires: Iterable[str]) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement

    for text in requires:
        try:
            Requirement(text)
        except InvalidRequirement as error:
            yield f"requires {text!r} is not a requirement as pip takes it ({str(error).splitlines()[0]})"


def _short(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) < 60 else text[:57] + '...'}"
