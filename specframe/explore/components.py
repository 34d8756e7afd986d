"""Principal components of spectra, and the spectra that do not fit with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.robust import MAD_TO_STD
from specframe.errors import DataError
from specframe.explore.spectra import analysed, check_spectra

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Components", "Outliers", "find_outliers", "principal_components"]

#: A wavelength, or a spectrum, is left out when less than this part of it is known.
_LEAST_KNOWN = 0.5
#: Values are cut at so many robust standard deviations, so that single bad pixels make no component.
_CUT = 10.0
#: Components that are kept, and those that outliers are looked for in: at most so many, or with this part of variance.
_KEPT, _FOR_OUTLIERS, _VARIANCE = 20, 10, 0.99
#: Probability that a normal spectrum lies beyond the limit.
_LIMIT = 0.999


@dataclass(frozen=True)
class Components:
    """Principal components of spectra in units of each wavelength's scatter.

    ``rows`` and ``columns`` are the indices of the targets and wavelengths used. ``explained (n_component,)`` is the
    part of the variance of each, ``vectors (n_component, n_column)`` are orthonormal, ``scores (n_row, n_component)``;
    ``scaled (n_row, n_column)`` is what was decomposed, 0 where a pixel is missing.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    explained: Array
    vectors: Array
    scores: Array
    scaled: Array

    def needed(self, part: float) -> int:
        """Return how many components hold this part of the variance; more than are kept when they do not."""
        return int(np.searchsorted(np.cumsum(self.explained), part)) + 1


@dataclass(frozen=True)
class Outliers:
    """Robust distances of spectra (n_row,), in units of their limits, above 1 is outlying.

    ``within`` is the distance in the space of the components, ``beyond`` what the components leave of a spectrum.
    """

    rows: NDArray[np.intp]
    within: Array
    beyond: Array

    @property
    def distance(self) -> Array:
        """The larger of both."""
        return np.maximum(self.within, self.beyond)


def principal_components(spectra: xr.DataArray) -> Components:
    """Return the principal components of spectra.

    Each wavelength is centred on its median and divided by its robust scatter (of logarithms, where
    :func:`~specframe.explore.scale_of` says so). Missing pixels are at the median.

    Parameters
    ----------
    spectra
        Dims ``(target, wavelength)``, NaN where masked.

    Raises
    ------
    DataError
        When fewer than three spectra or two wavelengths that vary are left.
    """
    check_spectra(spectra)
    values = analysed(spectra)
    known = np.isfinite(values)
    columns = np.flatnonzero(known.mean(axis=0) >= _LEAST_KNOWN)
    rows = np.flatnonzero(known[:, columns].mean(axis=1) >= _LEAST_KNOWN) if columns.size else np.array([], np.intp)
    if rows.size < 3:
        raise DataError(f"principal components: {rows.size} usable spectra, expected at least 3")
    chosen = values[np.ix_(rows, columns)]
    seen = np.isfinite(chosen).any(axis=0)
    columns, chosen = columns[seen], chosen[:, seen]
    middle = np.nanmedian(chosen, axis=0)
    scale = MAD_TO_STD * np.nanmedian(np.abs(chosen - middle), axis=0)
    plain = np.nanstd(chosen, axis=0)
    scale = np.where(scale > 1e-6 * plain, scale, plain)
    vary = plain > 1e-10 * np.maximum(np.abs(middle), np.finfo(float).tiny)
    if vary.sum() < 2:
        raise DataError(f"principal components: {int(vary.sum())} wavelengths vary, expected at least 2")
    columns = columns[vary]
    scaled = np.nan_to_num((chosen[:, vary] - middle[vary]) / scale[vary])
    scaled = np.clip(scaled, -_CUT, _CUT)
    centred = scaled - scaled.mean(axis=0)
    variances, vectors = _decomposed(centred)
    total = float(np.square(centred).sum())
    return Components(rows, columns, variances / total, vectors, centred @ vectors.T, centred)


def find_outliers(components: Components) -> Outliers:
    """Return how far each spectrum lies from the others, in the space of components and beyond it.

    Within, it is the Mahalanobis distance by medians and median absolute deviations of the scores, over the square
    root of the 99.9 % quantile of chi2; beyond, the norm of the residual over the limit of its robust distribution
    (both as in Hubert, Rousseeuw & Vanden Branden 2005, Technometrics 47, 64).
    """
    from scipy.stats import chi2, norm

    count = min(
        _FOR_OUTLIERS, components.needed(_VARIANCE), components.scores.shape[1], max(1, len(components.rows) // 5)
    )
    scores = components.scores[:, :count]
    middle = np.median(scores, axis=0)
    scatter = MAD_TO_STD * np.median(np.abs(scores - middle), axis=0)
    scatter = np.where(scatter > 0, scatter, np.maximum(scores.std(axis=0), np.finfo(float).tiny))
    within = np.sqrt(np.square((scores - middle) / scatter).sum(axis=1) / float(chi2.ppf(_LIMIT, count)))
    residual = components.scaled - scores @ components.vectors[:count]
    size = np.sqrt(np.square(residual).sum(axis=1)) ** (2 / 3)  # about normal (Wilson & Hilferty 1931)
    centre = np.median(size)
    limit = float(centre + MAD_TO_STD * np.median(np.abs(size - centre)) * norm.ppf(_LIMIT))
    beyond = size / limit if limit > 0 else np.zeros(len(size))
    return Outliers(components.rows, within, beyond**1.5)


def _decomposed(centred: Array) -> tuple[Array, Array]:
    """Return sums of squares and vectors (k, n_column) of the leading components, from the smaller Gram matrix."""
    wide = centred.shape[1] > centred.shape[0]
    values, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    order = np.argsort(values)[::-1][:_KEPT]
    values = np.maximum(values[order], 0.0)
    keep = values > 1e-12 * max(float(values[0]), np.finfo(float).tiny)
    values, vectors = values[keep], vectors[:, order[keep]]
    found = (centred.T @ vectors / np.sqrt(values)).T if wide else vectors.T
    # the sign is free: the largest element is positive
    signs = np.sign(found[np.arange(len(found)), np.argmax(np.abs(found), axis=1)])
    return values, np.asarray(found * signs[:, None])
