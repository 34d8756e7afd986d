"""A prediction as the report shows it: arrays in order of wavelength, intervals, and numbers that judge each target."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from specframe.evaluate.diagnostics import pull_table
from specframe.evaluate.intervals import interval
from specframe.evaluate.outputs import are_parameters, output_units
from specframe.report.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["TARGET_SCORES", "Predicted"]

#: Numbers by target, and what they are.
TARGET_SCORES = {
    "rmse": "root mean square of predicted minus true",
    "pull_rms": "root mean square of predicted minus true in units of the predicted error: 1 when errors are right",
    "inside_68": "fraction of the outputs whose truth lies within the 68 % interval",
    "inside_95": "fraction of the outputs whose truth lies within the 95 % interval",
    "error": "median half width of the 68 % interval",
    "distance": "distance to the training set in units of what is usual within it",
}


@dataclass(frozen=True)
class Predicted:
    """Arrays have shape (n_target, n_output) unless something else is said."""

    targets: list[str]
    outputs: list[str]
    units: list[str]
    #: In um, ascending, (n_output,); ``None`` where the outputs are parameters.
    wavelength: Array | None
    #: How values and errors are named and scaled; of parameters, each of which has a unit of its own, ``None``.
    quantity: Quantity | None
    mean: Array
    std: Array | None
    #: Lower and upper bounds by level, 0.68 and 0.95.
    bounds: dict[float, tuple[Array, Array]]
    #: NaN where it is not known; ``None`` where none is.
    truth: Array | None
    #: Depths that a fit of the light curves alone gives, and their errors.
    estimate: tuple[Array, Array] | None
    extrapolating: NDArray[np.bool_]
    #: -1 and 1 at or beyond the lower and upper edge of the training labels.
    edge: NDArray[np.int8]
    #: ``measured`` from light curves, not learned.
    measured: bool
    distance: Array | None = field(default=None)

    @classmethod
    def of(cls, prediction: xr.Dataset, estimates: Mapping[str, tuple[Array, Array, Array]] | None = None) -> Predicted:
        """Take what the report shows from a Prediction.

        ``estimates`` are wavelengths, depths and errors by target; where their wavelengths are not those of the
        outputs they are left out.
        """
        spectral = "wavelength" in prediction.coords
        if spectral:
            prediction = prediction.sortby("wavelength")
        mean = np.asarray(prediction["mean"].values, float)
        truth = np.asarray(prediction["truth"].values, float) if "truth" in prediction else None
        wavelength = np.asarray(prediction["wavelength"].values, float) if spectral else None
        targets = [str(name) for name in prediction["target"].values]
        parameters = are_parameters(prediction) and prediction.sizes["output"] > 1
        return cls(
            targets=targets,
            outputs=[str(name) for name in prediction["output"].values],
            units=list(output_units(prediction)),
            wavelength=wavelength,
            quantity=None if parameters else Quantity.of(prediction),
            mean=mean,
            std=np.asarray(prediction["std"].values, float) if "std" in prediction else None,
            bounds={level: found for level in (0.68, 0.95) if (found := _bounds(prediction, level)) is not None},
            truth=truth if truth is not None and np.isfinite(truth).any() else None,
            estimate=_estimate(estimates or {}, targets, wavelength),
            extrapolating=np.asarray(prediction["extrapolating"].values, bool)
            if "extrapolating" in prediction
            else np.zeros(len(targets), bool),
            edge=np.asarray(prediction["at_edge"].values, np.int8)
            if "at_edge" in prediction
            else np.zeros(mean.shape, np.int8),
            measured="measured" in prediction.attrs,
            distance=np.asarray(prediction["distance"].values, float) if "distance" in prediction else None,
        )

    @property
    def is_spectrum(self) -> bool:
        """Whether the outputs are channels at wavelengths, and more than one."""
        return self.wavelength is not None and len(self.outputs) > 1

    @property
    def factor(self) -> float:
        """What values are multiplied with to be in ``shown_units``."""
        return 1.0 if self.quantity is None else self.quantity.factor

    @property
    def shown_units(self) -> list[str]:
        """The unit that each output is shown in: a depth without a wavelength in ppm or percent."""
        return self.units if self.quantity is None else [self.quantity.unit] * len(self.outputs)

    @cached_property
    def scores(self) -> dict[str, Array]:
        """Return the numbers of :data:`TARGET_SCORES` that some target has, each (n_target,), NaN where one has not.

        Errors of spectra are in the unit of ``quantity``'s errors; those of parameters, whose units differ, in units
        of the scatter of each parameter over the targets.
        """
        found: dict[str, Array] = {}
        scale = self._scale()
        if self.truth is not None:
            found["rmse"] = _rms((self.mean - self.truth) * scale)
            if self.std is not None:
                pull = pull_table(self.mean, self.std, self.truth)
                found["pull_rms"] = _rms(np.where(np.isfinite(pull), pull, np.nan))
            for level, (lower, upper) in self.bounds.items():
                known = np.isfinite(self.truth) & np.isfinite(lower) & np.isfinite(upper)
                inside = known & (lower <= self.truth) & (self.truth <= upper)
                found[f"inside_{100 * level:.0f}"] = _ratio(inside.sum(axis=1), known.sum(axis=1))
        if 0.68 in self.bounds:
            lower, upper = self.bounds[0.68]
            found["error"] = _median(0.5 * (upper - lower) * scale)
        if self.distance is not None:
            found["distance"] = self.distance
        return {name: found[name] for name in TARGET_SCORES if name in found and np.isfinite(found[name]).any()}

    def ranking(self) -> tuple[str, NDArray[np.int64]]:
        """Return the score that targets are ranked by, and their order, worst first; those without it are left out.

        That is the root mean square error where truths are known, else the stated error; ``""`` where there is neither.
        """
        scores = self.scores
        by = next((name for name in ("rmse", "error") if name in scores), "")
        if not by:
            return "", np.arange(len(self.targets))
        order = np.argsort(-scores[by], kind="stable")
        return by, order[np.isfinite(scores[by][order])]

    def _scale(self) -> Array:
        """Return what errors are multiplied with, (n_output,)."""
        if self.quantity is not None:
            return np.full(len(self.outputs), self.quantity.error_factor)
        values = self.mean if self.truth is None else self.truth
        spread = np.array(
            [np.std(column[np.isfinite(column)]) if np.isfinite(column).any() else 0 for column in values.T]
        )
        return np.asarray(np.divide(1.0, spread, out=np.full(len(self.outputs), np.nan), where=spread > 0))


def _bounds(prediction: xr.Dataset, level: float) -> tuple[Array, Array] | None:
    """Return the bounds at a level: at 68 % the fit's own where its errors are asymmetric."""
    if level == 0.68 and "error_lower" in prediction and "lower" not in prediction:
        mean = np.asarray(prediction["mean"].values, float)
        lower, upper = (np.asarray(prediction[f"error_{side}"].values, float) for side in ("lower", "upper"))
        return mean - lower, mean + upper
    return interval(prediction, level)


def _estimate(
    estimates: Mapping[str, tuple[Array, Array, Array]], targets: list[str], wavelength: Array | None
) -> tuple[Array, Array] | None:
    if wavelength is None or not estimates:
        return None
    depth = np.full((len(targets), wavelength.size), np.nan)
    error = depth.copy()
    for row, target in enumerate(targets):
        if target not in estimates:
            continue
        at, values, errors = estimates[target]
        order = np.argsort(at, kind="stable")
        if at.size == wavelength.size and np.allclose(at[order], wavelength, rtol=1e-4, atol=0):
            depth[row], error[row] = values[order], errors[order]
    return (depth, error) if np.isfinite(depth).any() else None


def _rms(table: Array) -> Array:
    known = np.isfinite(table)
    return np.asarray(np.sqrt(_ratio(np.where(known, np.square(table), 0.0).sum(axis=1), known.sum(axis=1))))


def _median(table: Array) -> Array:
    return np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in table])


def _ratio(part: NDArray[np.number], whole: NDArray[np.number]) -> Array:
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
