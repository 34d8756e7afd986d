"""Predictions of the same targets side by side: their scores, and differences target by target."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from specframe.api import Score
from specframe.errors import ContainerError, DataError
from specframe.evaluate.bootstrap import (
    bca_interval,
    groups_of,
    intervals_of,
    make_resamples,
    resample_scores,
    two_sided_p,
)
from specframe.evaluate.evaluation import Evaluation, Judged, evaluate_scores, judged_targets
from specframe.evaluate.outputs import common_unit, output_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.evaluate.bootstrap import Drawn

    Array = NDArray[np.float64]

__all__ = ["Difference", "PairedScores", "Sharpness", "compare_predictions"]

#: Relative difference up to which a true value is the same: files of single precision hold 7 digits.
_SAME_TRUTH = 1e-6


class Sharpness(Score):
    """Mean predicted standard deviation, in the labels' units: of two calibrated predictions the smaller is better."""

    name = "sharpness"
    needs_std: ClassVar[bool] = True

    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float:
        """Return the mean over targets and outputs, which must have one unit."""
        common_unit(self.name, prediction)
        return float(prediction["std"].values.mean())

    def resampled(self, prediction: xr.Dataset, truth: xr.DataArray, counts: Array) -> dict[str, Array]:
        """Return the mean of each resample."""
        return {self.name: counts @ prediction["std"].values.mean(axis=1) / counts.sum(axis=1)}


@dataclass(frozen=True)
class Difference:
    """A score minus that of the reference, on the same targets."""

    value: float
    #: 95 % confidence interval, and two-sided probability that the sign is chance; ``None`` where there are none.
    interval: tuple[float, float] | None = None
    p: float | None = None


