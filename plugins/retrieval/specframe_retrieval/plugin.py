"""What this plugin offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_retrieval.observed.params import ObservedSpectraParams

if TYPE_CHECKING:
    from collections.abc import Iterator


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the loaders, calibrators and exporters for spectra whose parameters are sought."""
    yield Component(
        kind="loader",
        name="observed-spectra",
        target="specframe_retrieval.observed:ObservedSpectra",
        params=ObservedSpectraParams,
        summary="Observed spectra in text, CSV, ECSV, FITS, npz, NetCDF or HDF5, each file a target",
        tags=("spectra", "observed", "fits", "text", "ecsv", "SpeX", "JWST", "brown dwarfs", "exoplanets"),
        example="specframe_retrieval.observed.examples:observed_spectra",
    )
