"""How well model spectra agree with an observed one: chi2 at the best scale and offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from specframe.errors import DataError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["Agreement", "Free", "agreement", "nearest", "usable"]

#: What is fitted to the observation: the model's scale, an offset, both or nothing.
Free = Literal["scale", "offset", "both", "none"]

#: Elements of (model, wavelength) that are worked on at once.
_AT_ONCE = 4_000_000
#: A model is compared with others if it has at least this part of the samples that the fullest of them has.
_LEAST_COVERAGE = 0.9


@dataclass(frozen=True)
class Agreement:
    """Models ``scale * model + offset`` against one observation; all arrays are (n_model,).

    ``scale_error`` and ``offset_error`` are those of delta chi2 = 1, NaN where not fitted. ``chi2`` is NaN where the
    observation has no errors; all samples then weigh the same, and ``rms``, the root mean square of what is left,
    says how well a model agrees. ``samples`` are those that were compared.
    """

    scale: Array
    offset: Array
    scale_error: Array
    offset_error: Array
    chi2: Array
    rms: Array
    samples: NDArray[np.intp]
    free: Free
    weighted: bool

    @property
    def degrees_of_freedom(self) -> NDArray[np.intp]:
        """Samples less the scale and the offset where fitted; labels do not count, they were not fitted here."""
        return self.samples - {"scale": 1, "offset": 1, "both": 2, "none": 0}[self.free]

    @property
    def chi2_reduced(self) -> Array:
        """chi2 per degree of freedom; NaN without errors or without degrees of freedom."""
        degrees = self.degrees_of_freedom
        return np.where(degrees > 0, self.chi2 / np.maximum(degrees, 1), np.nan)

    @property
    def misfit(self) -> Array:
        """What models are ranked by: chi2 per sample, without errors the mean square; inf where nothing compares."""
        values = self.chi2 / np.maximum(self.samples, 1) if self.weighted else np.square(self.rms)
        short = self.samples < _LEAST_COVERAGE * self.samples.max(initial=0)
        return np.where(short | (self.samples == 0) | ~np.isfinite(values), np.inf, values)


def usable(
    observed: ArrayLike, error: ArrayLike | None = None, mask: ArrayLike | None = None
) -> tuple[NDArray[np.bool_], Array, bool]:
    """Return which samples count (wavelength,), their weights 1 / error^2, and whether there are errors at all.

    Not counted are masked samples (``mask`` True), and those that have no finite flux or, where others have one, no
    positive error. Without errors all weights are 1.
    """
    flux = np.asarray(observed, float)
    good = np.isfinite(flux)
    if mask is not None:
        good &= ~np.asarray(mask, bool)
    errors = np.zeros(flux.shape) if error is None else np.asarray(error, float)
    if errors.shape != flux.shape:
        raise DataError(f"the observation has {flux.size} samples, but errors of shape {errors.shape}")
    known = np.isfinite(errors) & (errors > 0)
    weighted = bool((good & known).any())
    if weighted:
        good &= known
        return good, np.where(good, 1.0 / np.square(np.where(good, errors, 1.0)), 0.0), True
    return good, good.astype(float), False


def agreement(
    observed: ArrayLike,
    error: ArrayLike | None,
    models: ArrayLike,
    mask: ArrayLike | None = None,
    free: Free = "scale",
) -> Agreement:
    """Compare an observation with models at the scale and offset that fit it best, in the sense of least chi2.

    With weights w = 1 / error^2 the best scale alone is ``sum w m o / sum w m^2`` and the best offset alone
    ``sum w (o - m) / sum w``; both together are the weighted straight line of o against m. A scale is not negative:
    where that would fit best it is 0.

    Parameters
    ----------
    observed, error, mask
        Shape (wavelength,), see :func:`usable`.
    models
        Shape (wavelength,) or (n_model, wavelength), in the observation's unit; samples that are NaN are not compared.
    free
        What is fitted.

    Raises
    ------
    DataError
        When shapes differ or no sample of the observation can be used with any model.
    """
    if free not in get_args(Free):
        raise ParameterError(f"free is one of {', '.join(get_args(Free))}, got {free!r}")
    spectra = np.atleast_2d(np.asarray(models))
    flux = np.asarray(observed, float)
    if flux.ndim != 1 or spectra.ndim != 2 or spectra.shape[1] != flux.size:
        raise DataError(
            f"the observation has shape {flux.shape} and the models {np.shape(models)}: "
            "bring them to the same wavelengths first"
        )
    good, weight, weighted = usable(flux, error, mask)
    chosen = np.flatnonzero(good)
    step = max(1, _AT_ONCE // max(chosen.size, 1))
    parts = [
        _agreement(flux[chosen], weight[chosen], np.asarray(spectra[i : i + step, chosen], float), free)
        for i in range(0, len(spectra), step)
    ]
    table = np.concatenate(parts, axis=1)  # shape: (7, n_model)
    if not (table[6] > 0).any():
        raise DataError(
            f"the observation has {chosen.size} usable samples of {flux.size}, "
            "and none of them has a value in a model: do their wavelengths overlap?"
        )
    scale, offset, scale_error, offset_error, chi2, rms, samples = table
    return Agreement(
        scale,
        offset,
        scale_error,
        offset_error,
        chi2 if weighted else np.full(len(spectra), np.nan),
        rms,
        samples.astype(np.intp),
        free,
        weighted,
    )


def _agreement(flux: Array, weight: Array, models: Array, free: Free) -> Array:
    """Return scale, offset, their errors, chi2, rms and number of samples, each (n_model,)."""
    known = np.isfinite(models)
    m, w = np.where(known, models, 0.0), known * weight
    s, sm, smm = w.sum(axis=1), np.einsum("nw,nw->n", w, m), np.einsum("nw,nw,nw->n", w, m, m)
    so, smo = w @ flux, np.einsum("nw,nw,w->n", w, m, flux)
    nothing = np.full(len(m), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        if free == "scale":
            scale = np.maximum(smo / smm, 0.0)
            offset, errors = np.zeros(len(m)), (smm**-0.5, nothing)
        elif free == "offset":
            scale, offset, errors = np.ones(len(m)), (so - sm) / s, (nothing, s**-0.5)
        elif free == "both":
            spread = smm - sm * sm / s
            flat = ~(spread > 1e-12 * smm)  # a flat model has a level, but no shape to scale
            scale = np.where(flat, 0.0, np.maximum((smo - sm * so / s) / np.where(flat, 1.0, spread), 0.0))
            offset = (so - scale * sm) / s
            errors = (np.where(flat, np.nan, spread**-0.5), np.where(flat, s**-0.5, (smm / (s * spread)) ** 0.5))
        else:
            scale, offset, errors = np.ones(len(m)), np.zeros(len(m)), (nothing, nothing)
        left = np.square(flux - scale[:, None] * m - offset[:, None])
        samples = known.sum(axis=1)
        chi2 = np.einsum("nw,nw->n", w, left)
        rms = np.sqrt(np.einsum("nw,nw->n", known, left) / samples)
    return np.stack([scale, offset, *errors, np.where(samples > 0, chi2, np.nan), rms, samples])


def nearest(found: Agreement, count: int) -> NDArray[np.intp]:
    """Return the models that agree best, at most ``count`` of them, the best first."""
    order = np.argsort(found.misfit, kind="stable")[:count]
    return order[np.isfinite(found.misfit[order])]