@dataclass(frozen=True)
class PairedScores:
    """What :func:`compare_predictions` found; the first prediction is the reference."""

    #: Names of the predictions, in order.
    names: tuple[str, ...]
    #: The targets that all of them were judged on.
    targets: tuple[str, ...]
    #: Scores of each prediction with their intervals, on these targets.
    evaluations: dict[str, Evaluation]
    #: By prediction (but the first) and score.
    differences: dict[str, dict[str, Difference]]
    #: Why there are no intervals at all.
    reason: str = ""
    #: Judged targets of each prediction that some other lacks.
    left_out: dict[str, int] = field(default_factory=dict)
    #: Common targets whose true values differ between predictions; they are left out.
    other_truth: tuple[str, ...] = ()
    n_group: int = 0
    n_draw: int = 0
    #: Unit of each output.
    units: dict[str, str] = field(default_factory=dict)

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of all scores that some prediction has, in order, those of standard errors left out."""
        names = dict.fromkeys(name for found in self.evaluations.values() for name in found.values)
        return tuple(n for n in names if not (n.endswith("-error") and n.removesuffix("-error") in names))


def compare_predictions(
    predictions: Mapping[str, tuple[xr.Dataset, xr.DataArray]],
    scores: Sequence[Score],
    draws: int = 1000,
    seed: int = 0,
) -> PairedScores:
    """Judge predictions on the targets that they have in common, and their differences from the first.

    All predictions are resampled alike, so that what makes a target hard for all of them drops out of the differences.
    Targets that stand together in a group of any prediction are drawn together.

    Parameters
    ----------
    predictions
        Prediction and truth ``(target, output)`` of each, by name; at least two.
    scores
        Score components.
    draws
        Number of resamples.
    seed
        Decides the resamples.

    Raises
    ------
    ContainerError
        When outputs or units differ.
    DataError
        When there are fewer than two predictions, or no target that all of them predict and whose truth is known and
        the same.
    """
    if len(predictions) < 2:
        raise DataError(f"a comparison needs at least two predictions, got {len(predictions)}")
    judged = {name: judged_targets(*pair) for name, pair in predictions.items()}
    _check_outputs(judged)
    common, other_truth = _common_targets(judged)
    left_out = {name: own.prediction.sizes["target"] - len(common) for name, own in judged.items()}
    outputs = next(iter(judged.values())).prediction["output"].values
    groups = _joined_groups([own.prediction.sel(target=common) for own in judged.values()])
    chosen = {
        name: (
            own.prediction.sel(target=common, output=outputs).assign(group=("target", groups)),
            own.truth.sel(target=common, output=outputs),
        )
        for name, own in judged.items()
    }
    evaluations = {name: evaluate_scores(scores, *pair) for name, pair in chosen.items()}
    drawn: dict[str, dict[str, Drawn]] = {name: {} for name in chosen}
    reason = ""
    try:
        resamples = make_resamples(groups, draws, seed) if draws else None
    except DataError as error:
        resamples, reason = None, str(error)
    if resamples is not None:
        for name, pair in chosen.items():
            drawn[name], failed = resample_scores(scores, *pair, resamples)
            intervals = intervals_of(evaluations[name].values, drawn[name], failed, resamples)
            evaluations[name] = replace(evaluations[name], intervals=intervals)
    first, *others = predictions
    return PairedScores(
        names=tuple(predictions),
        targets=tuple(common),
        evaluations=evaluations,
        differences={
            name: _differences(evaluations[first], evaluations[name], drawn[first], drawn[name]) for name in others
        },
        reason=reason,
        left_out=left_out,
        other_truth=other_truth,
        n_group=len(np.unique(groups)),
        n_draw=draws,
        units=_units(next(iter(judged.values())).prediction),
    )


def _check_outputs(judged: Mapping[str, Judged]) -> None:
    (first, one), *others = judged.items()
    outputs = set(one.prediction["output"].values.astype(str))
    units = _units(one.prediction)
    for name, other in others:
        only = sorted(outputs ^ set(other.prediction["output"].values.astype(str)))
        if only:
            raise ContainerError(
                f"{first} and {name} predict different outputs ({len(outputs)} and "
                f"{other.prediction.sizes['output']}): {', '.join(only[:5])}{' ...' if len(only) > 5 else ''} in one "
                "of them only; compare runs with the same labels"
            )
        for output, unit in _units(other.prediction).items():
            if unit != units[output]:
                raise ContainerError(
                    f"{first} is in {units[output]!r}, {name} in {unit!r}; compare runs in the same units "
                    f"(output {output})"
                )


def _units(prediction: xr.Dataset) -> dict[str, str]:
    return dict(zip(prediction["output"].values.astype(str), output_units(prediction), strict=True))


def _common_targets(judged: Mapping[str, Judged]) -> tuple[list[str], tuple[str, ...]]:
    """Return the targets of all, in order of name, and those whose true values differ."""
    targets = {name: set(own.prediction["target"].values.astype(str)) for name, own in judged.items()}
    empty = [name for name, own in targets.items() if not own]
    if empty:
        raise DataError(f"{empty[0]}: no target has both a prediction in every output and a known truth")
    common = sorted(set.intersection(*targets.values()))
    if not common:
        sample = "; ".join(f"{name} has {', '.join(sorted(own)[:3])} ..." for name, own in targets.items())
        raise DataError(f"no target is predicted and labelled in all of them: {sample}")
    one, *others = judged.values()
    truth = one.truth.sel(target=common)
    same = np.ones(len(common), bool)
    for other in others:
        there = other.truth.sel(target=common, output=truth["output"].values)
        same &= np.isclose(truth.values, there.values, rtol=_SAME_TRUTH, atol=0, equal_nan=True).all(axis=1)
    if not same.any():
        raise DataError(
            f"the true values of all {len(common)} common targets differ, {common[0]} among them: these are runs on "
            "different data"
        )
    return (
        [target for target, kept in zip(common, same, strict=True) if kept],
        tuple(target for target, kept in zip(common, same, strict=True) if not kept),
    )


def _joined_groups(predictions: Sequence[xr.Dataset]) -> NDArray[np.str_]:
    """Return what is drawn together: targets that share a group in any of the predictions."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    targets = predictions[0]["target"].values.astype(str)
    n = targets.size
    rows, columns, first = [], [], n
    for prediction in predictions:
        names, group_of = np.unique(groups_of(prediction), return_inverse=True)
        rows.append(np.arange(n))
        columns.append(first + group_of)
        first += names.size
    row, column = np.concatenate(rows), np.concatenate(columns)
    _, part = connected_components(coo_array((np.ones(row.size), (row, column)), shape=(first, first)), directed=False)
    # named after the first target in it, so that the draws do not depend on how the parts are numbered
    _, at, part = np.unique(part[:n], return_index=True, return_inverse=True)
    return np.asarray(targets[at][part])


def _differences(
    reference: Evaluation,
    other: Evaluation,
    reference_drawn: Mapping[str, Drawn],
    other_drawn: Mapping[str, Drawn],
) -> dict[str, Difference]:
    found = {}
    for name, value in other.values.items():
        known = reference.values.get(name)
        if value is None or known is None:
            continue
        difference = Difference(value - known)
        if name in reference_drawn and name in other_drawn:
            drawn = other_drawn[name] - reference_drawn[name]
            try:
                interval = bca_interval(difference.value, drawn.resamples, drawn.jackknife)
                difference = Difference(difference.value, interval, two_sided_p(drawn.resamples))
            except DataError:  # the score is not defined for many resamples: the evaluations say so
                pass
        found[name] = difference
    return found
