"""Names of a package that are imported when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from specframe.api.deprecation import Deprecation

__all__ = ["lazy_names"]


def lazy_names(
    package: str,
    modules: Mapping[str, tuple[str, ...]],
    *,
    ready: tuple[str, ...] = (),
    renamed: Mapping[str, Deprecation] | None = None,
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package that hands on names of its modules (PEP 562).

    So a plugin's package stays light although its components are not::

        __getattr__, __dir__ = lazy_names(__name__, {"ridge": ("Ridge",)})

    Parameters
    ----------
    package
        The package's ``__name__``.
    modules
        Names by the module of the package that has them.
    ready
        Further public names, which the package has already.
    renamed
        Names of before, which still work with a warning; ``instead`` is the name that each has now.
    """
    earlier = renamed or {}
    home = {name: module for module, names in modules.items() for name in names}

    def get(name: str) -> Any:
        if name in earlier:
            earlier[name].warn(f"{package}.{name}")
            name = earlier[name].instead
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home[name]}"), name)

    def names() -> list[str]:
        return sorted((*home, *ready))

    return get, names
