"""One channel of an ExoSim file, as a node of an Observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe_io.exosim.frames import NdrFrames
from specframe_io.exosim.linearity import inverse_polynomial
from specframe_io.exosim.pixel_maps import dead_pixels, flat_field
from specframe_io.exosim.ramps import Ramps

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe_io.branch import Branch

__all__ = ["channel_node"]

_HOUR_IN_SECONDS = 3600.0
_DAY_IN_SECONDS = 86_400.0
_TIME = {"units": "d", "time_system": "relative", "time_reference": "start of the observation"}
_ADU, _ELECTRON = "adu", "electron"


def channel_node(
    channel: Branch,
    instrument: str,
    groups: tuple[int, int] | str,
    *,
    read_noise: float | None,
    dark: float | None,
    linearity: bool,
) -> xr.Dataset:
    """Return a node of level frames; the frames themselves stay in the file.

    ``read_noise`` is that of a single read in electron; a frame that averages n reads has it divided by sqrt(n).
    ``dark`` is in electron/s. Without ``linearity`` the response of the pixels is not read. The rest is as the
    parameters of ``exosim-ndr`` say.

    Raises
    ------
    InputFileError
        When something in the file is missing or wrong, or a ramp does not have the ``groups``; names file and dataset.
    """
    import xarray as xr

    ndrs = channel.branch("NDRs")
    data = ndrs.dataset("data")
    if data.ndim != 3 or 0 in data.shape:
        raise ndrs.wrong("data", f"expected frames (time, y, x), got an array of shape {data.shape}")
    if data.dtype.kind not in "fiu":
        raise ndrs.wrong("data", f"expected frames of numbers, got {data.dtype}")
    _, n_y, n_x = data.shape
    ramps = _ramps(ndrs, data.shape[0])
    try:
        chosen = _chosen(groups, ramps.n_group)
    except ValueError as error:
        raise ndrs.wrong("metadata/n_groups_per_ramp", str(error)) from None
    kept = (np.arange(ramps.n_ramp)[:, None] * ramps.n_group + chosen).ravel()
    units, converter = _converter(ndrs, data.dtype)
    coords, band = _wavelengths(channel, n_x)
    frames = NdrFrames(channel.path, ndrs.place("data"), data.shape, data.dtype, kept)
    pixel = ("y", "x")
    variables: dict[str, Any] = {
        "frames": (("time", *pixel), frames, {"units": units}),
        "integration_time": ("time", ramps.integration_time[:, chosen].ravel(), {"units": "s"}),
    }
    if dark is not None:
        variables["dark"] = (pixel, np.full((n_y, n_x), dark), {"units": "electron / s"})
    if read_noise is not None:
        noise = read_noise / np.sqrt(ramps.n_read)
        variables["read_noise"] = (pixel, np.full((n_y, n_x), noise), {"units": "electron"})
    variables |= _calibration(channel, (n_y, n_x), linearity)
    time = ramps.read_time[:, chosen].ravel() / _DAY_IN_SECONDS
    about = {
        "instrument": instrument,
        "visit": "0",
        "groups_per_ramp": ramps.n_group,
        "reads_per_group": ramps.n_read,
        "unused_frames": data.shape[0] - ramps.n_ramp * ramps.n_group,
    }
    return xr.Dataset(variables, coords={"time": ("time", time, _TIME), **coords}, attrs={**about, **converter, **band})


def _ramps(ndrs: Branch, n_frame: int) -> Ramps:
    metadata = ndrs.branch("metadata")
    n_group = metadata.number("n_groups_per_ramp", "", bare="")
    if n_group < 1 or n_group != round(n_group):
        raise metadata.wrong("n_groups_per_ramp", f"expected a whole number of at least 1, got {n_group:g}")
    start = ndrs.quantity("time", "s")
    integration = metadata.quantity("integration_times", "s", bare="s")
    if start.ndim != 1 or integration.ndim != 1:
        raise ndrs.wrong("time", f"expected one time per frame, got shapes {start.shape} and {integration.shape}")
    try:
        return Ramps.from_axes(start, integration, int(n_group), n_frame)
    except ValueError as error:
        raise metadata.wrong("integration_times", str(error)) from None


def _chosen(groups: tuple[int, int] | str, n_group: int) -> NDArray[np.intp]:
    """Return the indices of the groups that are used of each ramp, or raise ``ValueError``."""
    if isinstance(groups, str):
        return np.arange(n_group)
    first, second = (group + n_group if group < 0 else group for group in groups)
    if not 0 <= first < second < n_group:
        hint = (
            "it has no difference of reads: set groups: all here and cds: false in the calibration"
            if n_group == 1
            else f"expected two of 0 .. {n_group - 1} (or -{n_group} .. -1), the earlier one first, or all"
        )
        raise ValueError(f"a ramp has {n_group} group(s), but the parameter groups is {list(groups)}: {hint}")
    return np.array([first, second])


def _converter(ndrs: Branch, dtype: np.dtype[Any]) -> tuple[str, dict[str, float]]:
    """Return the units of the frames, and gain (adu/electron) and offset (electron) where they are in adu.

    Without ADC the frames are electrons, although ExoSim states ``adu`` for them, too.
    """
    stated = ndrs.text("data_units")
    if stated not in (None, _ADU, "ct", _ELECTRON):
        raise ndrs.wrong("data_units", f"expected adu, ct or electron, got {stated!r}")
    metadata = ndrs.branch("metadata")
    if metadata.find("ADC") is None or stated in ("ct", _ELECTRON):
        if dtype.kind != "f" and stated in (None, _ADU):
            raise metadata.wrong(
                "ADC", f"missing, but frames of type {dtype} come from an ADC, whose gain and offset must be known"
            )
        return _ELECTRON, {}
    adc = metadata.branch("ADC")
    gain, offset = adc.number("gain", "adu / electron", "adu / electron"), adc.number("offset", _ELECTRON, _ELECTRON)
    if gain <= 0:
        raise adc.wrong("gain", f"expected a gain above 0, got {gain:g}")
    return _ADU, {"gain": gain, "offset": offset}


def _calibration(channel: Branch, detector: tuple[int, int], linearity: bool) -> dict[str, Any]:
    """Return what the simulation did to the pixels; an effect that it says nothing about was not simulated.

    Without any ``simulation_data`` nothing is known, and nothing returned.
    """
    if channel.find("simulation_data") is None:
        return {}
    simulation = channel.branch("simulation_data")
    pixel = ("y", "x")
    variables: dict[str, Any] = {
        "dead": (pixel, dead_pixels(simulation, detector)),
        "flat": (pixel, flat_field(simulation, detector), {"units": ""}),
    }
    if linearity:
        variables["linearity"] = (("coefficient", *pixel), _linearity(simulation, detector))
    return variables


def _linearity(simulation: Branch, detector: tuple[int, int]) -> NDArray[np.float64]:
    """Return the polynomial (coefficient, y, x) that undoes the response of the pixels."""
    if simulation.find("pixel_non_linearity") is None:
        line = np.zeros((2, *detector))
        line[1] = 1.0
        return line
    response = simulation.branch("pixel_non_linearity")
    coefficients = response.array("map")
    if coefficients.ndim != 3 or coefficients.shape[1:] != detector or not len(coefficients):
        raise response.wrong("map", f"expected (coefficient, y, x) for {detector}, got shape {coefficients.shape}")
    try:
        return inverse_polynomial(coefficients.astype(float))
    except ValueError as error:
        raise response.wrong("map", str(error)) from None


def _wavelengths(channel: Branch, n_x: int) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the coordinate of a spectrometer's columns, or the band of a photometer as attributes, in um.

    ExoSim gives a photometer the same grid of wavelengths along both axes, whatever its size, and a spectrometer one
    along its columns only.
    """
    ndrs = channel.branch("NDRs")
    spectral = ndrs.quantity("spectral", "um")
    spatial = ndrs.quantity("spatial", "um") if ndrs.find("spatial") is not None else np.zeros(0)
    if spectral.ndim != 1 or not np.isfinite(spectral).all():
        raise ndrs.wrong("spectral", f"expected finite wavelengths, one per column, got shape {spectral.shape}")
    if np.array_equal(spectral, spatial) or not np.any(spectral):
        return {}, _band(channel, spectral)
    if len(spectral) != n_x:
        raise ndrs.wrong("spectral", f"expected {n_x} wavelengths, one per column, got {len(spectral)}")
    step = np.diff(spectral)
    if not (np.all(step > 0) or np.all(step < 0)):
        raise ndrs.wrong("spectral", "expected wavelengths that ascend or descend from column to column")
    return {"wavelength": ("x", spectral, {"units": "um"})}, {}


def _band(channel: Branch, spectral: NDArray[np.float64]) -> dict[str, float]:
    """Return the mean wavelength, weighed with the efficiency, and where it has half its maximum."""
    found = channel.find("simulation_data/efficiency")
    wavelength, efficiency = spectral, np.ones(len(spectral))
    if found is not None:
        inner = channel.branch("simulation_data/efficiency")
        wavelength, efficiency = inner.quantity("spectral", "um"), inner.array("data").ravel().astype(float)
        if wavelength.shape != efficiency.shape:
            raise inner.wrong("data", f"expected {wavelength.size} values, got {efficiency.size}")
    light = np.where(np.isfinite(efficiency) & np.isfinite(wavelength), efficiency, 0.0)
    if not (len(wavelength) and np.any(light > 0) and np.all(wavelength[light > 0] > 0)):
        raise channel.wrong(
            "NDRs/spectral", "the wavelength of this photometer is not known: there is no efficiency above 0"
        )
    inside = wavelength[light >= light.max() / 2]
    mean = float(np.average(wavelength, weights=light))
    return {"wavelength": mean, "wavelength_lower": float(inside.min()), "wavelength_upper": float(inside.max())}
