"""The scores of the core. True values that are not known (NaN) are left out of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from specframe.api import Score
from specframe.errors import DataError
from specframe.evaluate import diagnostics
from specframe.evaluate.intervals import interval
from specframe.evaluate.median import resampled_median
from specframe.evaluate.outputs import common_unit
from specframe.evaluate.params import CoverageParams

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params

    Array = NDArray[np.float64]

__all__ = ["R2", "BiasPpm", "Coverage", "Crps", "MedianAbsPpm", "Pit", "PitFlat", "Pull", "RmsePpm"]


class RmsePpm(Score):
    """Root of the mean squared error over all targets and outputs, in parts per million."""

    name = "rmse-ppm"

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float:
        """Return ``1e6 sqrt(<(mean - truth)^2>)``; labels must be dimensionless."""
        return float(np.sqrt(np.mean(_errors_ppm(self.name, prediction, truth) ** 2)))

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return the score of each resample."""
        return {self.name: np.sqrt(_means(counts, _table_ppm(self.name, prediction, truth) ** 2))}


class MedianAbsPpm(Score):
    """Median absolute error over all targets and outputs, in parts per million: a few bad targets do not move it."""

    name = "median-abs-ppm"

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float:
        """Return ``1e6 median|mean - truth|``; labels must be dimensionless."""
        return float(np.median(np.abs(_errors_ppm(self.name, prediction, truth))))

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return the score of each resample."""
        return {self.name: resampled_median(np.abs(_table_ppm(self.name, prediction, truth)), counts)}


class BiasPpm(Score):
    """Mean of prediction minus truth over all targets and outputs, in parts per million."""

    name = "bias-ppm"

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float:
        """Return ``1e6 <mean - truth>``; labels must be dimensionless."""
        return float(np.mean(_errors_ppm(self.name, prediction, truth)))

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return the score of each resample."""
        return {self.name: _means(counts, _table_ppm(self.name, prediction, truth))}


class R2(Score):
    """Coefficient of determination of each output, averaged over outputs with equal weight.

    As scikit-learn's ``r2_score``. It says little where targets differ much more than the outputs of a target do:
    on the 538 public labels of the Ariel challenge 2024, each planet's own mean depth as a flat spectrum has
    R2 = 0.9972 (flattened over planets and channels it is the same to 2e-5).

    Notes
    -----
    ``R2 = 1 - sum_i (truth_i - mean_i)^2 / sum_i (truth_i - <truth>)^2`` of each output.
    """

    name = "r2"

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float:
        """Return the mean over outputs of ``1 - SS_residual / SS_total``."""
        per_output = diagnostics.r2(prediction["mean"].values, truth.values)
        undefined = np.flatnonzero(~np.isfinite(per_output))
        if undefined.size:
            raise DataError(
                f"r2: the true values of output {truth['output'].values[undefined[0]]!s} do not vary over the "
                f"{truth.sizes['target']} targets ({undefined.size} of {per_output.size} outputs are so)"
            )
        return float(per_output.mean())

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return the score of each resample; NaN where the true values of an output do not vary in it."""
        return {self.name: diagnostics.resampled_r2(prediction["mean"].values, truth.values, counts).mean(axis=1)}


class Crps(Score):
    """Continuous ranked probability score, in the labels' units: from ``samples`` where there are any, else ``std``.

    Lower is better; for a prediction without any spread it is the mean absolute error. Outputs with different units
    have no mean: :class:`~specframe.evaluate.regression.Regression` gives it for each.

    Notes
    -----
    For a normal prediction ``std (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi))``, ``z = (truth - mean) / std``; for
    samples ``E|X - truth| - E|X - X'| / 2``.

    References
    ----------
    - Gneiting et al. 2005, Monthly Weather Review 133, 1098, doi:10.1175/MWR2904.1
    - Gneiting & Raftery 2007, Journal of the American Statistical Association 102, 359, doi:10.1198/016214506000001437
    """

    name = "crps"

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float:
        """Return the mean over targets and outputs."""
        return float(np.nanmean(self._values(prediction, truth)))

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return the score of each resample."""
        return {self.name: _means(counts, self._values(prediction, truth))}

    def _values(self, prediction: xr.Dataset, truth: xr.DataArray) -> Array:
        common_unit(self.name, truth)
        if "samples" in prediction:
            return diagnostics.crps_samples(prediction["samples"].values, truth.values)
        std = _std(self.name, prediction)
        return diagnostics.crps_normal(prediction["mean"].values, std, truth.values)


