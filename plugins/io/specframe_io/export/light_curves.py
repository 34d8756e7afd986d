"""Light curves with what the fits left beside them, in the formats of other pipelines."""

from __future__ import annotations

import io
import json
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import h5py
import numpy as np

from specframe.api import ObservationExporter, file_name, nodes, write_whole
from specframe.errors import DataError
from specframe_io.export.params import LightCurveExportParams

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params

__all__ = ["ChromaticLightCurves", "EurekaLightCurves"]

_NEEDED = ("flux", "flux_error", "mask")
_GRID = ("wavelength", "time")
#: Kind of date whose zero is at this Julian date, as Eureka! names it.
_DATES = {"JD 0": "BJD", "JD 2400000.5": "BMJD"}
#: How Eureka! writes units of flux.
_EUREKA_UNITS = {"electron": "ELECTRONS", "adu": "DN", "": "Normalized Flux"}
#: Names of our variables in the ERS program's fitted light curves; edges of channels likewise.
_ERS = {"flux": "raw_flux", "flux_error": "raw_flux_error", "model": "light_curve_model"}
_ERS_EDGES = {"wavelength_lower": "start_wavelength", "wavelength_upper": "end_wavelength"}


class _LightCurves(ObservationExporter):
    """A file per node that holds light curves."""

    Params: ClassVar[type[Params]] = LightCurveExportParams
    params: LightCurveExportParams

    def export_target(self, observation: xr.DataTree, directory: Path) -> list[Path]:
        """Write a file per node; its name begins with target, instrument and visit.

        Raises :class:`~specframe.errors.DataError` when no node has light curves with errors.
        """
        target = str(observation.attrs["target"])
        files: dict[Path, bytes] = {}
        for path, data in nodes(observation):
            if all(name in data.variables and data[name].dims == _GRID for name in _NEEDED):
                name = file_name(target, *path.split("/"))
                files[Path(directory) / self.params.folder / self.called(name, data)] = self.content(target, path, data)
        if not files:
            raise DataError(f"{self.name}: target {target} has no light curves with errors in any node")
        return write_whole(files)

    @abstractmethod
    def called(self, name: str, data: xr.Dataset) -> str:
        """Return the name of a node's file."""

    @abstractmethod
    def content(self, target: str, path: str, data: xr.Dataset) -> bytes:
        """Return the file of a node."""


class EurekaLightCurves(_LightCurves):
    """Light curves as Eureka!'s stage 4 writes them (``..._LCData.h5``): its stage 5, or ``eureka`` here, reads them.

    ``data``, ``err``, ``mask`` (1 is masked), ``time``, ``wavelength``, ``wave_low``, ``wave_hi`` and ``wave_err``;
    regressors on time under their names, ``x`` and ``y`` as ``centroid_x`` and ``centroid_y``; where the white light
    curve was fitted ``flux_white``, ``err_white``, ``mask_white``; besides, what Eureka! does not know, ``model``.

    References
    ----------
    - Bell et al. 2022, Journal of Open Source Software 7, 4503, doi:10.21105/joss.04503
    """

    name = "eureka-light-curves"

    def called(self, name: str, data: xr.Dataset) -> str:
        """Return ``<name>_LCData.h5``."""
        return f"{name}_LCData.h5"

    def content(self, target: str, path: str, data: xr.Dataset) -> bytes:
        """Return an HDF5 file."""
        units = str(data["flux"].attrs.get("units", ""))
        clock = _clock(data)
        stated = {"flux_units": _EUREKA_UNITS.get(units, units), "wave_units": "microns", "time_units": clock}
        arrays: dict[str, tuple[NDArray[Any], dict[str, str]]] = {
            "data": (data["flux"].values, stated),
            "err": (data["flux_error"].values, stated),
            "mask": (data["mask"].values.astype(np.int8), {**stated, "flux_units": "None", "dtype": "bool"}),
            "time": (data["time"].values.astype(float), {"time_units": clock}),
            "wavelength": (data["wavelength"].values.astype(float), {"wave_units": "microns"}),
        }
        if "model" in data.variables:
            arrays["model"] = (data["model"].values, stated)
        if {"wavelength_lower", "wavelength_upper"} <= set(data.variables):
            low, high = (data[f"wavelength_{side}"].values.astype(float) for side in ("lower", "upper"))
            for name, values in {"wave_low": low, "wave_hi": high, "wave_err": 0.5 * (high - low)}.items():
                arrays[name] = (values, {"wave_units": "microns"})
            arrays["wave_mid"] = (0.5 * (low + high), {"wave_units": "microns"})
        for ours, theirs in {"flux": "flux_white", "flux_error": "err_white", "mask": "mask_white"}.items():
            white = data.variables.get(f"white_{ours}")
            if white is not None and white.dims == ("time",):
                values = white.values.astype(np.int8) if ours == "mask" else white.values
                arrays[theirs] = (values, stated | ({"dtype": "bool"} if ours == "mask" else {}))
        for name, variable in _regressors(data).items():
            called = f"centroid_{name}" if name in ("x", "y") else name
            arrays.setdefault(called, (variable.values, {"units": str(variable.attrs.get("units", ""))}))
        content = io.BytesIO()
        with h5py.File(content, "w") as file:
            file.attrs["data_format"] = "eureka"
            file.attrs["target"] = target
            file.attrs["node"] = path
            for name, (values, attrs) in arrays.items():
                dataset = file.create_dataset(name, data=values)
                dataset.attrs.update(attrs)
        return content.getvalue()


