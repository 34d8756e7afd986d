"""Results whose outputs are parameters: a table with a row per target, a line of text for a few, and their scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.files import atomic_write
from specframe.evaluate.evaluation import evaluate_scores
from specframe.evaluate.intervals import interval
from specframe.evaluate.outputs import are_parameters, output_units
from specframe.evaluate.regression import Regression, statistics_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import xarray as xr
    from astropy.table import Table
    from numpy.typing import NDArray

    from specframe.evaluate.evaluation import Evaluation
    from specframe.pipeline.targets.quality import Quality

    Array = NDArray[np.float64]

__all__ = ["parameter_lines", "parameter_scores", "parameter_table", "write_parameters"]

#: Levels of the bounds in the table where the prediction has samples and states no levels itself.
_LEVELS = (0.68, 0.95)
#: Errors to both sides that differ by less than this fraction are told as one.
_ALIKE = 0.1
_EDGES = {-1: "at lower edge", 1: "at upper edge"}


def write_parameters(path: Path, prediction: xr.Dataset, quality: Mapping[str, Quality], **meta: str) -> Path | None:
    """Write :func:`parameter_table` as ECSV where the outputs are parameters; return where, else ``None``."""
    if not are_parameters(prediction):
        return None
    table = parameter_table(prediction, quality)
    table.meta.update(meta)
    with atomic_write(path) as temporary:
        table.write(temporary, format="ascii.ecsv", overwrite=True)
    return path


def parameter_table(prediction: xr.Dataset, quality: Mapping[str, Quality]) -> Table:
    """Return the table with a row for each target.

    Columns: ``target``; for each parameter ``<p>`` and ``<p>_error``, the bounds of its intervals ``<p>_lower_68``,
    ``<p>_upper_68`` ..., ``<p>_true`` where the truth is known of some target, and ``<p>_at_edge`` (-1 and 1: at the
    lower or upper edge of the training labels, or beyond); ``distance`` to the training set and ``extrapolating``;
    every number whose name begins with ``chi2`` that a step left; ``flags``. A name that a parameter has already taken
    gets an underscore.
    """
    from astropy.table import Column, Table

    table = Table()

    def add(name: str, values: Any, unit: str = "") -> None:
        while name in table.colnames:
            name += "_"
        table.add_column(Column(values, name, unit=unit or None))

    targets = [str(target) for target in prediction["target"].values]
    add("target", targets)
    columns = _columns(prediction)
    for j, (name, unit) in enumerate(zip(prediction["output"].values, output_units(prediction), strict=True)):
        for suffix, values in columns.items():
            add(f"{name}{suffix}", values[:, j], "" if suffix == "_at_edge" else unit)
    if "distance" in prediction:
        add("distance", prediction["distance"].values)
    if "extrapolating" in prediction:
        add("extrapolating", prediction["extrapolating"].values.astype(bool))
    rows = [quality.get(target) for target in targets]
    names = dict.fromkeys(name for row in rows if row for name in row.values if _last(name).startswith("chi2"))
    for name in names:
        short = name if [_last(other) for other in names].count(_last(name)) > 1 else _last(name)
        add(short, [row.values.get(name, np.nan) if row else np.nan for row in rows])
    add("flags", np.array([" ".join(row.flags) if row else "" for row in rows], dtype=str))
    return table


def _columns(prediction: xr.Dataset) -> dict[str, NDArray[Any]]:
    """Return what there is of each parameter by the suffix of its name, (n_target, n_output)."""
    columns: dict[str, NDArray[Any]] = {"": prediction["mean"].values}
    if "std" in prediction:
        columns["_error"] = prediction["std"].values
    levels = prediction["level"].values if "lower" in prediction else _LEVELS if "samples" in prediction else ()
    for level in levels:
        bounds = interval(prediction, float(level))
        for side, bound in zip(("lower", "upper"), bounds or (), strict=False):
            columns[f"_{side}_{100 * level:.4g}"] = bound
    if "truth" in prediction and np.isfinite(prediction["truth"].values).any():
        columns["_true"] = prediction["truth"].values
    if "at_edge" in prediction:
        columns["_at_edge"] = prediction["at_edge"].values
    return columns


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def parameter_lines(prediction: xr.Dataset) -> dict[str, dict[str, str]]:
    """Return what is said of each parameter, ``921 +- 23 K (at lower edge)``, by target and parameter.

    The errors reach to the bounds of the 68 % interval; where those to both sides differ by more than a tenth, both
    are told: ``921 +30 -20 K``.
    """
    bounds = interval(prediction, 0.68)
    mean, units = prediction["mean"].values, output_units(prediction)
    edges = prediction["at_edge"].values if "at_edge" in prediction else np.zeros(mean.shape, int)
    found: dict[str, dict[str, str]] = {}
    for i, target in enumerate(prediction["target"].values):
        found[str(target)] = {}
        for j, name in enumerate(prediction["output"].values):
            errors = () if bounds is None else (mean[i, j] - bounds[0][i, j], bounds[1][i, j] - mean[i, j])
            text = _stated(float(mean[i, j]), errors)
            text += f" {units[j]}" if units[j] else ""
            edge = _EDGES.get(int(edges[i, j]), "")
            found[str(target)][str(name)] = f"{text} ({edge})" if edge else text
    return found


def _stated(value: float, errors: Iterable[float]) -> str:
    """Return a number with as many digits as its errors know."""
    sides = [max(float(error), 0.0) for error in errors]
    if not math.isfinite(value):
        return "not known"
    if not sides or not all(math.isfinite(side) for side in sides) or max(sides) == 0:
        return f"{value:.5g}"
    digits = max(1 - math.floor(math.log10(max(sides))), 0)
    low, high = sides
    if abs(high - low) <= _ALIKE * max(sides):
        return f"{value:.{digits}f} +- {0.5 * (low + high):.{digits}f}"
    return f"{value:.{digits}f} +{high:.{digits}f} -{low:.{digits}f}"


def parameter_scores(
    prediction: xr.Dataset | None, evaluation: Evaluation, draws: int, seed: int
) -> dict[str, dict[str, Any]]:
    """Return the statistics of ``regression`` by parameter: ``unit``, ``scores`` and ``intervals`` by statistic.

    They are taken from ``evaluation`` where it has them. Nothing where the outputs are no parameters, or no truth is
    known.
    """
    if prediction is None or not are_parameters(prediction):
        return {}
    if "truth" not in prediction or not np.isfinite(prediction["truth"].values).any():
        return {}
    outputs = [str(name) for name in prediction["output"].values]
    if not all(statistics_of(evaluation.values, name) for name in outputs):
        truth = prediction["truth"]
        evaluation = evaluate_scores([Regression()], prediction.drop_vars("truth"), truth, draws, seed)
    bounds: Mapping[str, Any] = evaluation.intervals.bounds if evaluation.intervals else {}
    return {
        name: {
            "unit": unit,
            "scores": statistics_of(evaluation.values, name),
            "intervals": statistics_of(bounds, name),
        }
        for name, unit in zip(outputs, output_units(prediction), strict=True)
    }
