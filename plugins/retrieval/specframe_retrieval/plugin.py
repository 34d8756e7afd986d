"""What this plugin offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the loaders, calibrators and exporters for spectra whose parameters are sought."""
    yield from ()
