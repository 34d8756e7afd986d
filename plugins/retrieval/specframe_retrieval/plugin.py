"""What this plugin offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_retrieval.comparison.params import GridComparisonParams
from specframe_retrieval.library.params import ModelGridParams, SpectralLibraryParams
from specframe_retrieval.observed.params import ObservedSpectraParams
from specframe_retrieval.preparation.params import (
    FluxUnitsParams,
    NormaliseParams,
    ObservationNoiseParams,
    ResampleParams,
    SelectWavelengthsParams,
)
from specframe_retrieval.splat.params import SplatGridParams, SplatLibraryParams

if TYPE_CHECKING:
    from collections.abc import Iterator


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the loaders, calibrators and exporters for spectra whose parameters are sought."""
    yield Component(
        kind="loader",
        name="model-grid",
        target="specframe_retrieval.library:ModelGrid",
        params=ModelGridParams,
        summary="Grids of model spectra with labels (npz, CSV, NetCDF, HDF5, a folder of text files)",
        tags=("grid", "models", "spectra", "labels", "npz", "csv", "netcdf", "brown dwarfs", "exoplanets"),
        example="specframe_retrieval.library.examples:model_grid",
    )
    yield Component(
        kind="loader",
        name="spectral-library",
        target="specframe_retrieval.library:SpectralLibrary",
        params=SpectralLibraryParams,
        summary="Libraries of observed spectra with labels and errors (npz, CSV, NetCDF, a folder of files)",
        tags=("library", "observed", "spectra", "labels", "spectral types", "npz", "csv", "netcdf"),
        example="specframe_retrieval.library.examples:spectral_library",
    )
    yield Component(
        kind="loader",
        name="observed-spectra",
        target="specframe_retrieval.observed:ObservedSpectra",
        params=ObservedSpectraParams,
        summary="Observed spectra in text, CSV, ECSV, FITS, npz, NetCDF or HDF5, each file a target",
        tags=("spectra", "observed", "fits", "text", "ecsv", "SpeX", "JWST", "brown dwarfs", "exoplanets"),
        example="specframe_retrieval.observed.examples:observed_spectra",
    )
    yield Component(
        kind="calibrator",
        name="flux-units",
        target="specframe_retrieval.preparation:FluxUnits",
        params=FluxUnitsParams,
        summary="Flux per wavelength, per frequency or in photons, at the observer or the top of the atmosphere",
        tags=("spectra", "units", "Jy", "distance", "radius", "brown dwarfs"),
    )
    yield Component(
        kind="calibrator",
        name="resample",
        target="specframe_retrieval.preparation:Resample",
        params=ResampleParams,
        summary="Spectra on other pixels and at a lower resolution, flux conserved and errors carried along",
        tags=("spectra", "resolution", "resolving power", "line spread", "rebin", "regrid", "grids"),
        example="specframe_retrieval.preparation.examples:new_pixels",
    )
    yield Component(
        kind="calibrator",
        name="observation-noise",
        target="specframe_retrieval.preparation:ObservationNoise",
        params=ObservationNoiseParams,
        summary="Noise that an observation of noise-free spectra would have: a fraction, S/N, or as a file has it",
        tags=("spectra", "noise", "errors", "signal to noise", "grids"),
        example="specframe_retrieval.preparation.examples:model_spectra",
    )
    yield Component(
        kind="calibrator",
        name="normalise",
        target="specframe_retrieval.preparation:Normalise",
        params=NormaliseParams,
        summary="Each spectrum divided by its mean, maximum, continuum ..., so that only its shape counts",
        tags=("spectra", "scaling", "standardise", "min-max", "continuum", "logarithm"),
    )
    yield Component(
        kind="calibrator",
        name="select-wavelengths",
        target="specframe_retrieval.preparation:SelectWavelengths",
        params=SelectWavelengthsParams,
        summary="Ranges of wavelengths that are kept or left out, telluric bands for instance",
        tags=("spectra", "wavelengths", "telluric", "mask", "crop"),
        example="specframe_retrieval.preparation.examples:without_water",
    )
    yield Component(
        kind="exporter",
        name="grid-comparison",
        target="specframe_retrieval.comparison:GridComparison",
        params=GridComparisonParams,
        summary="Observed spectra beside models at the predicted parameters: chi2, residuals, radius, nearest spectra",
        tags=("spectra", "grids", "chi2", "radius", "residuals", "nearest", "brown dwarfs", "exoplanets"),
    )
    yield Component(
        kind="loader",
        name="splat-grid",
        target="specframe_retrieval.splat:SplatGrid",
        params=SplatGridParams,
        summary="Grids of brown-dwarf models that come with SPLAT (Sonora Diamondback, BT-Settl, Burrows 2006)",
        tags=("grid", "models", "SPLAT", "brown dwarfs", "SpeX"),
        example="specframe_retrieval.splat.examples:splat_grid",
    )
    yield Component(
        kind="loader",
        name="splat-library",
        target="specframe_retrieval.splat:SplatLibrary",
        params=SplatLibraryParams,
        summary="Observed spectra of M, L, T and Y dwarfs that come with SPLAT, with types, sources and distances",
        tags=("library", "observed", "SPLAT", "brown dwarfs", "SpeX", "spectral types"),
        example="specframe_retrieval.splat.examples:splat_library",
    )
