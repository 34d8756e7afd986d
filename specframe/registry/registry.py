"""The registry: which components there are, and which one a name means."""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Self

from specframe.api.component import KINDS
from specframe.errors import AmbiguousComponentError, PluginError, UnknownComponentError
from specframe.registry.discovery import ambiguity, discover
from specframe.registry.selection import Selection
from specframe.registry.step_hooks import StepHooks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pluggy

    from specframe.registry.record import PluginRecord, Registered

__all__ = ["Registry"]


class Registry:
    """What discovery found.

    Parameters
    ----------
    plugins
        A record of every plugin, usable or not.
    manager
        Where the usable ones are registered.
    """

    def __init__(self, plugins: Sequence[PluginRecord], manager: pluggy.PluginManager) -> None:
        self.plugins = tuple(plugins)
        self.hooks = StepHooks(manager)

    @classmethod
    def discover(cls, block: Iterable[str] = (), pin: Iterable[str] = (), files: Iterable[Path | str] = ()) -> Self:
        """Find all plugins; problems become records and are not raised.

        Parameters
        ----------
        block
            Plugins that must not be imported: names of plugins or distributions, or ``distribution:plugin``.
            ``SPECFRAME_BLOCK_PLUGINS`` adds to them, separated by commas.
        pin
            Versions that are asked for, ``"linear==0.1.0"``; a plugin of another version is blocked.
            ``SPECFRAME_PIN_PLUGINS`` adds to them.
        files
            Local Python files, each a plugin named by its stem. In its ``target`` strings the file calls itself by
            its stem too: ``mine.py`` offers ``target="mine:MyModel"``.

        Raises
        ------
        PluginError
            When a pin cannot be read.
        """
        return cls(*discover(Selection.from_settings(block, pin), [Path(file) for file in files]))

    def components(self, kind: str | None = None) -> list[Registered]:
        """Return all components (of one kind), sorted by kind, name and plugin."""
        found = [c for plugin in self.plugins for c in plugin.components if kind in (None, c.component.kind)]
        kinds: tuple[str, ...] = KINDS
        order = {name: place for place, name in enumerate(kinds)}
        return sorted(found, key=lambda c: (order.get(c.component.kind, len(kinds)), c.component.name, c.plugin))

    def names(self, kind: str) -> list[str]:
        """Return the names to write for components of a kind: short where that is unique, else ``plugin/name``."""
        offered = self.components(kind)
        rivals = Counter(c.component.name for c in offered if c.competes)

        def shortest(c: Registered) -> str:
            alone = rivals[c.component.name] == (1 if c.competes else 0)
            return c.component.name if alone else c.qualified_name

        return sorted({shortest(c) for c in offered})

    def resolve(self, kind: str, name: str) -> Registered:
        """Return the component that ``name`` or ``plugin/name`` means, which need not be usable.

        Raises
        ------
        UnknownComponentError
            When there is none; names the nearest, all others, and plugins that could not be used.
        AmbiguousComponentError
            When several plugins offer the short name.
        """
        offered = self.components(kind)
        matching = [c for c in offered if c.is_called(name)]
        rivals = [c for c in matching if c.competes]
        if len(rivals) > 1:
            raise AmbiguousComponentError(ambiguity(rivals))
        if rivals or matching:
            return (rivals or matching)[0]
        raise UnknownComponentError(self._unknown(kind, name))

    def find(self, name: str, kind: str | None = None) -> list[Registered]:
        """Return all components of this name, of any kind and plugin, or else all of the plugin of this name.

        Empty when there is such a plugin that offers nothing.

        Raises
        ------
        UnknownComponentError
            When there is neither.
        """
        offered = self.components(kind)
        found = [c for c in offered if c.is_called(name)]
        if found or any(plugin.name == name for plugin in self.plugins):
            return found or [c for c in offered if c.plugin == name]
        raise UnknownComponentError(self._unknown(kind, name))

    def require_files(self, files: Iterable[Path | str]) -> Self:
        """Return self when these local files, asked for by name, can all be used; raise :class:`PluginError` if not."""
        wanted = {str(Path(file).expanduser().resolve()) for file in files}
        unusable = [p for p in self.plugins if p.status != "ok" and p.distribution in wanted]
        if unusable:
            raise PluginError(
                "\n".join(f"--plugin {p.distribution} cannot be used ({p.status}): {p.reason}" for p in unusable)
            )
        return self

    def problems(self) -> list[PluginRecord | Registered]:
        """Return plugins that are not ``ok``, and components that are not ``ok`` of plugins that are."""
        found: list[PluginRecord | Registered] = []
        for plugin in self.plugins:
            found += [plugin] if plugin.status != "ok" else [c for c in plugin.components if c.status != "ok"]
        return found

    def _unknown(self, kind: str | None, name: str) -> str:
        what = kind or "component"
        message = f"unknown {what} {name!r}"
        names = sorted({name for each in ([kind] if kind else KINDS) for name in self.names(each)})
        qualified = {c.qualified_name for c in self.components(kind)}
        nearest = difflib.get_close_matches(name, [*names, *qualified], n=1, cutoff=0.5)
        if nearest:
            message += f", did you mean {nearest[0]!r}?"
        elsewhere = sorted({c.component.kind for c in self.components() if c.is_called(name)})
        if elsewhere:
            message += f" (there is a {' and a '.join(elsewhere)} of this name)"
        plural = "uncertainty estimators" if kind == "uncertainty" else f"{what}s"
        message += f"\ninstalled {plural}: {', '.join(names) or 'none'}"
        for plugin in self.plugins:
            if plugin.status != "ok":
                message += f"\nplugin {plugin.name!r} cannot be used ({plugin.status}): {plugin.reason}"
        return message
