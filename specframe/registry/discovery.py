"""Find plugins, load each on its own, and record what became of it.

pluggy's own ``load_setuptools_entrypoints`` lets the first of two plugins of one name win without a word, and dies with
the first plugin that raises. Here every plugin ends in a record: usable, or with the reason why it is not.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from specframe.api.component import Hooks
from specframe.registry.offer import PluginFault, register_offer
from specframe.registry.record import PluginRecord, Registered, Status
from specframe.registry.source import Source, installed_sources, local_sources

if TYPE_CHECKING:
    from specframe.registry.selection import Selection

__all__ = ["ambiguity", "discover"]


def discover(selection: Selection, files: Sequence[Path] = ()) -> tuple[tuple[PluginRecord, ...], pluggy.PluginManager]:
    """Return a record of every plugin, sorted by name and distribution, and the manager of those that are usable.

    Blocked plugins, and plugins whose names clash, are not imported.
    """
    found = [*installed_sources(), *local_sources(files)]
    manager = pluggy.PluginManager("specframe")
    manager.add_hookspecs(Hooks)

    records: list[PluginRecord] = []
    wanted: list[Source] = []
    for plugin in sorted(found, key=lambda plugin: (plugin.name, plugin.distribution)):
        refusal = selection.refusal(plugin)
        if refusal:
            records.append(_record(plugin, "blocked", refusal))
        elif isinstance(plugin, Source):
            wanted.append(plugin)
        else:
            records.append(plugin)
    count = Counter(source.name for source in wanted)
    for source in wanted:
        if count[source.name] > 1:
            others = [other for other in wanted if other.name == source.name]
            records.append(_record(source, "clash", _clash_reason(source.name, others)))
        else:
            records.append(_load(source, manager))
    for pin in selection.unmatched_pins(found):
        reason = (
            f"{pin.origin} asks for {pin.name}{pin.versions}, but no plugin or distribution of that name is installed"
        )
        records.append(PluginRecord(pin.name, "", "", "blocked", reason))
    records.sort(key=lambda record: (record.name, record.distribution))
    return _mark_clashes(records), manager


def _record(plugin: Source | PluginRecord, status: Status, reason: str) -> PluginRecord:
    return PluginRecord(plugin.name, plugin.distribution, plugin.version, status, reason)


def _load(source: Source, manager: pluggy.PluginManager) -> PluginRecord:
    """Import a plugin, register it and read its components; nothing it raises gets out."""
    plugin: object = None
    components: list[Registered] = []
    try:
        # what a plugin prints must not get into the output of ``plugins list --json``
        with contextlib.redirect_stdout(sys.stderr):
            plugin = source.load()
            _register(plugin, source, manager)
            for component in _offered(plugin, manager):
                components.append(register_offer(component, source, components))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if manager.has_plugin(source.name):
            manager.unregister(name=source.name)
        reason = str(error) if isinstance(error, PluginFault) else _raised(error)
        if plugin is None and _leads_nowhere(error, source.entry_point):
            reason += (
                f"; its entry point is {source.entry_point}, correct it in its pyproject.toml and install it again"
            )
        # a plugin with a fault is not used by halves; those it did name say why
        unusable = tuple(replace(c, status="broken", reason=f"its plugin is broken: {reason}") for c in components)
        return replace(_record(source, "broken", reason), components=unusable)
    status, reason = _summary(components)
    return replace(_record(source, status, reason), components=tuple(components))


def _summary(components: Sequence[Registered]) -> tuple[Status, str]:
    """Return the status of a plugin: ok while any of its components is, or when it has hooks only."""
    if not components or any(component.status == "ok" for component in components):
        return "ok", ""
    return components[0].status, components[0].reason


def _register(plugin: object, source: Source, manager: pluggy.PluginManager) -> None:
    if manager.is_registered(plugin):
        raise PluginFault(f"it is the same object as plugin {manager.get_name(plugin)!r}: remove one entry point")
    manager.register(plugin, name=source.name)
    known = {name for name, value in vars(Hooks).items() if inspect.isfunction(value)}
    callers = manager.get_hookcallers(plugin) or []
    if not callers:
        raise PluginFault("it implements no hook: mark specframe_components() with @hookimpl from specframe.api")
    for caller in callers:
        if caller.name not in known:
            raise PluginFault(f"it implements the unknown hook {caller.name!r}, known are {', '.join(sorted(known))}")
        if any((i.wrapper or i.hookwrapper) for i in caller.get_hookimpls() if i.plugin is plugin):
            raise PluginFault(f"its hook {caller.name!r} is a wrapper, which specframe does not call")


def _offered(plugin: object, manager: pluggy.PluginManager) -> Iterator[Any]:
    for implementation in manager.hook.specframe_components.get_hookimpls():
        if implementation.plugin is plugin:
            offered = implementation.function()
            if offered is not None and not isinstance(offered, Iterable):
                raise PluginFault(f"specframe_components() must yield Components, it returned {offered!r}")
            yield from offered or ()


def _mark_clashes(records: Sequence[PluginRecord]) -> tuple[PluginRecord, ...]:
    """Give components that share kind and short name the status ``clash``; their qualified names still work."""
    holders: dict[tuple[str, str], list[Registered]] = {}
    for record in records:
        for registered in record.components:
            if registered.competes:
                holders.setdefault((registered.component.kind, registered.component.name), []).append(registered)

    def marked(registered: Registered) -> Registered:
        rivals = holders.get((registered.component.kind, registered.component.name), [])
        if registered.status != "ok" or len(rivals) < 2:
            return registered
        return replace(registered, status="clash", reason=ambiguity(rivals))

    return tuple(replace(record, components=tuple(map(marked, record.components))) for record in records)


def ambiguity(rivals: Sequence[Registered]) -> str:
    """Say which plugins offer one short name, and how to choose."""
    rivals = sorted(rivals, key=lambda rival: rival.qualified_name)
    kind, name = rivals[0].component.kind, rivals[0].component.name
    names = " and ".join(f"{r.qualified_name} ({r.distribution} {r.version})" for r in rivals)
    return (
        f"the {kind} {name!r} is offered by {names}: write one of these names in full, or block a plugin with "
        f"plugins: {{block: [{rivals[-1].plugin}]}} or SPECFRAME_BLOCK_PLUGINS={rivals[-1].plugin}"
    )


def _clash_reason(name: str, sources: Sequence[Source]) -> str:
    origins = [f"{source.distribution} {source.version}" for source in sources]
    example = f"{sources[-1].distribution}:{name}"
    return (
        f"the plugin name {name!r} is claimed by {' and by '.join(origins)}, so neither is used: uninstall one, or "
        f'block one with plugins: {{block: ["{example}"]}} or SPECFRAME_BLOCK_PLUGINS={example}'
    )


def _leads_nowhere(error: BaseException, entry_point: str) -> bool:
    """Whether an entry point names what is not there, and not a module that fails when it is imported."""
    target = entry_point.partition(" = ")[2].strip('"')
    module, _, attribute = target.partition(":")
    if isinstance(error, ModuleNotFoundError):
        return bool(error.name) and f"{module}.".startswith(f"{error.name}.")
    return bool(attribute) and isinstance(error, AttributeError) and error.name in attribute.split(".")


def _raised(error: BaseException) -> str:
    """Say what a plugin raised, and the last line of its own where."""
    frames = traceback.extract_tb(error.__traceback__)
    outside = [f for f in frames if not f.filename.startswith("<") and "importlib" not in Path(f.filename).parts]
    callers = (Path(__file__).parent, Path(pluggy.__file__).parent)
    own = [f for f in outside if Path(f.filename).parent not in callers]
    at = f" at {own[-1].filename}:{own[-1].lineno}" if own else ""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"it raised {what}{at}"
