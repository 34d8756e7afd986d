"""What a plugin says about a component before any of its code is imported, and the hooks it says it through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specframe.api.params import Params

__all__ = ["API_VERSION", "KINDS", "SUPPORTED_API_VERSIONS", "Component", "Kind", "hookimpl", "hookspec"]

#: Version of everything exported by :mod:`specframe.api`. It grows when a plugin written for it could break.
API_VERSION = 1
#: The versions for which components may be written to work here; ``docs/reference/api-stability.md`` says how long.
SUPPORTED_API_VERSIONS: tuple[int, ...] = (1,)

Kind = Literal["loader", "calibrator", "detrender", "model", "uncertainty", "exporter", "score"]
KINDS: tuple[Kind, ...] = get_args(Kind)

hookspec = pluggy.HookspecMarker("specframe")
hookimpl = pluggy.HookimplMarker("specframe")


@dataclass(frozen=True, kw_only=True)
class Component:
    """A component that a plugin offers.

    Parameters
    ----------
    kind
        One of :data:`KINDS`.
    name
        Name in YAML: lower case, digits and hyphens.
    target
        ``"package.module:Class"``. A string, so that listing components imports none of them.
    params
        The component's :class:`~specframe.api.Params` subclass; its module imports nothing heavy.
    requires
        Requirements (``"torch>=2.4"``) that must be installed, checked without importing them.
    api
        The :data:`API_VERSION` it was written for, as a number. A component that states none was written for 1,
        when there was no other.
    summary
        One line for listings.
    tags
        Words to search for.
    example
        ``"package.module:function"``, for a component that the conformance suite cannot run on its own problems: a
        loader that needs files, an exporter that takes only spectra of one instrument. The function takes an empty
        folder, into which it may write, and returns ``{"params": {...}, "examples": [...]}`` (either may be left
        out) as :func:`specframe.testing.check_component` takes them.
    """

    kind: Kind
    name: str
    target: str
    params: type[Params]
    requires: tuple[str, ...] = ()
    api: int = 1
    summary: str = ""
    tags: tuple[str, ...] = ()
    example: str = ""


class Hooks:
    """The hooks that a plugin may implement with :data:`hookimpl`."""

    @hookspec
    def specframe_components(self) -> Iterable[Component]:
        """Yield the components this plugin offers. Called once, at discovery; import nothing heavy here."""
        raise AssertionError("a hook specification is never called")

    @hookspec
    def before_step(self, step: str, target: str | None) -> None:
        """Take note that a step is about to run on a target.

        ``step`` is the step's id. Work on all targets at once has ``target`` ``None`` and the phase as ``step``:
        ``targets``, ``collate``, ``cross-validation``, ``fit``, ``predict``, ``write``, ``export``, ``figures``.
        """

    @hookspec
    def after_step(self, step: str, target: str | None, result: Any, seconds: float) -> None:
        """Take note of what a step returned (``None`` for a phase) and the time it took in s.

        The result must not be changed.
        """

    @hookspec
    def on_step_error(self, step: str, target: str | None, error: BaseException) -> None:
        """Take note that a step raised, before the target is set aside or the run ends."""
