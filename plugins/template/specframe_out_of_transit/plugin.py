"""What this plugin offers. Imported whenever components are listed, so nothing heavy may be imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl

from specframe_out_of_transit.params import OutOfTransitParams

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the components of this plugin; a second one is a second ``yield``."""
    yield Component(
        kind="detrender",
        name="out-of-transit",
        target="specframe_out_of_transit.detrender:OutOfTransit",
        params=OutOfTransitParams,
        api=1,  # the version of specframe.api that this was written for
        summary="Depths from light curves divided by a polynomial out of transit",
        tags=("polynomial", "depth"),
        # requires=("torch>=2.5",) names packages that not every user of the plugin needs
    )
