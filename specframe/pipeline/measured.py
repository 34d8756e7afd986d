"""The result of a pipeline that learns nothing: the depths that its steps measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.spectrum import SPECTRUM_VARIABLES, measured_spectrum
from specframe.errors import DataError, RunError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.pipeline.targets.gather import Gathered

__all__ = ["measured_depths"]

#: Covariances of measured depths are kept in the Prediction up to this size of all of them together, in bytes.
_LARGEST_COVARIANCE = 64 * 2**20
_EDGES = ("wavelength_lower", "wavelength_upper")
_IN_COMMON = {"wavelength", *_EDGES, "instrument", "channel_flags"}
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


@dataclass(frozen=True)
class _Spectrum:
    """The columns of one target's spectrum; those that many targets have in common are one array for all of them."""

    columns: dict[str, NDArray[Any]]
    quantity: str

    @classmethod
    def of(cls, spectrum: xr.Dataset, common: dict[tuple[str, bytes], NDArray[Any]]) -> _Spectrum:
        """Keep what is needed of a spectrum: as Datasets, those of a million targets would not fit into memory."""
        columns = {str(name): variable.values for name, variable in spectrum.variables.items()}
        for name in _IN_COMMON & columns.keys():
            values = columns[name]
            columns[name] = common.setdefault((f"{name} {values.dtype.str}", values.tobytes()), values)
        return cls(columns, str(spectrum.attrs["quantity"]))

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["wavelength"])


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
                values[row, places[target]] = spectrum[name]
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
    spectra: Mapping[str, _Spectrum], outputs: Mapping[str, NDArray[Any]], variables: dict[str, Any]
) -> xr.Dataset:
    import xarray as xr

    coords: dict[str, Any] = {
        "target": list(spectra),
        "output": [f"channel_{i + 1}" for i in range(len(outputs["wavelength"]))],
    }
    for name, values in outputs.items():
        coords[name] = ("output", values, {"units": "um"} if values.dtype.kind == "f" else {})
    prediction = xr.Dataset(variables, coords=coords)
    quantity = ", ".join(dict.fromkeys(s.quantity for s in spectra.values() if s.quantity))
    if quantity:
        prediction["mean"].attrs["long_name"] = quantity
    prediction.attrs["measured"] = 1
    return prediction


def _spectra(gathered: Gathered) -> dict[str, _Spectrum] | None:
    """Return the spectrum of each target; one that has none though others have is set aside."""
    recipe = gathered.worker.recipe
    step = recipe.maps[-1].id if recipe.maps else recipe.load.id
    first = next(gathered.observations(_NEEDED, _ALSO), None)
    if first is not None and measured_spectrum(first) is None:
        return None
    found: dict[str, _Spectrum | None] = {}
    common: dict[tuple[str, bytes], NDArray[Any]] = {}
    size = 0
    n_target = len(gathered.keys)
    for observation in gathered.observations(_NEEDED, _ALSO):
        target = str(observation.attrs["target"])
        try:
            measured = measured_spectrum(observation, covariance=size <= _LARGEST_COVARIANCE)
        except DataError as error:
            gathered.leave_out(target, step, f"target {target}: {error}")
            continue
        found[target] = None if measured is None else _Spectrum.of(measured, common)
        if measured is not None and "depth_covariance" in measured:
            size += measured["depth_covariance"].nbytes
    spectra: dict[str, _Spectrum] = {}
    for target, spectrum in found.items():
        if spectrum is None:
            gathered.leave_out(target, step, f"target {target}: no depths were measured, as they were of others")
        elif not np.isfinite(spectrum["depth"]).any():
            gathered.leave_out(target, step, f"target {target}: all of depth, depth_error is masked")
        else:
            spectra[target] = spectrum
    if not spectra:
        left = gathered.set_aside[-max(n_target, 1)]
        raise RunError(left.alone(max(n_target, 1)))
    return spectra


def _outputs(spectra: Mapping[str, _Spectrum]) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.intp]]]:
    """Return the channels of all targets in ascending wavelength, and where each target's are among them."""
    keys: dict[tuple[str, int, int], tuple[str, int]] = {}
    #: Most targets have the same channels: their arrays are one, so its address tells.
    own: dict[tuple[int, int], list[tuple[str, int, int]]] = {}
    for target, spectrum in spectra.items():
        grid = _grid(spectrum)
        if grid in own:
            continue
        seen: dict[tuple[str, int], int] = {}
        own[grid] = []
        for i, (instrument, wavelength) in enumerate(
            zip(spectrum["instrument"].astype(str), spectrum["wavelength"], strict=True)
        ):
            channel = (str(instrument), round(float(wavelength) / _SAME_WAVELENGTH))
            seen[channel] = seen.get(channel, -1) + 1
            key = (*channel, seen[channel])
            keys.setdefault(key, (target, i))
            own[grid].append(key)
    wavelength = np.array([spectra[target]["wavelength"][i] for target, i in keys.values()])
    order = np.argsort(wavelength, kind="stable")
    every = list(keys)
    place_of = {every[int(at)]: place for place, at in enumerate(order)}
    chosen = [keys[every[int(at)]] for at in order]
    names = ["wavelength", *(edge for edge in _EDGES if all(edge in spectrum for spectrum in spectra.values()))]
    instruments = {id(spectrum["instrument"]): spectrum["instrument"] for spectrum in spectra.values()}
    if any(str(name) != "spectrum" for found in instruments.values() for name in found):
        names.append("instrument")
    outputs = {name: np.array([spectra[target][name][i] for target, i in chosen]) for name in names}
    placed = {grid: np.array([place_of[key] for key in mine], dtype=np.intp) for grid, mine in own.items()}
    return outputs, {target: placed[_grid(spectrum)] for target, spectrum in spectra.items()}


def _grid(spectrum: _Spectrum) -> tuple[int, int]:
    return id(spectrum["wavelength"]), id(spectrum["instrument"])


def _covariance(
    spectra: Mapping[str, _Spectrum], places: Mapping[str, NDArray[np.intp]], n_output: int
) -> NDArray[np.float64] | None:
    """Return the covariances (n_target, n_output, n_output) where all targets have all channels and one of theirs."""
    if len(spectra) * n_output**2 * 8 > _LARGEST_COVARIANCE:
        return None
    if not all("depth_covariance" in s and len(s) == n_output for s in spectra.values()):
        return None
    covariance = np.empty((len(spectra), n_output, n_output))
    for row, (target, spectrum) in enumerate(spectra.items()):
        place = places[target]
        covariance[row][np.ix_(place, place)] = spectrum["depth_covariance"]
    return covariance
