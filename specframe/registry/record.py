"""What discovery found out about plugins and their components."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from specframe.errors import UnavailableComponentError

if TYPE_CHECKING:
    from specframe.api.base import BaseComponent
    from specframe.api.component import Component

__all__ = ["PluginRecord", "Registered", "Status"]

Status = Literal["ok", "missing-extra", "broken", "incompatible-api", "clash", "blocked"]


@dataclass(frozen=True)
class Registered:
    """A component and the plugin that offers it."""

    component: Component
    plugin: str
    distribution: str
    version: str
    status: Status = "ok"
    #: Why the status is not ``ok`` and what to do, e.g. the exact ``pip install`` line.
    reason: str = ""

    @property
    def qualified_name(self) -> str:
        """``plugin/name``, which is always unambiguous."""
        return f"{self.plugin}/{self.component.name}"

    def is_called(self, name: str) -> bool:
        """Whether ``name`` is its short or its qualified name."""
        return name in (self.component.name, self.qualified_name)

    @property
    def usable(self) -> bool:
        """Whether it can be loaded; of a ``clash`` each can, by its qualified name."""
        return self.status in ("ok", "clash")

    @property
    def competes(self) -> bool:
        """Whether it contends for its short name: one that nothing can make usable here does not."""
        return self.usable or self.status == "missing-extra"

    def load(self) -> type[BaseComponent]:
        """Import the component's class.

        Raises
        ------
        UnavailableComponentError
            When its status is not ok, the import fails, or the target is not a component of the stated kind.
        """
        label = f"{self.component.kind} {self.qualified_name!r} of {self.distribution} {self.version}"
        if not self.usable:
            raise UnavailableComponentError(f"{label} cannot be used ({self.status}): {self.reason}")
        module, _, attribute = self.component.target.partition(":")
        try:
            loaded: Any = getattr(import_module(module), attribute)
        except (Exception, SystemExit) as error:  # a plugin may raise anything on import
            raise UnavailableComponentError(
                f"{label} cannot be imported from {self.component.target!r}: {type(error).__name__}: {error}"
            ) from error
        kind = getattr(loaded, "kind", None)
        if kind != self.component.kind:
            raise UnavailableComponentError(
                f"{label}: {self.component.target!r} is not a {self.component.kind} (kind={kind!r})"
            )
        return loaded  # type: ignore[no-any-return]


@dataclass(frozen=True)
class PluginRecord:
    """One entry point (or ``--plugin`` file), usable or not."""

    name: str
    distribution: str
    version: str
    status: Status = "ok"
    reason: str = ""
    components: tuple[Registered, ...] = field(default=())