class Coverage(Score):
    """Fraction of true values inside their predicted intervals.

    For each level the prediction's own ``lower`` and ``upper`` are used where it has them, else quantiles of its
    ``samples``, else the central interval of a normal distribution with its ``std``. ``coverage-68-error`` is the
    standard error with targets, not outputs, taken as independent: binomial for a single output. It is left out for a
    single target.

    Notes
    -----
    ``coverage-L = fraction of lower_L <= truth <= upper_L`` over targets and outputs.
    """

    name = "coverage"
    Params: ClassVar[type[Params]] = CoverageParams
    params: CoverageParams

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> dict[str, float]:
        """Return ``coverage-68``, ``coverage-68-error`` and so on for each level."""
        found = {}
        for level in self.params.levels:
            fraction, error = diagnostics.clustered_fraction(*_covered(prediction, truth, level))
            found[f"coverage-{100 * level:g}"] = fraction
            if np.isfinite(error):
                found[f"coverage-{100 * level:g}-error"] = error
        return found

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return the coverage of each resample at each level."""
        found = {}
        for level in self.params.levels:
            inside, known = _covered(prediction, truth, level)
            found[f"coverage-{100 * level:g}"] = _ratio(counts @ inside, counts @ known)
        return found


class Pit(Score):
    """How far the probability integral transform of the true values is from uniform.

    Calibrated predictions give a Kolmogorov-Smirnov distance near 0, a mean of 1/2 and a standard deviation of
    1/sqrt(12) = 0.289; a smaller one means that the predicted errors are too large. From ``samples`` where there are
    any, else from ``std``.

    Notes
    -----
    ``u = Phi((truth - mean) / std)``, of n samples ``(rank + 1/2) / (n + 1)``; ``pit-ks = max |F(u) - u|``, F the
    empirical distribution.

    References
    ----------
    - Dawid 1984, Journal of the Royal Statistical Society A 147, 278, doi:10.2307/2981683
    """

    name = "pit"

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> dict[str, float]:
        """Return ``pit-ks``, ``pit-mean`` and ``pit-std``."""
        table = _pit(self.name, prediction, truth)
        pit = table[np.isfinite(table)]
        return {
            "pit-ks": diagnostics.uniform_distance(pit),
            "pit-mean": float(pit.mean()),
            "pit-std": float(pit.std()),
        }

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return mean and std of each resample; a distance from uniform grows by drawing targets twice, so none."""
        table = _pit(self.name, prediction, truth)
        mean = _means(counts, table)
        variance = _means(counts, (table - 0.5) ** 2) - (mean - 0.5) ** 2
        return {"pit-mean": mean, "pit-std": np.sqrt(np.maximum(variance, 0.0))}


