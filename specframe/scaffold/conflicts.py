"""Whether the names of a new distribution get into the way of what is installed."""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

from specframe.errors import UsageError
from specframe.registry.selection import canonical_name

if TYPE_CHECKING:
    from specframe.registry import Registry
    from specframe.scaffold.distribution import Distribution

__all__ = ["check_conflicts"]


def check_conflicts(new: Distribution, registry: Registry) -> list[str]:
    """Return what an author should know of names that others use, too.

    Names that the distribution itself brought when it was installed earlier are no conflict.

    Raises
    ------
    UsageError
        When both could not be used: another distribution's plugin or package has the name.
    """
    own = canonical_name(new.distribution)
    for plugin in registry.plugins:
        if plugin.name == new.plugin and canonical_name(plugin.distribution) != own:
            raise UsageError(
                f"--name {new.name!r}: {plugin.distribution} {plugin.version} has a plugin of this name, and of two "
                "plugins of one name neither is used; choose another"
            )
    holders = [] if find_spec(new.package) is None else metadata.packages_distributions().get(new.package, [])
    others = [name for name in holders if canonical_name(name) != own]
    if others:
        raise UsageError(f"--package {new.package!r}: {', '.join(sorted(set(others)))} has a package of this name")
    return [
        f"{found.distribution} {found.version} offers a {new.kind} {new.name!r}, too: where both are installed, "
        f"pipelines must say {new.plugin}/{new.name} for yours, and {found.qualified_name} for the other"
        for found in registry.components(new.kind)
        if found.component.name == new.name and canonical_name(found.distribution) != own
    ]
