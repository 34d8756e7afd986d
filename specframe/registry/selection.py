"""Which plugins the user does not want, and which versions are asked for."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from specframe.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.specifiers import SpecifierSet

__all__ = ["BLOCK_VARIABLE", "PIN_VARIABLE", "Pin", "Selection", "canonical_name"]

BLOCK_VARIABLE = "SPECFRAME_BLOCK_PLUGINS"
PIN_VARIABLE = "SPECFRAME_PIN_PLUGINS"

_YAML = "plugins: {{{}: ...}}"
#: ``name`` or ``distribution:plugin``, then one or more version clauses.
_PIN = re.compile(r"\s*(?P<name>[^\s<>=!~,]+)\s*(?P<versions>[<>=!~].*)")


class Identified(Protocol):
    """What names a plugin."""

    @property
    def name(self) -> str:
        """Name of the plugin."""

    @property
    def distribution(self) -> str:
        """Distribution that brings it."""

    @property
    def version(self) -> str:
        """Version of the distribution."""


@dataclass(frozen=True)
class Pin:
    """A version that is asked for: ``linear==0.1.0``."""

    name: str
    versions: SpecifierSet
    origin: str

    def allows(self, version: str) -> bool:
        """Return whether ``version`` is the one asked for; a version that cannot be read is not."""
        from packaging.version import InvalidVersion, Version

        try:
            return self.versions.contains(Version(version), prereleases=True)
        except InvalidVersion:
            return False


@dataclass(frozen=True)
class Selection:
    """Plugins that are blocked and versions that are pinned.

    Names are those of a plugin (its entry point) or of a distribution, or ``distribution:plugin`` for one plugin of
    one distribution; case and ``-``, ``_``, ``.`` do not matter.
    """

    #: (name, where it was said)
    blocked: tuple[tuple[str, str], ...] = ()
    pins: tuple[Pin, ...] = ()

    @classmethod
    def from_settings(
        cls, block: Iterable[str] = (), pin: Iterable[str] = (), environ: Mapping[str, str] | None = None
    ) -> Self:
        """Join the pipeline's settings and the comma-separated environment variables.

        Raises
        ------
        PluginError
            When a pin cannot be read.
        """
        environ = os.environ if environ is None else environ
        # a comma inside a pin's version clauses ("linear>=1,<2") is followed by an operator
        from_block_variable = re.split(r"\s*,\s*", environ.get(BLOCK_VARIABLE, "").strip())
        from_pin_variable = re.split(r"\s*,(?!\s*[<>=!~])\s*", environ.get(PIN_VARIABLE, "").strip())
        blocked = [(name.strip(), _YAML.format("block")) for name in block]
        blocked += [(name, BLOCK_VARIABLE) for name in from_block_variable]
        pins = [(text.strip(), _YAML.format("pin")) for text in pin]
        pins += [(text, PIN_VARIABLE) for text in from_pin_variable]
        return cls(
            tuple((name, origin) for name, origin in blocked if name),
            tuple(_read_pin(text, origin) for text, origin in pins if text),
        )

    def refusal(self, plugin: Identified) -> str:
        """Return why ``plugin`` must not be used, ``""`` when it may."""
        for name, origin in self.blocked:
            if _names(name, plugin):
                return f"blocked as {name!r} by {origin}"
        for pin in self.pins:
            if _names(pin.name, plugin) and not pin.allows(plugin.version):
                return (
                    f"{pin.origin} asks for {pin.name}{pin.versions}, installed is {plugin.distribution} "
                    f"{plugin.version or '(version unknown)'}: install the version asked for, or change the pin"
                )
        return ""

    def unmatched_pins(self, plugins: Iterable[Identified]) -> list[Pin]:
        """Return the pins that name none of ``plugins``."""
        plugins = list(plugins)
        return [pin for pin in self.pins if not any(_names(pin.name, plugin) for plugin in plugins)]


def _read_pin(text: str, origin: str) -> Pin:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    match = _PIN.fullmatch(text)
    try:
        if match:
            return Pin(match["name"], SpecifierSet(match["versions"]), origin)
    except InvalidSpecifier:
        pass
    raise PluginError(f'{origin}: cannot read the pin {text!r}, expected a name and a version such as "linear==0.1.0"')


def _names(said: str, plugin: Identified) -> bool:
    distribution, _, name = said.rpartition(":")
    if distribution:
        return canonical_name(distribution) == canonical_name(plugin.distribution) and canonical_name(
            name
        ) == canonical_name(plugin.name)
    return canonical_name(said) in (canonical_name(plugin.name), canonical_name(plugin.distribution))


def canonical_name(name: str) -> str:
    """Return ``name`` as package indexes compare names (PEP 503); :mod:`packaging.utils` costs 15 ms to import."""
    return re.sub(r"[-_.]+", "-", name).lower()
