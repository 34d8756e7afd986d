"""Confidence intervals of scores: targets are drawn anew with replacement, groups of them as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from specframe.errors import DataError, SpecframeError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    from specframe.api import Score

    Array = NDArray[np.float64]

__all__ = [
    "LEVEL",
    "Drawn",
    "Intervals",
    "Resamples",
    "bca_interval",
    "groups_of",
    "intervals_of",
    "make_resamples",
    "resample_score",
    "resample_scores",
    "score_intervals",
    "two_sided_p",
]

#: Nominal coverage of the intervals.
LEVEL = 0.95
#: With fewer groups the resamples are too few and too alike: 95 % intervals of a mean of 8 normal values hold 89 %.
FEWEST_GROUPS = 8

#: Resamples computed at once, and numbers of them for all targets together: 32 MB. 1000 x 673 counts are 5 MB.
_AT_ONCE, _NUMBERS_AT_ONCE = 1000, 2**22
#: With more groups the jackknife leaves out so many blocks of them in turn. One by one, time and memory would grow with
#: their square, and the acceleration, 1 / sqrt(groups) of a skewness, is known to 0.0004 from 1000 blocks as well.
_MOST_BLOCKS = 1000
#: A score that has to be called for each resample takes milliseconds: it gets no more resamples than these, which know
#: the ends of an interval to 4 % of its width, and with more groups no jackknife, whose correction is then small.
_MOST_CALLS = 250
#: Up to this fraction of resamples may have no finite score, such as R2 of targets that happen to be all the same.
_UNDEFINED = 0.05
#: By how much :meth:`Score.resampled` may differ from :meth:`Score.score`, relative.
_ROUNDING = 1e-6
#: Large, and used by few scores.
_COSTLY = ("covariance", "samples")


@dataclass(frozen=True)
class Resamples:
    """How often each target is in each resample: ``drawn (n_draw, n_target)``.

    ``kept (n_group, n_target)`` leaves each group out once; of more than 1000 groups, one of 1000 blocks of them.
    """

    drawn: NDArray[np.uint8]
    kept: NDArray[np.bool_]
    n_group: int

    @property
    def counts(self) -> Array:
        """``drawn`` as numbers to calculate with, eight times as large."""
        return self.drawn.astype(float)


@dataclass(frozen=True)
class Drawn:
    """A score of the resamples, (n_draw,), and with each group left out, (n_group,) or empty."""

    resamples: Array
    jackknife: Array

    def __sub__(self, other: Drawn) -> Drawn:
        """Return the difference from another score of the same resamples."""
        return Drawn(self.resamples - other.resamples, self.jackknife - other.jackknife)


@dataclass(frozen=True)
class Intervals:
    """Confidence intervals of scores."""

    #: Lower and upper end by name of the score, as in ``Evaluation.values``.
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    #: Why a score has none.
    reasons: dict[str, str] = field(default_factory=dict)
    n_draw: int = 0
    n_group: int = 0


def groups_of(prediction: xr.Dataset) -> NDArray[np.str_]:
    """Return what is drawn together, (n_target,): ``group`` of the Prediction, else each target by itself."""
    name = "group" if "group" in prediction else "target"
    return np.asarray(prediction[name].values.astype(str))


def make_resamples(groups: ArrayLike, draws: int, seed: int) -> Resamples:
    """Draw as many groups as there are, with replacement, ``draws`` times.

    Every target of a group that is drawn comes with it. Depends on the names of the groups, not on the order of the
    targets.

    Raises
    ------
    DataError
        When there are fewer than 8 groups.
    """
    names, group_of = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    n = names.size
    if n < FEWEST_GROUPS:
        raise DataError(f"an interval needs at least {FEWEST_GROUPS} independent targets or groups, there are {n}")
    rng = np.random.default_rng(seed)
    drawn = np.empty((draws, group_of.size), dtype=np.uint8)
    for i in range(draws):  # one by one: together they take eight times the memory for a moment
        drawn[i] = np.minimum(rng.multinomial(n, np.full(n, 1.0 / n)), 255)[group_of]
    blocks = np.arange(n) if n <= _MOST_BLOCKS else rng.permutation(n) % _MOST_BLOCKS
    kept = blocks[group_of] != np.arange(min(n, _MOST_BLOCKS))[:, None]
    return Resamples(drawn, kept, n)


def resample_score(score: Score, prediction: xr.Dataset, truth: xr.DataArray, counts: NDArray[Any]) -> dict[str, Array]:
    """Return the numbers of a score for each resample, (n_resample,) by name; NaN where one is not defined.

    ``counts (n_resample, n_target)`` say how often each target is in a resample.

    Names that the score does not give for resamples are left out.

    Raises
    ------
    DataError
        When the score's ``resampled`` does not agree with its ``score``.
    """
    once = np.ones((1, prediction.sizes["target"]))
    first = score.resampled(prediction, truth, once)
    if first is None:
        slim = _slim(score, prediction, truth)
        rows = [_named(score, _evaluated(score, slim, truth, row)) for row in counts]
        names = list(dict.fromkeys(name for row in rows for name in row))
        return {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}
    value = _named(score, score.score(prediction, truth))
    for name, found in first.items():
        if name not in value or not np.allclose(found, value[name], rtol=_ROUNDING, atol=0, equal_nan=True):
            raise DataError(
                f"{score.name}: resampled() gives {name} = {float(found[0]):.10g} for all targets once, "
                f"score() {value.get(name, 'does not')}; one of them is wrong"
            )
    step = max(min(_AT_ONCE, _NUMBERS_AT_ONCE // counts.shape[1]), 1)
    parts = [
        score.resampled(prediction, truth, counts[i : i + step].astype(float)) or {}
        for i in range(0, len(counts), step)
    ]
    return {name: np.concatenate([np.asarray(part[name], float) for part in parts]) for name in first}


def score_intervals(
    scores: Sequence[Score],
    prediction: xr.Dataset,
    truth: xr.DataArray,
    values: Mapping[str, float | None],
    draws: int,
    seed: int = 0,
) -> Intervals:
    """Return the 95 % confidence intervals of scores.

    Parameters
    ----------
    scores
        Score components.
    prediction, truth
        Of the same targets and outputs, in order. ``group (target)`` of the Prediction says what is drawn together.
    values
        The scores of all targets. A score that could not be computed gets no interval.
    draws
        Number of resamples.
    seed
        Decides the draws.
    """
    groups = groups_of(prediction)
    try:
        resamples = make_resamples(groups, draws, seed)
    except DataError as error:
        reasons = {name: str(error) for name in _with_value(values)}
        return Intervals({}, reasons, draws, len(np.unique(groups)))
    return intervals_of(values, *resample_scores(scores, prediction, truth, resamples), resamples)


def resample_scores(
    scores: Sequence[Score], prediction: xr.Dataset, truth: xr.DataArray, resamples: Resamples
) -> tuple[dict[str, Drawn], dict[str, str]]:
    """Return the numbers of all scores for the resamples, by name, and why scores have none, by component.

    Scores that do not implement :meth:`Score.resampled <specframe.api.Score.resampled>` are called for the first 250
    resamples.
    """
    drawn: dict[str, Drawn] = {}
    reasons: dict[str, str] = {}
    once = np.ones((1, prediction.sizes["target"]))
    for score in scores:
        counts, jackknife = resamples.drawn, resamples.kept
        try:
            if score.resampled(prediction, truth, once) is None:
                counts = counts[:_MOST_CALLS]
                jackknife = jackknife if len(jackknife) <= _MOST_CALLS else jackknife[:0]
            found = resample_score(score, prediction, truth, np.vstack([counts, jackknife.view(np.uint8)]))
        except Exception as error:  # a score comes from a plugin and may raise anything
            why = str(error) if isinstance(error, SpecframeError) else f"{type(error).__name__}: {error}"
            reasons[score.name] = f"resampled targets cannot be scored: {why}"
            continue
        drawn |= {name: Drawn(values[: len(counts)], values[len(counts) :]) for name, values in found.items()}
    return drawn, reasons


def intervals_of(
    values: Mapping[str, float | None], drawn: Mapping[str, Drawn], failed: Mapping[str, str], resamples: Resamples
) -> Intervals:
    """Return the intervals of what :func:`resample_scores` found; ``values`` are the scores of all targets."""
    bounds: dict[str, tuple[float, float]] = {}
    reasons: dict[str, str] = {}
    for name, value in _with_value(values).items():
        if name in drawn:
            try:
                bounds[name] = bca_interval(value, drawn[name].resamples, drawn[name].jackknife)
            except DataError as error:
                reasons[name] = str(error)
            continue
        own = [why for score, why in failed.items() if name == score or name.startswith(f"{score}-")]
        reasons[name] = own[0] if own else "its score gives none for resampled targets"
    return Intervals(bounds, reasons, len(resamples.drawn), resamples.n_group)


def bca_interval(value: float, drawn: ArrayLike, jackknife: ArrayLike, level: float = LEVEL) -> tuple[float, float]:
    """Return the bias-corrected and accelerated bootstrap interval (Efron 1987, J. Am. Stat. Assoc. 82, 171).

    Where the correction is not defined, because the value lies outside of all draws or they are too skew, it is the
    percentile interval.

    Parameters
    ----------
    value
        The score of all targets.
    drawn
        Scores of the resamples, (n_draw,). A few that are not finite are left out.
    jackknife
        Scores with each group, or block of groups, left out, (n_group,). Empty: without the acceleration.
    level
        Nominal coverage.

    Raises
    ------
    DataError
        When more than 5 % of the resamples have no finite score.
    """
    every = np.asarray(drawn, float)
    finite = np.isfinite(every)
    if finite.mean() < 1.0 - _UNDEFINED:
        raise DataError(f"the score is not finite for {100 * (1 - finite.mean()):.0f} % of the resamples")
    scores = every[finite]
    tails = np.array([0.5 - 0.5 * level, 0.5 + 0.5 * level])
    below = 0.5 * (np.mean(scores < value) + np.mean(scores <= value))
    if 0.0 < below < 1.0:
        bias, normal = ndtri(below), ndtri(tails)
        room = 1.0 - _acceleration(np.asarray(jackknife, float)) * (bias + normal)
        if np.all(room > 0):
            tails = ndtr(bias + (bias + normal) / room)
    low, high = np.quantile(scores, tails)
    return float(low), float(high)


def _acceleration(jackknife: Array) -> float:
    if not jackknife.size:
        return 0.0
    away = np.mean(jackknife) - jackknife
    scatter = np.sum(away**2)
    if not (np.isfinite(scatter) and scatter > 0):
        return 0.0
    return float(np.sum(away**3) / (6.0 * scatter**1.5))


def two_sided_p(drawn: ArrayLike) -> float:
    """Return how improbable it is that a difference, resampled as ``drawn`` (n_draw,), has its sign by chance.

    Twice the fraction of resamples on the other side of zero or on it, with one more on each side counted, so that
    it is never below ``2 / (n_draw + 1)`` (Davison & Hinkley 1997, section 4.2), and at most 1.
    """
    difference = np.asarray(drawn, float)
    difference = difference[np.isfinite(difference)]
    other = min(int(np.sum(difference <= 0)), int(np.sum(difference >= 0)))
    return float(min(1.0, 2.0 * (other + 1) / (difference.size + 1)))


def _with_value(values: Mapping[str, float | None]) -> dict[str, float]:
    """Return the scores that could be computed, standard errors of others (``coverage-68-error``) left out."""
    return {
        name: value
        for name, value in values.items()
        if value is not None and not (name.endswith("-error") and name.removesuffix("-error") in values)
    }


def _named(score: Score, found: float | Mapping[str, float]) -> dict[str, float]:
    if isinstance(found, Mapping):
        return {str(name): float(value) for name, value in found.items()}
    return {score.name: float(found)}


def _slim(score: Score, prediction: xr.Dataset, truth: xr.DataArray) -> xr.Dataset:
    """Return the Prediction without large variables that the score does not look at."""
    value = _named(score, score.score(prediction, truth))
    for name in _COSTLY:
        if name not in prediction:
            continue
        without = prediction.drop_vars(name)
        try:
            same = _named(score, score.score(without, truth)) == value
        except Exception:  # noqa: S112 - then it needs it
            continue
        if same:
            prediction = without
    return prediction


def _evaluated(score: Score, prediction: xr.Dataset, truth: xr.DataArray, count: Array) -> float | Mapping[str, float]:
    """Score a resample, in which a target that was drawn twice stands under two names."""
    rows = np.repeat(np.arange(count.size), count.astype(int))
    names = np.arange(rows.size).astype(str)
    drawn = prediction.isel(target=rows).assign_coords(target=names)
    try:
        return score.score(drawn, truth.isel(target=rows).assign_coords(target=names))
    except DataError:  # not defined for these targets
        return np.nan
