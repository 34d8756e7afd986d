"""The result of a pipeline that learns nothing: the depths that its steps measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.spectrum import SPECTRUM_VARIABLES, measured_spectrum
from specframe.errors import DataError, RunError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.pipeline.gather import Gathered

__all__ = ["measured_depths"]

#: Covariances of measured depths are kept in the Prediction up to this size of all of them together, in bytes.
_LARGEST_COVARIANCE = 64 * 2**20
_EDGES = ("wavelength_lower", "wavelength_upper")
#: Variables that are read of each target, those without which there are no depths first.
_NEEDED = ("depth", "depth_error")
_ALSO = frozenset({*SPECTRUM_VARIABLES, "depth_covariance"})
#: What the Prediction calls a spectrum's variables.
_CALLED = {
    "depth": "mean",
    "depth_error": "std",
    "depth_error_lower": "error_lower",
    "depth_error_upper": "error_upper",
    "chi2_reduced": "chi2_reduced",
    "beta": "beta",
    "channel_flags": "output_flags",
}
#: Wavelengths in um that differ by less are one channel in the spectra of several targets.
_SAME_WAVELENGTH = 1e-6


def measured_depths(gathered: Gathered) -> xr.Dataset | None:
    """Return the detrenders' depths as a Prediction: outputs are the channels, ``std`` the depth errors.

    Besides, where the fits left them: ``error_lower`` and ``error_upper``, ``chi2_reduced``, ``beta`` and
    ``output_flags (target, output)``, ``covariance``, and the coordinates ``wavelength_lower``, ``wavelength_upper``
    and ``instrument (output)``. Targets may have channels of their own: the outputs are then all of them, NaN where a
    target has none, which ``observed (target, output)`` tells from a channel without a result.

    ``None`` when no step measured depths.
    """
    spectra = _spectra(gathered)
    if spectra is None:
        return None
    outputs, places = _outputs(spectra)
    n_output = len(outputs["wavelength"])
    variables: dict[str, Any] = {}
    for name, called in _CALLED.items():
        if not any(name in spectrum for spectrum in spectra.values()):
            continue
        empty: Any = "" if name == "channel_flags" else np.nan
        dtype = object if name == "channel_flags" else float
        values = np.full((len(spectra), n_output), empty, dtype=dtype)
        for row, (target, spectrum) in enumerate(spectra.items()):
            if name in spectrum:
                values[row, places[target]] = spectrum[name].values
        attrs = {} if name == "channel_flags" else {"units": ""}
        variables[called] = (("target", "output"), values.astype(str) if name == "channel_flags" else values, attrs)
    if any(len(place) < n_output for place in places.values()):
        observed = np.zeros((len(spectra), n_output), dtype=bool)
        for row, place in enumerate(places.values()):
            observed[row, place] = True
        variables["observed"] = (("target", "output"), observed)
    covariance = _covariance(spectra, places, n_output)
    if covariance is not None:
        variables["covariance"] = (("target", "output", "output_other"), covariance, {"units": ""})
    return _prediction(spectra, outputs, variables)


def _prediction(
    spectra: Mapping[str, xr.Dataset], outputs: Mapping[str, NDArray[Any]], variables: dict[str, Any]
) -> xr.Dataset:
    import xarray as xr

    coords: dict[str, Any] = {
        "target": list(spectra),
        "output": [f"channel_{i + 1}" for i in range(len(outputs["wavelength"]))],
    }
    for name, values in outputs.items():
        coords[name] = ("output", values, {"units": "um"} if values.dtype.kind == "f" else {})
    prediction = xr.Dataset(variables, coords=coords)
    quantity = ", ".join(dict.fromkeys(s.attrs["quantity"] for s in spectra.values() if s.attrs["quantity"]))
    if quantity:
        prediction["mean"].attrs["long_name"] = quantity
    prediction.attrs["measured"] = 1
    return prediction


def _spectra(gathered: Gathered) -> dict[str, xr.Dataset] | None:
    """Return the spectrum of each target; one that has none though others have is set aside."""
    recipe = gathered.worker.recipe
    step = recipe.maps[-1].id if recipe.maps else recipe.load.id
    first = next(gathered.observations(_NEEDED, _ALSO), None)
    if first is not None and measured_spectrum(first) is None:
        return None
    found: dict[str, xr.Dataset | None] = {}
    size = 0
    n_target = len(gathered.keys)
    for observation in gathered.observations(_NEEDED, _ALSO):
        target = str(observation.attrs["target"])
        try:
            found[target] = measured_spectrum(observation, covariance=size <= _LARGEST_COVARIANCE)
        except DataError as error:
            gathered.leave_out(target, step, f"target {target}: {error}")
            continue
        spectrum = found[target]
        if spectrum is not None and "depth_covariance" in spectrum:
            size += spectrum["depth_covariance"].nbytes
    spectra: dict[str, xr.Dataset] = {}
    for target, spectrum in found.items():
        if spectrum is None:
            gathered.leave_out(target, step, f"target {target}: no depths were measured, as they were of others")
        elif not np.isfinite(spectrum["depth"].values).any():
            gathered.leave_out(target, step, f"target {target}: all of depth, depth_error is masked")
        else:
            spectra[target] = spectrum
    if not spectra:
        left = gathered.set_aside[-max(n_target, 1)]
        raise RunError(left.alone(max(n_target, 1)))
    return spectra


def _outputs(spectra: Mapping[str, xr.Dataset]) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.intp]]]:
    """Return the channels of all targets in ascending wavelength, and where each target's are among them."""
    keys: dict[tuple[str, int, int], tuple[str, int]] = {}
    own: dict[str, list[tuple[str, int, int]]] = {}
    for target, spectrum in spectra.items():
        seen: dict[tuple[str, int], int] = {}
        own[target] = []
        for i, (instrument, wavelength) in enumerate(
            zip(spectrum["instrument"].values.astype(str), spectrum["wavelength"].values, strict=True)
        ):
            channel = (str(instrument), round(float(wavelength) / _SAME_WAVELENGTH))
            seen[channel] = seen.get(channel, -1) + 1
            key = (*channel, seen[channel])
            keys.setdefault(key, (target, i))
            own[target].append(key)
    wavelength = np.array([spectra[target]["wavelength"].values[i] for target, i in keys.values()])
    order = np.argsort(wavelength, kind="stable")
    every = list(keys)
    place_of = {every[int(at)]: place for place, at in enumerate(order)}
    chosen = [keys[every[int(at)]] for at in order]
    names = ["wavelength", *(edge for edge in _EDGES if all(edge in spectrum for spectrum in spectra.values()))]
    if any(str(name) != "spectrum" for spectrum in spectra.values() for name in spectrum["instrument"].values):
        names.append("instrument")
    outputs = {name: np.array([spectra[target][name].values[i] for target, i in chosen]) for name in names}
    places = {target: np.array([place_of[key] for key in mine], dtype=np.intp) for target, mine in own.items()}
    return outputs, places


def _covariance(
    spectra: Mapping[str, xr.Dataset], places: Mapping[str, NDArray[np.intp]], n_output: int
) -> NDArray[np.float64] | None:
    """Return the covariances (n_target, n_output, n_output) where all targets have all channels and one of theirs."""
    if len(spectra) * n_output**2 * 8 > _LARGEST_COVARIANCE:
        return None
    if not all("depth_covariance" in s and s.sizes["wavelength"] == n_output for s in spectra.values()):
        return None
    covariance = np.empty((len(spectra), n_output, n_output))
    for row, (target, spectrum) in enumerate(spectra.items()):
        place = places[target]
        covariance[row][np.ix_(place, place)] = spectrum["depth_covariance"].values
    return covariance
