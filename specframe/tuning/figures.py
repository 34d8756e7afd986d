"""Figures of a search, drawn from its trials."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from specframe.report.canvas import PALETTE, clean, legend_above, new_figure, short, styled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from specframe.config.search import Dimension, Tuning
    from specframe.tuning.trials import Trial

__all__ = ["draw_history", "draw_importances", "draw_parallel", "draw_search", "draw_slices"]

#: Part of the trials, the worst ones, that may lie far outside without the axis being stretched to them.
_WORST = 0.15
#: Scores that differ by more than this factor, and where less is better, are drawn on a logarithmic axis.
_DECADES = 20.0
#: An axis of fewer decades, as a factor, has ticks at 2 and 5 too.
_FEW_DECADES = 100.0
_COLOURS = "viridis"
#: Characters of the label of a choice.
_LABEL = 18
#: With more choices than these their labels stand upright.
_MANY_CHOICES = 8


def draw_search(tuning: Tuning, trials: Sequence[Trial], seed: int = 0) -> dict[str, Figure]:
    """Return all figures that the trials allow, by the names of their files."""
    from specframe.tuning.optimiser import Optimiser

    complete = [trial for trial in trials if trial.state == "complete"]
    figures: dict[str, Figure] = {}
    if not complete:
        return figures
    figures["history"] = draw_history(tuning, trials)
    figures["slices"] = draw_slices(tuning, trials)
    if len(complete) > 1 and len(tuning.space) > 1:
        figures["parallel"] = draw_parallel(tuning, trials)
        importances = Optimiser(tuning, seed, 1).importances(trials)
        if importances:
            figures["importances"] = draw_importances(importances, tuning.score)
    return figures


@styled
def draw_history(tuning: Tuning, trials: Sequence[Trial]) -> Figure:
    """Draw the score of each trial in order, with its interval, and the best one so far.

    Trials that were broken off have the score of the folds that they got to; those that failed stand at the edge.
    """
    fig = new_figure(7.0, 4.0)
    ax = fig.add_subplot()
    axis = _ScoreAxis.of(tuning, trials)
    complete = [trial for trial in trials if trial.state == "complete"]
    pruned = [trial for trial in trials if trial.state == "pruned"]
    failed = [trial for trial in trials if trial.state == "failed"]
    judged = [(trial, trial.interval) for trial in complete if trial.interval is not None]
    if judged:
        ax.vlines(
            [trial.number for trial, _ in judged],
            [interval[0] for _, interval in judged],
            [interval[1] for _, interval in judged],
            color=PALETTE["sky"],
            lw=0.9,
            label="95 % interval",
        )
    axis.scatter(ax, [trial.number for trial in complete], complete, PALETTE["blue"], "complete")
    if pruned:
        axis.scatter(ax, [trial.number for trial in pruned], pruned, PALETTE["grey"], "broken off", hollow=True)
    if failed:
        edge = [axis.worst] * len(failed)
        ax.plot(
            [trial.number for trial in failed], edge, "x", color=PALETTE["vermillion"], label="failed", clip_on=False
        )
    best = (np.maximum if tuning.maximise else np.minimum).accumulate([float(trial.score or 0.0) for trial in complete])
    numbers = [trial.number for trial in complete]
    ax.step(
        [*numbers, len(trials) - 0.5], [*best, best[-1]], where="post", color=PALETTE["orange"], label="best so far"
    )
    ax.set_xlabel("trial")
    ax.set_ylabel(tuning.score)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.limit(ax)
    if judged and not axis.log:
        ends = [bound for trial, interval in judged if not axis.is_beyond(trial) for bound in interval]
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, *ends), max(high, *ends))
    clean(ax)
    legend_above(ax)
    return fig


@styled
def draw_slices(tuning: Tuning, trials: Sequence[Trial]) -> Figure:
    """Draw the score against the values of each parameter, coloured by the order of the trials."""
    complete = [trial for trial in trials if trial.state == "complete"]
    columns = min(len(tuning.space), 3)
    rows = math.ceil(len(tuning.space) / columns)
    fig = new_figure(1.4 + 3.0 * columns, 0.6 + 2.6 * rows)
    axis = _ScoreAxis.of(tuning, trials)
    numbers = np.array([trial.number for trial in complete])
    colours = Normalize(0, max(len(trials) - 1, 1))
    axes = []
    for i, dimension in enumerate(tuning.space):
        ax = fig.add_subplot(rows, columns, i + 1)
        x = _Scale.of(dimension)
        values = x.positions([trial.values[dimension.key] for trial in complete])
        if dimension.choices:  # beside each other, so that all are seen
            values = values + 0.3 * (np.random.default_rng(0).random(len(values)) - 0.5)
        scores, out = axis.clipped(complete)
        for mask, marker in ((~out, "o"), (out, "v" if tuning.maximise else "^")):
            ax.scatter(
                values[mask],
                scores[mask],
                c=numbers[mask],
                norm=colours,
                cmap=_COLOURS,
                s=22,
                marker=marker,
                edgecolors="black",
                linewidths=0.3,
                clip_on=False,
            )
        x.dress(ax)
        ax.set_xlabel(dimension.key, fontsize=9.0)
        if i % columns == 0:
            ax.set_ylabel(tuning.score)
        axis.limit(ax)
        clean(ax)
        axes.append(ax)
    fig.colorbar(ScalarMappable(colours, _COLOURS), ax=axes, label="trial", aspect=30, pad=0.01)
    return fig


@styled
def draw_parallel(tuning: Tuning, trials: Sequence[Trial]) -> Figure:
    """Draw each complete trial as a line through its values, coloured by its score; the best are drawn last."""
    complete = [trial for trial in trials if trial.state == "complete"]
    axis = _ScoreAxis.of(tuning, trials)
    scores, _ = axis.clipped(complete)
    fig = new_figure(1.8 + 1.5 * len(tuning.space), 4.2)
    ax = fig.add_subplot()
    scales = [_Scale.of(dimension) for dimension in tuning.space]
    heights = np.column_stack(
        [
            scale.fractions([trial.values[dimension.key] for trial in complete])
            for scale, dimension in zip(scales, tuning.space, strict=True)
        ]
    )
    mapped = ScalarMappable(axis.norm(), _COLOURS if tuning.maximise else f"{_COLOURS}_r")
    for i in np.argsort(scores if tuning.maximise else -scores, kind="stable"):
        ax.plot(heights[i], color=mapped.to_rgba(scores[i]), lw=1.2, alpha=0.85)
    best = int(np.argmax(scores) if tuning.maximise else np.argmin(scores))
    ax.plot(heights[best], color=PALETTE["vermillion"], lw=2.2, label=f"best, trial {complete[best].number}")
    for i, scale in enumerate(scales):
        ax.axvline(i, color="0.4", lw=0.8, zorder=0)
        for height, text in scale.marks():
            ax.annotate(text, (i, height), (4, 0), textcoords="offset points", fontsize=7.5, va="center")
    ax.set_xticks(range(len(scales)), [dimension.key for dimension in tuning.space], fontsize=8.0)
    for label in ax.get_xticklabels():
        label.set_rotation(20)
        label.set_horizontalalignment("right")
    ax.set_yticks([])
    ax.set_xlim(-0.2, len(scales) - 0.5)
    ax.set_ylim(-0.06, 1.06)
    for side in ("top", "right", "bottom", "left"):
        ax.spines[side].set_visible(False)
    bar = fig.colorbar(mapped, ax=ax, label=tuning.score, aspect=30, pad=0.01)
    if axis.log:
        _plain_powers(bar.ax.yaxis)
    legend_above(ax)
    return fig


@styled
def draw_importances(importances: Mapping[str, float], score: str) -> Figure:
    """Draw how much of the variance of the score each parameter brings about, the largest on top."""
    names = sorted(importances, key=lambda name: importances[name])
    fig = new_figure(6.5, 1.0 + 0.36 * len(names))
    ax = fig.add_subplot()
    values = [importances[name] for name in names]
    ax.barh(names, values, color=PALETTE["blue"])
    for i, value in enumerate(values):
        ax.annotate(f"{value:.2f}", (value, i), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
    ax.set_xlim(0.0, 1.12 * max(*values, 1e-3) if len(values) > 1 else 1.12)
    ax.set_xlabel(f"part of the variance of {score}")
    clean(ax)
    ax.tick_params(axis="y", length=0)
    return fig


def _plain_powers(axis: Axis) -> None:
    """Write 0.001 and 1e-05 at the ticks of a logarithmic axis: powers would be printed as raw formulae."""
    low, high = axis.get_view_interval()
    few = high / low < _FEW_DECADES
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


@dataclass(frozen=True)
class _ScoreAxis:
    """The range of scores that is shown: a few trials that went astray do not stretch it."""

    worst: float
    best: float
    maximise: bool
    #: Whether it is logarithmic.
    log: bool

    @classmethod
    def of(cls, tuning: Tuning, trials: Sequence[Trial]) -> _ScoreAxis:
        scores = np.array([trial.score for trial in trials if trial.score is not None and trial.state != "failed"])
        sign = 1.0 if tuning.maximise else -1.0
        good = np.sort(sign * scores)
        best, worst, usual = good[-1], good[0], np.quantile(good, _WORST)
        if best - worst > 3.0 * (best - usual) > 0:
            worst = usual - 0.5 * (best - usual)
        if best == worst:
            worst = best - max(abs(best) * 0.01, 1e-6)
        log = not tuning.maximise and -best > 0 and worst / best > _DECADES
        if log:
            worst = good[0]
        return cls(float(sign * worst), float(sign * best), tuning.maximise, bool(log))

    def is_beyond(self, trial: Trial) -> bool:
        """Whether a trial went so far astray that the axis does not show it."""
        return bool(self.clipped([trial])[1][0])

    def clipped(self, trials: Sequence[Trial]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the scores, those beyond the axis at its edge, and which these are."""
        scores = np.array([float(trial.score or 0.0) for trial in trials])
        out = scores < self.worst if self.maximise else scores > self.worst
        return np.where(out, self.worst, scores), out

    def scatter(
        self, ax: Axes, x: Sequence[float], trials: Sequence[Trial], colour: str, label: str, hollow: bool = False
    ) -> None:
        scores, out = self.clipped(trials)
        face = "none" if hollow else colour
        places = np.asarray(x, dtype=float)
        ax.scatter(places[~out], scores[~out], s=20, facecolors=face, edgecolors=colour, label=label, zorder=3)
        if out.any():
            marker = "v" if self.maximise else "^"
            ax.scatter(places[out], scores[out], s=26, marker=marker, facecolors=face, edgecolors=colour, zorder=3)

    def limit(self, ax: Axes) -> None:
        low, high = min(self.worst, self.best), max(self.worst, self.best)
        if self.log:
            ax.set_yscale("log")
            ax.set_ylim(low * (low / high) ** 0.06, high * (high / low) ** 0.06)
            _plain_powers(ax.yaxis)
        else:
            ax.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))

    def norm(self) -> Normalize:
        """Return what turns a score into a colour."""
        ends = min(self.worst, self.best), max(self.worst, self.best)
        return LogNorm(*ends) if self.log else Normalize(*ends)


