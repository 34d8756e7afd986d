"""Scores of a prediction: align it with the truth, compute what can be computed, say why the rest cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import ContainerError, SpecframeError
from specframe.evaluate.bootstrap import Intervals, score_intervals

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Score

__all__ = ["Evaluation", "Judged", "align", "evaluate_scores", "is_complete", "judged_targets"]


@dataclass(frozen=True)
class Evaluation:
    """What :func:`evaluate_scores` found."""

    #: Score by name; ``None`` where it could not be computed. Scores of several numbers have an entry for each.
    values: dict[str, float | None] = field(default_factory=dict)
    #: Why a score is ``None``.
    reasons: dict[str, str] = field(default_factory=dict)
    #: Number of targets that were judged.
    n_target: int = 0
    #: Targets that were left out because nothing is known of their true values.
    unlabelled: tuple[str, ...] = ()
    #: Targets that were left out because they have no value, or no error, in some output.
    incomplete: tuple[str, ...] = ()
    #: Confidence intervals of the scores, ``None`` where none were asked for.
    intervals: Intervals | None = None
    #: Scores of classes of the targets, by what they are sorted by and the name of the class.
    by: dict[str, dict[str, Evaluation]] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """Prediction and truth of the targets that can be judged, in the same order, and the names of the others."""

    prediction: xr.Dataset
    truth: xr.DataArray
    unlabelled: tuple[str, ...]
    incomplete: tuple[str, ...]


def evaluate_scores(
    scores: Sequence[Score], prediction: xr.Dataset, truth: xr.DataArray, bootstrap: int = 0, seed: int = 0
) -> Evaluation:
    """Judge ``prediction`` by every one of ``scores``.

    Targets and outputs are matched by name (see :func:`align`). Targets with a gap, such as a channel in which no depth
    could be measured, are not judged: scores of different parts of a spectrum do not compare. A score that raises, or
    that is not a finite number, becomes ``None`` with its reason and does not stop the others.

    Parameters
    ----------
    scores
        Score components. One that returns several numbers names them itself (``coverage-68``).
    prediction
        A Prediction, see :mod:`specframe.api.prediction`.
    truth
        Labels (target, output). Targets that are not predicted are not looked at; single labels may be NaN.
    bootstrap
        Number of resamples of the targets for the scores' confidence intervals; 0 for none. Targets with the same
        ``group`` in the Prediction are drawn together.
    seed
        Decides the resamples.

    Raises
    ------
    ContainerError
        When outputs or units of prediction and truth differ.
    """
    judged = judged_targets(prediction, truth)
    prediction, truth, incomplete = judged.prediction, judged.truth, judged.incomplete
    n_target = prediction.sizes["target"]
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for score in scores:
        try:
            found = _compute(score, prediction, truth, len(incomplete))
        except Exception as error:  # a score comes from a plugin and may raise anything; the run's results must survive
            values[score.name] = None
            reasons[score.name] = (
                str(error) if isinstance(error, SpecframeError) else f"{type(error).__name__}: {error}"
            )
            continue
        for name, value in found.items():
            values[name] = value if np.isfinite(value) else None
            if values[name] is None:
                unknown = int(np.isnan(truth.values).sum())
                reasons[name] = f"it is {value}" + (f"; {unknown} true values are not known" if unknown else "")
    intervals = score_intervals(scores, prediction, truth, values, bootstrap, seed) if bootstrap else None
    return Evaluation(values, reasons, n_target, judged.unlabelled, incomplete, intervals)


def judged_targets(prediction: xr.Dataset, truth: xr.DataArray) -> Judged:
    """Bring prediction and truth together and leave out targets without labels or with gaps.

    Raises :class:`ContainerError` when outputs or units differ, see :func:`align`.
    """
    prediction, truth, unlabelled = align(prediction, truth)
    complete = is_complete(prediction)
    incomplete = tuple(str(target) for target in prediction["target"].values[~complete])
    if incomplete:  # else nothing is copied: covariances are large
        prediction, truth = prediction.isel(target=complete), truth.isel(target=complete)
    return Judged(prediction, truth, unlabelled, incomplete)


def is_complete(prediction: xr.Dataset) -> NDArray[np.bool_]:
    """Return which targets of a Prediction have a finite ``mean``, and ``std`` where there is one, in every output."""
    known = [np.isfinite(prediction[name].values).all(axis=1) for name in ("mean", "std") if name in prediction]
    return np.asarray(np.logical_and.reduce(known))


def _compute(score: Score, prediction: xr.Dataset, truth: xr.DataArray, n_incomplete: int) -> dict[str, float]:
    if not prediction.sizes["target"] and n_incomplete:
        raise ContainerError(f"none of the {n_incomplete} labelled targets was measured in every channel")
    if not prediction.sizes["target"]:
        raise ContainerError("no predicted target has a label")
    if score.needs_std and "std" not in prediction:
        raise ContainerError(f"{score.name}: the prediction has no std; add an uncertainty step")
    found = score.score(prediction, truth)
    if isinstance(found, Mapping):
        return {str(name): float(value) for name, value in found.items()}
    return {score.name: float(found)}


def align(prediction: xr.Dataset, truth: xr.DataArray) -> tuple[xr.Dataset, xr.DataArray, tuple[str, ...]]:
    """Bring prediction and truth to the same targets and outputs, in the prediction's order.

    Returns
    -------
    prediction, truth, unlabelled
        Without the targets of which no label is known, and the names of those.

    Raises
    ------
    ContainerError
        When a target or an output stands twice, or outputs or units differ.
    """
    targets, outputs = (prediction[dim].values.astype(str) for dim in ("target", "output"))
    known_targets, known_outputs = (truth[dim].values.astype(str) for dim in ("target", "output"))
    for dim, what, names in (
        ("target", "prediction", targets),
        ("target", "truth", known_targets),
        ("output", "prediction", outputs),
        ("output", "truth", known_outputs),
    ):
        unique, counts = np.unique(names, return_counts=True)
        if np.any(counts > 1):
            raise ContainerError(f"evaluation: {dim} {unique[np.argmax(counts)]} stands twice in the {what}")
    if set(outputs) != set(known_outputs):
        only = sorted(set(outputs) ^ set(known_outputs))
        raise ContainerError(
            f"evaluation: the outputs of prediction ({len(outputs)}) and truth ({len(known_outputs)}) differ: "
            f"{', '.join(only[:5])}{' ...' if len(only) > 5 else ''} in one of them only"
        )
    units, known_units = prediction["mean"].attrs.get("units", ""), truth.attrs.get("units", "")
    if units != known_units:
        raise ContainerError(f"evaluation: the prediction is in {units!r}, the truth in {known_units!r}")
    own, known_own = (
        dict(zip(a["output"].values.astype(str), a.coords["unit"].values.astype(str), strict=True))
        if "unit" in a.coords
        else {}
        for a in (prediction["mean"], truth)
    )
    for name in own.keys() & known_own.keys():
        if own[name] != known_own[name]:
            raise ContainerError(
                f"evaluation: {name} is predicted in {own[name]!r}, its truth is in {known_own[name]!r}"
            )

    row_of = {name: row for row, name in enumerate(known_targets)}
    column_of = {name: column for column, name in enumerate(known_outputs)}
    columns = [column_of[name] for name in outputs]
    labelled = np.array(
        [name in row_of and bool(np.isfinite(truth.values[row_of[name]]).any()) for name in targets], dtype=bool
    )
    rows = [row_of[name] for name in targets[labelled]]
    return (
        prediction.isel(target=labelled),
        truth.isel(target=rows, output=columns),
        tuple(str(name) for name in targets[~labelled]),
    )
