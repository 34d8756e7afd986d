"""What a Prediction says of one target, in the words of a grid's labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from specframe.api import output_units
from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe_retrieval.comparison.grid import SpectralGrid

    Array = NDArray[np.float64]

__all__ = ["Predicted", "with_error"]

#: Draws of the posterior are made with this seed, so that a result can be had again.
_SEED = 0


@dataclass(frozen=True)
class Predicted:
    """Parameters of one target; all arrays are (p,), in the order of ``names``.

    ``std`` is NaN where unknown. ``at_edge`` is -1 or 1 where the mean lies within one std of, or beyond, the grid's
    lowest or highest label (``lower``, ``upper``), and 0 where it does so at both. ``spread`` holds draws of the
    posterior (n_draw, p), ``None`` where nothing is known of it.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    mean: Array
    std: Array
    at_edge: NDArray[np.int8]
    lower: Array
    upper: Array
    extrapolating: bool = False
    distance: float = math.nan
    spread: Array | None = None

    @classmethod
    def of(cls, prediction: xr.Dataset, target: str, grid: SpectralGrid, draws: int = 50) -> Self | None:
        """Read a target's row; outputs that are no labels of the grid are left out, ``None`` where none is left.

        Draws are taken from ``samples``, else from the normal distribution of ``covariance`` or ``std``.

        Raises :class:`~specframe.errors.DataError` when the target is not in the prediction.
        """
        rows = np.flatnonzero(prediction["target"].values.astype(str) == target)
        if not rows.size:
            raise DataError(f"target {target} is not among the {prediction.sizes['target']} that are predicted")
        outputs = [str(name) for name in prediction["output"].values]
        columns = [outputs.index(name) for name in grid.names if name in outputs]
        if not columns:
            return None
        names = tuple(outputs[column] for column in columns)
        one = prediction.isel(target=int(rows[0]), output=columns)
        if "output_other" in one.dims:
            one = one.isel(output_other=columns)
        mean = one["mean"].values.astype(float)
        std = one["std"].values.astype(float) if "std" in one else np.full(mean.size, np.nan)
        known = grid.labels[:, [grid.names.index(name) for name in names]]
        lower, upper = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
        if "at_edge" in one:
            edge = one["at_edge"].values.astype(np.int8)
        else:
            reach = np.nan_to_num(std)
            edge = (mean + reach >= upper).astype(np.int8) - (mean - reach <= lower).astype(np.int8)
        return cls(
            names,
            output_units(one),
            mean,
            std,
            np.where(upper > lower, edge, 0).astype(np.int8),
            lower,
            upper,
            bool(one["extrapolating"]) if "extrapolating" in one else False,
            float(one["distance"]) if "distance" in one else math.nan,
            _spread(one, mean, std, draws),
        )

    def describe(self) -> list[str]:
        """Return each parameter as text: ``teff = 905 ± 20 K``."""
        return [
            " ".join(filter(None, [f"{name} = {with_error(mean, std)}", unit]))
            for name, unit, mean, std in zip(self.names, self.units, self.mean, self.std, strict=True)
        ]

    def edges(self) -> list[str]:
        """Return what lies at the edges of the grid or beyond, a sentence for each of the four, with the edge."""
        told = []
        beyond = {-1: self.mean < self.lower, 1: self.mean > self.upper}
        for side, word, limits in ((-1, "lower", self.lower), (1, "upper", self.upper)):
            within = (self.at_edge == side) & ~beyond[-1] & ~beyond[1]
            for where, chosen in ((f"beyond the {word} edge", beyond[side]), (f"at the {word} edge", within)):
                names = [
                    " ".join(filter(None, [f"{self.names[k]} ({limits[k]:.6g}", self.units[k]])) + ")"
                    for k in np.flatnonzero(chosen & (self.upper > self.lower))
                ]
                if names:
                    told.append(f"{where} of the grid: {', '.join(names)}")
        return told


def with_error(value: float, error: float) -> str:
    """Return ``value ± error`` with two significant digits of the error, without one four of the value."""
    if not (math.isfinite(error) and error > 0):
        return f"{value:.4g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _spread(one: xr.Dataset, mean: Array, std: Array, draws: int) -> Array | None:
    if draws < 2:
        return None
    rng = np.random.default_rng(_SEED)
    if "samples" in one:
        samples = one["samples"].transpose("sample", "output").values.astype(float)
        return np.asarray(samples[rng.permutation(len(samples))[:draws]])
    if "covariance" in one:
        covariance = one["covariance"].transpose("output", "output_other").values.astype(float)
        return rng.multivariate_normal(mean, covariance, draws, check_valid="ignore")
    if np.isfinite(std).all():
        return np.asarray(mean + std * rng.normal(size=(draws, mean.size)))
    return None