@dataclass(frozen=True)
class _Scale:
    """Where the values of a dimension stand on an axis."""

    dimension: Dimension
    low: float
    high: float

    @classmethod
    def of(cls, dimension: Dimension) -> _Scale:
        if dimension.choices:
            return cls(dimension, 0.0, len(dimension.choices) - 1.0)
        return cls(dimension, float(dimension.low), float(dimension.high))

    def positions(self, values: Sequence[Any]) -> NDArray[np.float64]:
        if self.dimension.choices:
            return np.array([self.dimension.index(value) for value in values], dtype=float)
        return np.array(values, dtype=float)

    def fractions(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Return where the values stand between 0 and 1."""
        places, low, high = self.positions(values), self.low, self.high
        if self.dimension.log:
            places, low, high = np.log(places), math.log(low), math.log(high)
        return np.asarray((places - low) / (high - low))

    def marks(self) -> list[tuple[float, str]]:
        """Return the heights and texts of the marks on a parallel axis."""
        if self.dimension.choices:
            return list(zip(self.fractions(self.dimension.choices), self._labels(), strict=True))
        return [(0.0, f"{self.low:g}"), (1.0, f"{self.high:g}")]

    def dress(self, ax: Axes) -> None:
        if self.dimension.choices:
            many = len(self.dimension.choices) > _MANY_CHOICES
            ax.set_xticks(range(len(self.dimension.choices)), self._labels(), fontsize=6.0 if many else 7.5)
            ax.set_xlim(-0.5, self.high + 0.5)
            if max(map(len, self._labels())) * len(self._labels()) > 24:
                for label in ax.get_xticklabels():
                    label.set_rotation(90 if many else 25)
                    label.set_horizontalalignment("center" if many else "right")
        elif self.dimension.log:
            ax.set_xscale("log")
            ax.set_xlim(self.low / 1.1, self.high * 1.1)
            _plain_powers(ax.xaxis)
        else:
            pad = 0.04 * (self.high - self.low)
            ax.set_xlim(self.low - pad, self.high + pad)
            if self.dimension.is_integer:
                ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))

    def _labels(self) -> list[str]:
        texts = [c if isinstance(c, str) else json.dumps(c) for c in self.dimension.choices]
        return [short(text, _LABEL) for text in texts]