class ChromaticLightCurves(_LightCurves):
    """Light curves as chromatic and the JWST ERS program exchange them (``...-fitted-light-curves.xc``, NetCDF).

    ``raw_flux``, ``raw_flux_error``, ``quality_flag`` (1 is good, as ``ok`` in chromatic), ``start_wavelength`` and
    ``end_wavelength`` and regressors; after a fit ``light_curve_model``, ``corrected_flux`` and
    ``corrected_flux_error``. Without a model the file is called ``...-raw-light-curves.xc``. chromatic
    (https://chromatic.readthedocs.io) chooses its reader by these names: ``read_rainbow(path)``; here ``chromatic``
    does.
    """

    name = "chromatic-light-curves"

    def called(self, name: str, data: xr.Dataset) -> str:
        """Return ``<name>-fitted-light-curves.xc``, or ``raw`` instead of ``fitted``."""
        return f"{name}-{'fitted' if 'model' in data.variables else 'raw'}-light-curves.xc"

    def content(self, target: str, path: str, data: xr.Dataset) -> bytes:
        """Return a NetCDF file."""
        import xarray as xr

        units = {"units": str(data["flux"].attrs.get("units", ""))}
        variables: dict[str, Any] = {
            theirs: (_GRID, data[ours].values, units) for ours, theirs in _ERS.items() if ours in data.variables
        }
        variables["quality_flag"] = (_GRID, (~data["mask"].values).astype(np.int8), {"units": ""})
        if {"model", "detrended_flux"} <= set(data.variables):
            flux, detrended = data["flux"].values, data["detrended_flux"].values
            with np.errstate(invalid="ignore", divide="ignore"):
                relative = np.abs(detrended / flux) * data["flux_error"].values
            variables["corrected_flux"] = (_GRID, detrended, {"units": ""})
            variables["corrected_flux_error"] = (_GRID, relative, {"units": ""})
        for ours, theirs in _ERS_EDGES.items():
            if ours in data.variables:
                variables[theirs] = ("wavelength", data[ours].values.astype(float), {"units": "micron"})
        for name, variable in _regressors(data).items():
            variables[name] = ("time", variable.values, {"units": str(variable.attrs.get("units", ""))})
        time = {"units": "d", "time_units": _clock(data)}
        coords = {
            "wavelength": ("wavelength", data["wavelength"].values.astype(float), {"units": "micron"}),
            "time": ("time", data["time"].values.astype(float), time),
        }
        about = {"author": "", "contact": "", "code": "specframe", "data_origin": path, "target": target}
        about["time_scale"] = str(data["time"].attrs.get("time_system", "")).lower()
        attrs = {key: json.dumps(value) for key, value in about.items()}
        return bytes(xr.Dataset(variables, coords=coords, attrs=attrs).to_netcdf(engine="h5netcdf"))


def _regressors(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what was measured beside the light, one number per time."""
    return {
        str(name): variable
        for name, variable in data.data_vars.items()
        if variable.attrs.get("role") == "regressor" and variable.dims == ("time",)
    }


def _clock(data: xr.Dataset) -> str:
    """Return the time system as Eureka! writes it (BMJD_TDB), as far as the data tell."""
    attrs = data["time"].attrs
    reference, system = str(attrs.get("time_reference", "")), str(attrs.get("time_system", ""))
    kind = _DATES.get(reference, reference)
    if system == "UTC":
        kind = kind.removeprefix("B")
    return "_".join(filter(None, (kind, system)))
