"""The loaders for light curves, spectra and simulated frames, described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_io.params import EurekaParams, ExosimNdrParams, JwstX1dintsParams, TableParams

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the components of this plugin."""
    yield Component(
        kind="loader",
        name="eureka",
        target="specframe_io.eureka:Eureka",
        params=EurekaParams,
        summary="Light curves (stage 4) and extracted spectra (stage 3) of the Eureka! pipeline (HDF5)",
        tags=("JWST", "HST", "Eureka", "light curves", "hdf5"),
        example="specframe_io.examples:eureka_light_curves",
    )
    yield Component(
        kind="loader",
        name="exosim-ndr",
        target="specframe_io.exosim:ExosimNdr",
        params=ExosimNdrParams,
        summary="Detector frames simulated by ExoSim 2 (NDR files, HDF5)",
        tags=("Ariel", "ExoSim", "frames", "ndr", "hdf5"),
        example="specframe_io.examples:ndrs",
    )
    yield Component(
        kind="loader",
        name="jwst-x1dints",
        target="specframe_io.x1dints:JwstX1dints",
        params=JwstX1dintsParams,
        summary="Time series of extracted spectra of the JWST pipeline (x1dints, FITS)",
        tags=("JWST", "x1dints", "light curves", "fits"),
        example="specframe_io.examples:x1dints",
    )
    yield Component(
        kind="loader",
        name="table",
        target="specframe_io.table:Table",
        params=TableParams,
        summary="Arrays of light curves or spectra with labels, from npz, CSV, ECSV or NetCDF",
        tags=("light curves", "spectra", "npz", "csv", "netcdf", "ecsv", "hdf5"),
        example="specframe_io.examples:light_curves",
    )
