"""The loaders for light curves, spectra and simulated frames, described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_io.chromatic.params import ChromaticParams
from specframe_io.curves.params import LightCurvesParams
from specframe_io.export.params import ArchiveParams, LightCurveExportParams, SpectrumExportParams
from specframe_io.fits_cube.params import FitsCubeParams
from specframe_io.params import EurekaParams, ExosimNdrParams, JwstX1dintsParams, TableParams
from specframe_io.spectrum_table.params import SpectrumTableParams
from specframe_io.tess_kepler.params import TessKeplerParams

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the components of this plugin."""
    yield Component(
        kind="loader",
        name="chromatic",
        target="specframe_io.chromatic:Chromatic",
        params=ChromaticParams,
        summary="Light curves in the xarray convention of chromatic and of the JWST ERS program (NetCDF, HDF5)",
        tags=("JWST", "ERS", "chromatic", "light curves", "netcdf", "hdf5", "xarray"),
        example="specframe_io.examples:chromatic_light_curves",
    )
    yield Component(
        kind="loader",
        name="fits-cube",
        target="specframe_io.fits_cube:FitsCube",
        params=FitsCubeParams,
        summary="Light curves in image extensions of FITS files: flux, errors, wavelengths, times",
        tags=("JWST", "NIRISS", "light curves", "fits"),
        example="specframe_io.examples:fits_cubes",
    )
    yield Component(
        kind="loader",
        name="spectrum-table",
        target="specframe_io.spectrum_table:SpectrumTable",
        params=SpectrumTableParams,
        summary="Published transmission and eclipse spectra in tables (CSV, ECSV, IPAC, text, HDF5)",
        tags=("spectra", "published", "NASA Exoplanet Archive", "csv", "ecsv", "ipac"),
        example="specframe_io.examples:published_spectra",
    )
    yield Component(
        kind="loader",
        name="tess-kepler",
        target="specframe_io.tess_kepler:TessKepler",
        params=TessKeplerParams,
        summary="Light-curve files of TESS (SPOC, QLP), Kepler and K2 (FITS)",
        tags=("TESS", "Kepler", "K2", "QLP", "light curves", "fits"),
        example="specframe_io.examples:tess_light_curves",
    )
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
        name="light-curves",
        target="specframe_io.curves:LightCurves",
        params=LightCurvesParams,
        summary="Light curves of a planet in text of any columns, ECSV, npy, npz, NetCDF, HDF5 or FITS",
        tags=("light curves", "text", "csv", "npz", "HST", "ground", "regressors", "juliet"),
        example="specframe_io.examples:channel_tables",
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
    for name, target, reader in (
        ("taurex", "Taurex", "TauREx"),
        ("poseidon", "Poseidon", "POSEIDON"),
        ("petitradtrans", "PetitRadtrans", "petitRADTRANS"),
    ):
        yield Component(
            kind="exporter",
            name=name,
            target=f"specframe_io.export:{target}",
            params=SpectrumExportParams,
            summary=f"Spectra as text for retrievals with {reader}",
            tags=("spectrum", "retrieval", "text", reader),
            example="specframe_io.export.examples:measured_spectra",
        )
    yield Component(
        kind="exporter",
        name="exoplanet-archive",
        target="specframe_io.export:ExoplanetArchive",
        params=ArchiveParams,
        summary="Spectra as IPAC tables with the columns of the NASA Exoplanet Archive",
        tags=("spectrum", "archive", "ipac"),
        example="specframe_io.export.examples:measured_spectra",
    )
    yield Component(
        kind="exporter",
        name="eureka-light-curves",
        target="specframe_io.export:EurekaLightCurves",
        params=LightCurveExportParams,
        summary="Light curves as the Eureka! pipeline writes them (stage 4, HDF5), with the fitted models",
        tags=("light curves", "Eureka", "hdf5"),
    )
    yield Component(
        kind="exporter",
        name="chromatic-light-curves",
        target="specframe_io.export:ChromaticLightCurves",
        params=LightCurveExportParams,
        summary="Light curves and fitted models as chromatic and the JWST ERS program exchange them (NetCDF)",
        tags=("light curves", "chromatic", "ERS", "netcdf"),
    )
