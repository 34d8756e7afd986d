"""One observation against a grid: the model at the predicted parameters, and the spectra that agree best."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from specframe_retrieval.comparison.chi2 import agreement, nearest
from specframe_retrieval.comparison.predicted import Predicted
from specframe_retrieval.comparison.radius import radius_of_scale, radius_scan

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe_retrieval.comparison.chi2 import Agreement, Free
    from specframe_retrieval.comparison.grid import SpectralGrid
    from specframe_retrieval.comparison.interpolation import GridInterpolator
    from specframe_retrieval.comparison.spectrum import PhysicalSpectrum

    Array = NDArray[np.float64]

__all__ = ["RadiusFrom", "compare_with_grid"]

#: What turns a scale into a radius.
RadiusFrom = Literal["auto", "distance", "radius", "none"]

_UNIT = {"distance": "pc", "radius": "R_jup"}
#: Labels that were not predicted are taken from so many of the nearest spectra.
_CANDIDATES = 100
#: A model whose reduced chi2 is so many times that of the nearest spectrum, or of noise, is not what was observed.
_FAR_WORSE = 3.0
#: Percentiles of 68 %.
_LOWER, _UPPER = 15.87, 84.13


def compare_with_grid(
    spectrum: PhysicalSpectrum,
    grid: SpectralGrid,
    prediction: xr.Dataset | None = None,
    *,
    free: Free | None = None,
    neighbours: int = 5,
    draws: int = 50,
    radius_from: RadiusFrom = "auto",
) -> xr.Dataset:
    """Compare one observed spectrum with a grid, and with the model at the parameters predicted for it.

    Labels that are not predicted are those of the grid with which the model agrees best. Outside of the grid the model
    is that of the nearest labels inside; ``attrs["notes"]`` then says so, as it says all else that a reader must know.

    Parameters
    ----------
    spectrum
        Of the target.
    grid
        Spectra with labels; one that bears the target's name is left out of the nearest.
    prediction
        A Prediction with the target; ``None``: only the nearest spectra are sought.
    free
        What is fitted to the observation, ``scale``, ``offset``, ``both`` or ``none``; by default the scale of fluxes
        and the offset of depths.
    neighbours
        Number of nearest spectra.
    draws
        Number of models at parameters drawn from the posterior, which give ``model_lower`` and ``model_upper``.
    radius_from
        ``distance``: the flux is that at the observer and the models' that at the surface, and the distance is known;
        ``radius``: both are at the same place, to which a known radius brought them; ``auto``: whichever holds by what
        the spectra say of themselves; ``none``.

    Returns
    -------
    xarray.Dataset
        ``observed``, ``error``, ``used``, ``model`` (fitted to the observation), ``residual``, ``model_lower`` and
        ``model_upper`` (68 % of the draws) ``(wavelength)``; ``neighbour_flux (neighbour, wavelength)``, fitted
        likewise, ``neighbour_label (neighbour, parameter)``, and ``neighbour_chi2``, ``_chi2_reduced``, ``_rms``,
        ``_scale``, ``_offset`` and ``_radius (neighbour)``; for each label of the grid ``mean``, ``std``, ``at_edge``
        and ``shown``, that of ``model``, ``(parameter)``; ``chi2_of_radius (radius)``. Without dims: ``chi2``,
        ``chi2_reduced``, ``degrees_of_freedom``, ``samples``, ``rms``, ``scale``, ``scale_error``, ``offset``,
        ``radius_best`` in RJup, ``radius_lower`` and ``radius_upper`` (delta chi2 = 1), ``radius_std`` (over the
        draws, and by the distance's error), ``draws_inside`` (their part inside of the grid), ``inside``,
        ``extrapolating`` and ``training_distance``. What a prediction would be needed for is not there without one.

    Raises
    ------
    DataError
        When wavelengths do not overlap, or units cannot be compared.
    """
    import xarray as xr

    notes: list[str] = []
    if not grid.fits(spectrum):
        notes.append("grid interpolated to the observation's wavelengths as it stands, resolution unchanged")
    at = grid.like(spectrum)
    free = free or ("offset" if spectrum.quantity == "depth" else "scale")
    if spectrum.noise_free:
        notes.append("the spectrum compared holds no noise: chi2 tells only what models differ by")
    observed = (spectrum.flux, spectrum.error)
    everything = agreement(*observed, at.flux, spectrum.mask, free)
    if not everything.weighted:
        notes.append("observation without errors: all samples weigh the same, chi2 is not defined")
    allowed = np.flatnonzero(np.array(at.targets) != spectrum.target)
    order = nearest(everything, neighbours + len(at.targets) - allowed.size)
    best = order[np.isin(order, allowed)][:neighbours]
    radius = _RadiusOf(spectrum, grid, radius_from, free)
    predicted = Predicted.of(prediction, spectrum.target, grid, draws) if prediction is not None else None
    unit = {"units": spectrum.unit}
    variables: dict[str, Any] = {
        "observed": ("wavelength", spectrum.flux, unit),
        "error": ("wavelength", spectrum.error, unit),
        "used": ("wavelength", ~spectrum.mask),
        **_neighbours(at, everything, best, radius),
    }
    attrs: dict[str, Any] = {"target": spectrum.target, "quantity": spectrum.quantity, "free": free}
    if predicted is not None and at.interpolator is not None:
        interpolator = at.interpolator
        if at.at == "observer" and free == "scale" and not radius.given:
            # spectra of others, each at a distance of its own: only their shapes can be averaged
            shapes = np.where(everything.scale > 0, everything.scale, np.nan)[:, None] * at.flux
            interpolator = replace(at, flux=shapes).interpolator or interpolator
        chosen = _labels(predicted, at, everything, notes)
        variables |= _model(spectrum, interpolator, chosen, predicted, free, radius, notes)
        attrs["parameters"] = "\n".join(predicted.describe())
        model, neighbour = variables["chi2_reduced"], everything.chi2_reduced[best[:1]]
        if neighbour.size and model > _FAR_WORSE * max(float(neighbour[0]), 1.0):
            notes.append(f"the nearest of the grid agrees better: reduced chi2 {neighbour[0]:.3g} against {model:.3g}")
    elif prediction is not None:
        notes.append("nothing is interpolated: no output is a label of the grid that varies")
    if radius.unknown and not spectrum.noise_free:
        notes.append(radius.unknown)
    if radius.given:
        attrs["radius_from"] = ", ".join(f"{name} {value:.6g} {_UNIT[name]}" for name, value in radius.given.items())
    coords = {
        "wavelength": ("wavelength", spectrum.wavelength, {"units": "um"}),
        "parameter": list(grid.names),
        "unit": ("parameter", np.array(grid.units, dtype=str)),
        "neighbour": [at.targets[i] for i in best],
    }
    if "chi2_of_radius" in variables:
        scan = variables.pop("chi2_of_radius")
        coords["radius"] = scan["radius"].variable
        variables["chi2_of_radius"] = scan["chi2"].variable
    return xr.Dataset(variables, coords=coords, attrs={**attrs, "notes": "\n".join(notes)})


class _RadiusOf:
    """Radii of scales, NaN with a reason where they cannot be told."""

    def __init__(self, spectrum: PhysicalSpectrum, grid: SpectralGrid, source: RadiusFrom, free: Free) -> None:
        self.unknown = ""
        self.given: dict[str, float] = {}
        #: Relative; whatever radius was assumed, it cancels.
        self.distance_error = (spectrum.distance_error or 0.0) / spectrum.distance if spectrum.distance else 0.0
        if source == "none" or spectrum.quantity != "flux" or free not in ("scale", "both"):
            return
        if not spectrum.unit:
            self.unknown = "no radius: the flux has no unit"
            return
        if source == "auto":
            if (grid.at, spectrum.at) == ("observer", "surface"):
                self.unknown = "no radius: the grid's flux is at the observer and the observation's at the surface"
                return
            source = "radius" if spectrum.at == grid.at else "distance"
        value = spectrum.distance
        if source == "radius":
            value = grid.radius if spectrum.at == "observer" else spectrum.radius
        if value is not None:
            self.given = {source: value}
        elif grid.at == "surface":  # observed spectra of others, at distances of their own, tell no radius
            self.unknown = f"no radius: the {source} is not known"

    def __call__(self, scale: Array) -> Array:
        if not self.given:
            return np.full(np.shape(scale), np.nan)
        return np.asarray(radius_of_scale(scale, **self.given))


def _neighbours(at: SpectralGrid, found: Agreement, best: NDArray[np.intp], radius: _RadiusOf) -> dict[str, Any]:
    scale, offset = found.scale[best], found.offset[best]
    fitted = scale[:, None] * np.asarray(at.flux[best], float) + offset[:, None]
    return {
        "neighbour_flux": (("neighbour", "wavelength"), fitted, {"units": at.unit}),
        "neighbour_label": (("neighbour", "parameter"), at.labels[best]),
        "neighbour_chi2": ("neighbour", found.chi2[best]),
        "neighbour_chi2_reduced": ("neighbour", found.chi2_reduced[best]),
        "neighbour_rms": ("neighbour", found.rms[best], {"units": at.unit}),
        "neighbour_scale": ("neighbour", scale),
        "neighbour_offset": ("neighbour", offset, {"units": at.unit}),
        "neighbour_radius": ("neighbour", radius(scale), {"units": "R_jup"}),
    }


def _labels(predicted: Predicted, at: SpectralGrid, everything: Agreement, notes: list[str]) -> Array:
    """Return candidates for all labels (k, p): what is predicted, and the nearest spectra's where it is not."""
    assert at.interpolator is not None
    hidden = [k for k, name in enumerate(at.names) if name not in predicted.names]
    if at.interpolator.fixed:
        notes.append(f"one value in the grid: {', '.join(at.interpolator.fixed)}")
    if at.interpolator.multiplicity > 1:
        notes.append(
            f"up to {at.interpolator.multiplicity} spectra of the grid have the same labels; their mean is shown"
        )
    candidates = np.full((1, len(at.names)), np.nan)
    if hidden:
        near = nearest(everything, _CANDIDATES)
        near = near[np.isfinite(at.labels[near]).all(axis=1)]
        candidates = np.full((max(near.size, 1), len(at.names)), np.nan)
        candidates[:, hidden] = at.labels[near][:, hidden]
        candidates = np.unique(candidates, axis=0)
        notes.append(f"not predicted, taken where the model agrees best: {', '.join(at.names[k] for k in hidden)}")
    for value, name in zip(predicted.mean, predicted.names, strict=True):
        candidates[:, at.names.index(name)] = value
    return candidates


def _model(
    spectrum: PhysicalSpectrum,
    interpolator: GridInterpolator,
    candidates: Array,
    predicted: Predicted,
    free: Free,
    radius: _RadiusOf,
    notes: list[str],
) -> dict[str, Any]:
    observed = (spectrum.flux, spectrum.error)
    found = interpolator.interpolate(candidates, "clamp")
    agree = agreement(*observed, found.flux, spectrum.mask, free)
    one = int(np.argmin(agree.misfit))
    model = agree.scale[one] * found.flux[one] + agree.offset[one]
    inside = bool(found.inside[one])
    notes += predicted.edges()
    if predicted.extrapolating:
        far = f" ({predicted.distance:.2g} times as far as any of its own)" if math.isfinite(predicted.distance) else ""
        notes.append(f"the spectrum is unlike those that the model learned from{far}")
    if not inside:
        shown = ", ".join(
            " ".join(filter(None, [f"{name} = {value:.4g}", unit]))
            for name, unit, value in zip(
                interpolator.names, _units(predicted, interpolator), found.parameters[one], strict=True
            )
        )
        notes.append(f"the prediction is outside of the grid; the model shown is that of {shown}")
    columns = [interpolator.names.index(name) for name in predicted.names]

    def of_parameters(values: Any, fill: Any) -> tuple[str, NDArray[Any]]:
        row = np.full(len(interpolator.names), fill)
        row[columns] = values
        return "parameter", row

    unit, in_rjup = {"units": spectrum.unit}, {"units": "R_jup"}
    result: dict[str, Any] = {
        "model": ("wavelength", model, unit),
        "residual": ("wavelength", spectrum.flux - model, unit),
        "mean": of_parameters(predicted.mean, np.nan),
        "std": of_parameters(predicted.std, np.nan),
        "at_edge": of_parameters(predicted.at_edge, np.int8(0)),
        "shown": ("parameter", found.parameters[one]),
        "chi2": agree.chi2[one],
        "chi2_reduced": agree.chi2_reduced[one],
        "degrees_of_freedom": int(agree.degrees_of_freedom[one]),
        "samples": int(agree.samples[one]),
        "rms": ((), agree.rms[one], unit),
        "scale": agree.scale[one],
        "scale_error": agree.scale_error[one],
        "offset": ((), agree.offset[one], unit),
        "inside": inside,
        "extrapolating": predicted.extrapolating,
        "training_distance": predicted.distance,
        "radius_best": ((), radius(agree.scale[one]), in_rjup),
    }
    if radius.given and agree.weighted and free == "scale" and agree.scale[one] > 0:
        scan = radius_scan(*observed, found.flux[one], spectrum.mask, **radius.given)
        result |= {f"radius_{side}": ((), float(scan[side]), in_rjup) for side in ("lower", "upper")}
        result["chi2_of_radius"] = scan
    if predicted.spread is not None:
        result |= _band(spectrum, interpolator, found.parameters[one], predicted, columns, free, radius, notes)
    return result


def _band(
    spectrum: PhysicalSpectrum,
    interpolator: GridInterpolator,
    shown: Array,
    predicted: Predicted,
    columns: list[int],
    free: Free,
    radius: _RadiusOf,
    notes: list[str],
) -> dict[str, Any]:
    """Return the spread of models over draws of the posterior, each fitted to the observation, and of their radii."""
    assert predicted.spread is not None
    drawn = np.repeat(shown[None], len(predicted.spread), axis=0)
    drawn[:, columns] = predicted.spread
    models = interpolator.interpolate(drawn, "clamp")
    if not models.inside.all():
        part = "all" if not models.inside.any() else f"{np.mean(~models.inside):.0%}"
        notes.append(f"{part} of the posterior's draws are outside of the grid, shown at its edge")
    agree = agreement(spectrum.flux, spectrum.error, models.flux, spectrum.mask, free)
    fitted = agree.scale[:, None] * models.flux + agree.offset[:, None]
    lower, upper = np.percentile(fitted, (_LOWER, _UPPER), axis=0)
    radii = radius(agree.scale)
    unit = {"units": spectrum.unit}
    return {
        "model_lower": ("wavelength", lower, unit),
        "model_upper": ("wavelength", upper, unit),
        "radius_std": (
            (),
            float(np.hypot(radii.std(ddof=1), radius.distance_error * radii.mean())),
            {"units": "R_jup"},
        ),
        "draws_inside": float(models.inside.mean()),
    }


def _units(predicted: Predicted, interpolator: GridInterpolator) -> list[str]:
    unit_of = dict(zip(predicted.names, predicted.units, strict=True))
    return [unit_of.get(name, "") for name in interpolator.names]
