"""The calibrator ``observation-noise``."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import xarray as xr

from specframe.api import Calibrator
from specframe.errors import DataError
from specframe_retrieval.preparation.flux_kinds import conversion_factor
from specframe_retrieval.preparation.like_file import observed_like
from specframe_retrieval.preparation.node import edges_of, good_pixels, map_spectra, rebuilt, value_name
from specframe_retrieval.preparation.params import ObservationNoiseParams
from specframe_retrieval.preparation.rebinning import rebinning_between

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from specframe.api.observation import Level

__all__ = ["ObservationNoise"]

#: Absolute noise of so many times the largest value is one in other units: ppm of a depth.
_LARGEST = 100.0


class ObservationNoise(Calibrator):
    """Gives noise-free spectra the errors that an observation of them would have.

    Only spectra with ``flux.attrs["noise"] = "absent"`` (``depth`` likewise) are changed: those of models, which are
    learned from. Observed ones have errors of their own and pass as they are, so both can go through the same steps.

    The standard deviation is ``relative`` x the flux of each pixel; ``absolute``; the flux at ``reference`` (or the
    median) over ``snr``, the same in all pixels; or that of the spectrum in the file ``like``. With ``like_by: mean``
    the latter is scaled by the ratio of the two spectra's means over their common pixels: it is then the noise that
    this observation has once both are normalised, also where its flux is close to 0. With ``like_by: pixel`` the
    error is the same fraction of the flux as in the observation. With ``like_by: absolute`` it is the same number: a
    deeper transit is not a noisier one, so this is what depths get unless another is asked for. Errors of ``like`` on
    other pixels are brought over as ``resample`` does it; pixels where the observation has no good ones are masked,
    since their noise is not known.
    ``floor`` is the least noise, as a fraction of the mean flux.

    Of a spectrum that was normalised, fractions are those of the flux before.

    With ``realise`` one draw is added, seeded by ``seed`` and the target, and the spectrum is one that holds
    noise (``noise="included"``). Without it the pipeline draws: for the targets that are held out, and for models that
    train on noise.

    Raises
    ------
    DataError
        When all is masked, the file ``like`` has no errors or does not overlap, the flux was turned into logarithms, or
        ``absolute`` is so large that it must be in other units than the spectrum.
    InputFileError
        When the file ``like`` cannot be read.
    """

    name = "observation-noise"
    Params: ClassVar[type[ObservationNoiseParams]] = ObservationNoiseParams
    params: ObservationNoiseParams
    consumes: ClassVar[tuple[Level, ...]] = ("spectrum", "depths")
    produces: ClassVar[tuple[Level, ...]] = ("spectrum", "depths")
    stored: ClassVar[bool] = False

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation with errors."""
        generator = _generator(self.params.seed, str(observation.attrs["target"])) if self.params.realise else None
        return map_spectra(observation, partial(self._with_noise, generator=generator))

    def _with_noise(self, data: xr.Dataset, generator: np.random.Generator | None) -> xr.Dataset:
        name = value_name(data)
        variable, error = data.variables[name], data.variables[f"{name}_error"]
        if variable.attrs.get("noise") != "absent":
            return rebuilt(data, {})
        if variable.attrs.get("transform"):
            raise DataError(f"the {name} is a logarithm; put observation-noise before the step that takes it")
        good = good_pixels(data)
        value = np.asarray(variable.values, float)
        scale, offset = _scale_and_offset(data, name)
        sigma = self._sigma(data, value * scale + offset, scale, good) / scale
        known = np.isfinite(sigma)
        changed = {f"{name}_error": xr.Variable("wavelength", sigma, error.attrs)}
        if generator is not None:
            order = np.argsort(data.variables["wavelength"].values, kind="stable")  # a draw belongs to its wavelength
            drawn = np.empty_like(value)
            drawn[order] = generator.normal(value[order], np.where(known, sigma, 0.0)[order])
            changed[name] = xr.Variable("wavelength", drawn, {**variable.attrs, "noise": "included"})
        if not known[good].all():
            mask = data.variables["mask"].values if "mask" in data.variables else np.zeros(known.shape, bool)
            changed["mask"] = xr.Variable("wavelength", mask | ~known)
        return rebuilt(data, changed)

    def _sigma(
        self,
        data: xr.Dataset,
        flux: NDArray[np.float64],
        scale: float | NDArray[np.float64],
        good: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Return the noise of ``flux``, which is that before any normalising; NaN where it is not known."""
        params = self.params
        if params.relative is not None:
            sigma = params.relative * np.abs(flux)
        elif params.absolute is not None:
            sigma = np.broadcast_to(params.absolute * scale, flux.shape)
            _check_size(params.absolute, sigma[good], flux[good], data)
        elif params.snr is not None:
            sigma = np.full(flux.shape, self._reference_flux(data, flux, good) / params.snr)
        else:
            assert params.like is not None
            sigma = self._sigma_like(params.like, data, flux, good)
        return np.asarray(np.maximum(sigma, params.floor * abs(float(flux[good].mean()))))

    def _reference_flux(self, data: xr.Dataset, flux: NDArray[np.float64], good: NDArray[np.bool_]) -> float:
        """Return the flux that snr is about."""
        reference = self.params.reference
        if reference is None:
            return abs(float(np.median(flux[good])))
        lower, upper = edges_of(data)
        there = good & (lower <= reference) & (reference <= upper)
        if not there.any():
            raise DataError(
                f"no pixel that can be used is at reference {reference:g} um, where snr shall hold; the spectrum goes "
                f"from {lower[0]:.6g} to {upper[-1]:.6g} um"
            )
        return abs(float(flux[there].mean()))

    def _sigma_like(
        self, path: Path, data: xr.Dataset, flux: NDArray[np.float64], good: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the noise of the observation in a file, on the pixels of ``data`` and in the units of ``flux``."""
        observed = observed_like(path, self.params.like_with)
        name = value_name(observed)
        factor = _into_units_of(data, observed)
        error = observed.variables[f"{name}_error"].values * factor
        there = good_pixels(observed) & (error > 0.0)
        if not there.any():
            raise DataError(f"{path} has no errors above 0, so it cannot say how large the noise is")
        onto = rebinning_between(edges_of(observed), edges_of(data))
        covered = onto.covered(there)
        usable = onto.usable(covered, 1.0)
        if not (usable & good).any():
            ends = data.variables["wavelength"].values[[0, -1]]
            raise DataError(
                f"{path} has no good pixels between {ends[0]:.6g} and {ends[1]:.6g} um, where the spectrum is"
            )
        level = onto.mean(observed.variables[name].values * factor, there, covered)
        sigma = onto.error(error, there, covered)
        by = self.params.like_by
        if by == "absolute" or (by == "auto" and name == "depth"):
            return np.where(usable, sigma, np.nan)
        if by == "pixel":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(usable & (level > 0.0), sigma / level * np.abs(flux), np.nan)
        both = usable & good
        ratio = float(flux[both].mean() / level[both].mean())
        if not (np.isfinite(ratio) and ratio > 0.0):
            raise DataError(
                f"the mean flux is {flux[both].mean():g}, that of {path} {level[both].mean():g}: both must be above 0 "
                "for the noise to be scaled"
            )
        return np.where(usable, sigma * ratio, np.nan)


def _check_size(absolute: float, sigma: NDArray[np.float64], flux: NDArray[np.float64], data: xr.Dataset) -> None:
    """Raise :class:`DataError` where noise that is stated as a number must be in other units than the spectrum."""
    largest = float(np.abs(flux).max())
    if not float(sigma.min()) > _LARGEST * largest > 0.0:
        return
    name = value_name(data)
    units = data.variables[name].attrs.get("units", "")
    fraction = " (depths are fractions: 30 ppm are 30.0e-6)" if name == "depth" else ""
    raise DataError(
        f"absolute noise {absolute:g} is {sigma.min() / largest:.3g} times the largest {name}: state it in the units "
        f"of the {name}, {units!r}{fraction}"
    )


def _scale_and_offset(data: xr.Dataset, name: str) -> tuple[NDArray[np.float64] | float, float]:
    """Return what restores a spectrum that was normalised, 1 and 0 of others."""
    if f"{name}_scale" not in data.variables:
        return 1.0, 0.0
    scale = float(data.variables[f"{name}_scale"].values)
    offset = float(data.variables[f"{name}_offset"].values)
    return (scale * data.variables["continuum"].values if "continuum" in data.variables else scale), offset


def _into_units_of(data: xr.Dataset, observed: xr.Dataset) -> NDArray[np.float64] | float:
    """Return the factor that gives an observation the units of ``data``, 1 where either is no flux density."""
    name, theirs = value_name(data), value_name(observed)
    if name != theirs:
        raise DataError(f"the file has {theirs}, the spectrum {name}: give a file of the same kind")
    own = data.variables[f"{name}_scale" if f"{name}_scale" in data.variables else name].attrs.get("units", "")
    given = observed.variables[theirs].attrs.get("units", "")
    if not (own and given) or own == given:
        return 1.0
    return conversion_factor(str(given), str(own), observed.variables["wavelength"].values)


def _generator(seed: int, target: str) -> np.random.Generator:
    """Return the generator of a target's draws: the same wherever and in whatever order it is worked on."""
    return np.random.default_rng([seed, int.from_bytes(hashlib.sha256(target.encode()).digest()[:8])])
