"""Scores of each output by itself, for outputs that are different quantities: temperature, gravity, metallicity."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, TypeVar, get_args

import numpy as np

from specframe.api import Score
from specframe.errors import DataError
from specframe.evaluate import diagnostics
from specframe.evaluate.intervals import interval
from specframe.evaluate.median import resampled_median
from specframe.evaluate.outputs import MOST_PARAMETERS
from specframe.evaluate.params import INTERVAL, RegressionParams, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params

    Array = NDArray[np.float64]

__all__ = ["Regression", "drawn_scores", "nominal_coverage", "score_unit", "statistics_of"]

T = TypeVar("T")

#: A statistic with its level, where it has one.
_STATISTIC = re.compile(rf"(?:{'|'.join(name for name in get_args(Statistic))})(?:-[0-9.]+)?")
_COVERAGE = re.compile(r"coverage-([0-9.]+)(?:-|$)")
#: Statistics that carry the unit of their output; the others are numbers.
_WITH_UNIT = ("rmse", "mae", "bias", "median-abs", "crps", "std", "width")
#: Rows of a figure of scores, and the scores that it has when there are more.
_ROWS, _TELLING = 24, ("r2", "rmse", "bias", "coverage", "pull")
#: A spread below this fraction of the errors themselves is rounding.
_ROUNDING = 1e-14


class Regression(Score):
    """Statistics of each output by itself, ``<statistic>-<output>``: ``r2-teff``, ``rmse-logg``, ``coverage-68-teff``.

    Errors are ``mean - truth``, over the targets whose truth is known in that output. ``r2`` (one minus the ratio of
    the sums of squares), ``rmse``, ``mae`` (mean absolute error), ``bias`` (mean error), ``median-abs``, ``skew``
    (the third central moment of the errors over their standard deviation cubed, without correction for the number of
    targets; 0 where all errors are the same); where the prediction has errors ``coverage`` and ``width`` (mean upper
    minus lower bound) at each level, ``crps``, ``pull`` (standard deviation of errors over ``std``) and ``std`` (mean
    predicted error).

    A statistic that is not defined for an output, such as ``r2`` where the truths do not vary, is NaN.
    """

    name = "regression"
    Params: ClassVar[type[Params]] = RegressionParams
    params: RegressionParams

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> dict[str, float]:
        """Return every statistic of every output, output by output, in the unit of the output."""
        once = np.ones((1, prediction.sizes["target"]))
        return {name: float(values[0]) for name, values in self.resampled(prediction, truth, once).items()}

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return the statistics of each resample."""
        outputs = [str(name) for name in prediction["output"].values]
        if len(outputs) > MOST_PARAMETERS:
            raise DataError(
                f"regression: {len(outputs)} outputs are too many to be told one by one (at most {MOST_PARAMETERS}); "
                "channels of a spectrum are judged together by other scores"
            )
        tables = dict(self._tables(prediction, truth, np.asarray(counts, float)))
        return {f"{name}-{output}": table[:, j] for j, output in enumerate(outputs) for name, table in tables.items()}

    def _tables(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> Iterator[tuple[str, Array]]:
        """Yield name and values (n_resample, n_output) of the statistics that can be computed."""
        mean, known = prediction["mean"].values, truth.values
        error = mean - known
        wanted = self.params.statistics
        if "r2" in wanted:
            yield "r2", diagnostics.resampled_r2(mean, known, counts)
        if "rmse" in wanted:
            yield "rmse", np.sqrt(_means(counts, error**2))
        if "mae" in wanted:
            yield "mae", _means(counts, np.abs(error))
        if "bias" in wanted:
            yield "bias", _means(counts, error)
        if "median-abs" in wanted:
            columns = [resampled_median(np.abs(error[:, [j]]), counts) for j in range(error.shape[1])]
            yield "median-abs", np.stack(columns, axis=1)
        if "skew" in wanted:
            yield "skew", _skews(counts, error)
        yield from self._of_errors(prediction, known, counts)

    def _of_errors(self, prediction: xr.Dataset, known: Array, counts: Array) -> Iterator[tuple[str, Array]]:
        """Yield what needs stated errors."""
        wanted, mean = self.params.statistics, prediction["mean"].values
        for level in self.params.levels if set(INTERVAL) & set(wanted) else ():
            bounds = interval(prediction, level)
            if bounds is None:
                break
            lower, upper = bounds
            if "coverage" in wanted:
                inside = np.where(np.isfinite(known), (lower <= known) & (known <= upper), np.nan)
                yield f"coverage-{100 * level:g}", _means(counts, inside)
            if "width" in wanted:
                yield f"width-{100 * level:g}", _means(counts, np.where(np.isfinite(known), upper - lower, np.nan))
        if "crps" in wanted and "samples" in prediction:
            yield "crps", _means(counts, diagnostics.crps_samples(prediction["samples"].values, known))
        if "std" not in prediction:
            return
        std = prediction["std"].values
        if "crps" in wanted and "samples" not in prediction:
            yield "crps", _means(counts, diagnostics.crps_normal(mean, std, known))
        if "pull" in wanted:
            pull = diagnostics.pull_table(mean, std, known)
            centre = _means(counts, pull)
            yield "pull", np.sqrt(np.maximum(_means(counts, pull**2) - centre**2, 0.0))
        if "std" in wanted:
            yield "std", _means(counts, np.where(np.isfinite(known), std, np.nan))


def statistics_of(scores: Mapping[str, T], output: str) -> dict[str, T]:
    """Return what :class:`Regression` gave for one output by the name of the statistic: ``rmse`` of ``rmse-teff``."""
    end = f"-{output}"
    own = {name.removesuffix(end): value for name, value in scores.items() if name.endswith(end)}
    return {name: value for name, value in own.items() if _STATISTIC.fullmatch(name)}


def drawn_scores(names: Sequence[str]) -> list[str]:
    """Return which scores a figure with a row for each has room for: of more than 24 the most telling ones."""
    return list(names) if len(names) <= _ROWS else [name for name in names if name.startswith(_TELLING)][:_ROWS]


def nominal_coverage(name: str) -> float | None:
    """Return the level of a score ``coverage-68`` or ``coverage-68-<output>``, as a fraction; ``None`` for others."""
    found = _COVERAGE.match(name)
    return float(found[1]) / 100 if found else None


def score_unit(name: str, units: Mapping[str, str]) -> str:
    """Return the unit of a score by its name, given the ``units`` of the outputs; ``""`` for a plain number."""
    own = [output for output in units if name.endswith(f"-{output}")]
    return units[max(own, key=len)] if own and name.startswith(_WITH_UNIT) else ""


def _means(counts: Array, table: Array) -> Array:
    """Return the mean over the known values of each output (n_target, n_output) in each resample.

    Shape (n_resample, n_output); NaN where none is known. An infinite value makes the mean of its output infinite.
    """
    known = ~np.isnan(table)
    count = counts @ known
    with np.errstate(invalid="ignore"):
        total = counts @ np.where(known, table, 0.0)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _skews(counts: Array, error: Array) -> Array:
    """Return the skewness of each output in each resample, (n_resample, n_output)."""
    known = np.isfinite(error)
    centre = np.where(known, error, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    away = error - centre  # moments about zero would lose digits
    first, second, third = (_means(counts, away**power) for power in (1, 2, 3))
    variance = second - first**2
    spread = variance > _ROUNDING * (second + centre**2)
    moment = third - 3 * first * second + 2 * first**3
    without = np.where(np.isnan(first), np.nan, 0.0)
    return np.asarray(np.divide(moment, np.maximum(variance, 0.0) ** 1.5, out=without, where=spread))