class PitFlat(Score):
    """p-value of the hypothesis that the probability integral transform is uniform, by a chi-square test.

    It tests the whole distribution that a prediction states, which mean and standard deviation of pulls or the coverage
    at two levels do not. Targets are independent, outputs are not (:func:`~specframe.evaluate.diagnostics.flatness`).
    Below 0.05 the errors are not distributed as stated; of predictions that are, one in twenty is below, too. With few
    targets it tells gross faults only.

    Notes
    -----
    Hotelling's ``T^2 = d^T C^-1 d`` of the shares d of nine of ten classes less 1/10, C their covariance between
    targets; its law is F's.

    References
    ----------
    - Anderson 2003, An Introduction to Multivariate Statistical Analysis, section 5.2 (Hotelling's T^2)
    """

    name = "pit-flat"

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> dict[str, float]:
        """Return the p-value, between 0 and 1, as ``pit-flat``; labels of at least 20 targets are needed."""
        found = diagnostics.flatness(_pit(self.name, prediction, truth))
        if not np.isfinite(found):
            raise DataError(
                f"pit-flat: {truth.sizes['target']} targets say nothing of ten classes; 20 targets or more are needed"
            )
        return {"pit-flat": found}

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return nothing: a p-value has no interval."""
        return {}


class Pull(Score):
    """Mean and standard deviation of the pulls, (mean - truth) / std, over all targets and outputs.

    0 and 1 for errors that are as large as stated, whatever their distribution. A few targets with errors far beyond
    their std raise it although most errors are too large, so read it with the coverage.

    Notes
    -----
    ``pull = (mean - truth) / std``.
    """

    name = "pull"

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> dict[str, float]:
        """Return ``pull-mean`` and ``pull-std``."""
        table = self._table(prediction, truth)
        pull = table[~np.isnan(table)]
        return {"pull-mean": float(pull.mean()), "pull-std": float(pull.std())}

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return both of each resample."""
        table = self._table(prediction, truth)
        mean = _means(counts, table)
        return {"pull-mean": mean, "pull-std": np.sqrt(np.maximum(_means(counts, table**2) - mean**2, 0.0))}

    def _table(self, prediction: xr.Dataset, truth: xr.DataArray) -> Array:
        if "std" not in prediction:
            raise DataError(f"{self.name}: the prediction has no std; add an uncertainty step")
        return diagnostics.pull_table(prediction["mean"].values, prediction["std"].values, truth.values)


def _pit(score: str, prediction: xr.Dataset, truth: xr.DataArray) -> Array:
    """Return the probability integral transform (n_target, n_output), NaN where the truth is not known."""
    if "samples" in prediction:
        return diagnostics.pit_table_samples(prediction["samples"].values, truth.values)
    return diagnostics.pit_table_normal(prediction["mean"].values, _std(score, prediction), truth.values)


def _errors_ppm(score: str, prediction: xr.Dataset, truth: xr.DataArray) -> Array:
    """Return ``mean - truth`` of the known truths, shape (n,), in parts per million."""
    error = _table_ppm(score, prediction, truth)
    return np.asarray(error[np.isfinite(error)])


def _table_ppm(score: str, prediction: xr.Dataset, truth: xr.DataArray) -> Array:
    """Return ``mean - truth``, shape (n_target, n_output), in parts per million; NaN where the truth is not known."""
    return np.asarray((prediction["mean"].values - truth.values) * _ppm(score, common_unit(score, truth)))


def _means(counts: Array, table: Array) -> Array:
    """Return the mean over the known values (n_target, n_output) of each resample, shape (n_resample,)."""
    known = np.isfinite(table)
    return _ratio(counts @ np.where(known, table, 0.0).sum(axis=1), counts @ known.sum(axis=1))


def _ratio(total: Array, count: Array) -> Array:
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _covered(prediction: xr.Dataset, truth: xr.DataArray, level: float) -> tuple[Array, Array]:
    """Return how many truths of each target are inside its intervals and how many are known, each (n_target,)."""
    bounds = interval(prediction, level)
    if bounds is None:
        raise DataError(
            f"coverage: the prediction has no interval at level {level:g}, no samples and no std; "
            "add an uncertainty step"
        )
    return diagnostics.coverage_by_target(*bounds, truth.values)


def _ppm(score: str, units: str) -> float:
    """Return what one of ``units`` is in parts per million."""
    if units == "":
        return 1e6
    from astropy.units import Unit, UnitsError, dimensionless_unscaled

    try:
        return float(Unit(units).to(dimensionless_unscaled)) * 1e6
    except (ValueError, UnitsError):
        raise DataError(f"{score}: parts per million need dimensionless labels, these are in {units!r}") from None


def _std(score: str, prediction: xr.Dataset) -> Array:
    if "std" not in prediction:
        raise DataError(f"{score}: the prediction has neither samples nor std; add an uncertainty step")
    return np.asarray(prediction["std"].values)
