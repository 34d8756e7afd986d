"""Figures of a search show what its trials say."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from specframe.config.search import Dimension, Tuning
from specframe.tuning.figures import draw_history, draw_parallel, draw_search, draw_slices
from specframe.tuning.optimiser import Optimiser
from specframe.tuning.trials import Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SPACE = (
    Dimension("fit.alpha", low=0.01, high=100.0, log=True),
    Dimension("fit.layers", low=1, high=4),
    Dimension("fit.kind", choices=("plain", [8, 8])),
)
TUNING = Tuning(SPACE, "r2", True, trials=30)


def trial(number: int, score: float | None, state: str = "complete", alpha: float = 1.0, layers: int = 2) -> Trial:
    values = {"fit.alpha": alpha, "fit.layers": layers, "fit.kind": "plain" if number % 2 else [8, 8]}
    interval = None if score is None else (score - 0.1, score + 0.1)
    return Trial(number, values, state, score, interval)


def many(count: int = 30) -> list[Trial]:
    """Return trials whose score is decided by alpha alone."""
    rng = np.random.default_rng(1)
    made = []
    for number in range(count):
        alpha, layers = float(10 ** rng.uniform(-2, 2)), int(rng.integers(1, 5))
        made.append(trial(number, 1 - 0.1 * np.log10(alpha) ** 2, alpha=alpha, layers=layers))
    return made


def lines(fig: Figure) -> dict[str, np.ndarray]:
    return {line.get_label(): np.asarray(line.get_xydata()) for ax in fig.axes for line in ax.get_lines()}


def test_the_history_shows_the_best_so_far_and_every_state() -> None:
    trials = [trial(0, 0.2), trial(1, 0.9, "pruned"), trial(2, 0.5), trial(3, None, "failed"), trial(4, 0.4)]
    fig = draw_history(TUNING, trials)
    best = lines(fig)["best so far"]
    assert best[:, 0].tolist() == [0.0, 2.0, 4.0, 4.5]
    assert best[:, 1].tolist() == [0.2, 0.5, 0.5, 0.5]  # what was broken off has not all the folds
    assert lines(fig)["failed"][:, 0].tolist() == [3.0]
    labels = {text.get_text() for text in fig.axes[0].get_legend().get_texts()}
    assert labels == {"95 % interval", "complete", "broken off", "failed", "best so far"}


def test_a_few_trials_that_went_astray_do_not_hide_the_others() -> None:
    trials = [trial(i, 0.9 + 0.001 * i) for i in range(20)] + [trial(20, -500.0)]
    low, high = draw_history(TUNING, trials).axes[0].get_ylim()
    assert -1 < low < 0.9
    assert high < 1.2


def test_errors_of_many_decades_have_a_logarithmic_axis() -> None:
    tuning = Tuning(SPACE, "rmse-ppm", False, trials=3)
    fig = draw_history(tuning, [trial(0, 2000.0), trial(1, 8.0), trial(2, 40.0)])
    assert fig.axes[0].get_yscale() == "log"
    assert lines(fig)["best so far"][:, 1].tolist() == [2000.0, 8.0, 8.0, 8.0]


def test_slices_have_a_panel_for_each_parameter() -> None:
    fig = draw_slices(TUNING, many())
    panels = [ax for ax in fig.axes if ax.get_xlabel()]
    assert [ax.get_xlabel() for ax in panels] == ["fit.alpha", "fit.layers", "fit.kind"]
    assert panels[0].get_xscale() == "log"
    assert [tick.get_text() for tick in panels[2].get_xticklabels()] == ["plain", "[8, 8]"]
    points = np.concatenate([c.get_offsets() for c in panels[0].collections])
    assert sorted(points[:, 1]) == pytest.approx(sorted(max(t.score, points[:, 1].min()) for t in many()))


def test_parallel_lines_go_through_the_values_of_the_best() -> None:
    trials = [trial(0, 0.1, alpha=0.01, layers=1), trial(1, 0.9, alpha=1.0, layers=4), trial(2, 0.3, alpha=100.0)]
    best = lines(draw_parallel(TUNING, trials))["best, trial 1"]
    assert best[:, 1].tolist() == pytest.approx([0.5, 1.0, 0.0])  # 1 is in the middle of 0.01 to 100


def test_the_parameter_that_decides_the_score_is_the_important_one() -> None:
    importances = Optimiser(TUNING, 3, 1).importances(many(40))
    assert importances["fit.alpha"] > 0.8
    assert sum(importances.values()) == pytest.approx(1.0)
    assert importances == Optimiser(TUNING, 3, 1).importances(many(40))


def test_only_what_the_trials_allow_is_drawn() -> None:
    assert draw_search(TUNING, [trial(0, None, "failed")]) == {}
    assert set(draw_search(TUNING, [trial(0, 0.3)])) == {"history", "slices"}
    same = [trial(0, 0.3), trial(1, 0.3)]
    assert set(draw_search(TUNING, same)) == {"history", "slices", "parallel"}  # nothing explains what does not vary
    assert set(draw_search(TUNING, many())) == {"history", "slices", "parallel", "importances"}


def test_the_labels_of_many_choices_do_not_overlap() -> None:
    layers = tuple([8] * (n % 4 + 1) for n in range(1, 20))
    tuning = Tuning((Dimension("fit.layers", choices=layers),), "r2", True, trials=2)
    trials = [Trial(n, {"fit.layers": layers[n]}, "complete", 0.1 * n, None) for n in range(2)]
    fig = draw_slices(tuning, trials)
    fig.canvas.draw()
    boxes = [label.get_window_extent() for label in fig.axes[0].get_xticklabels()]
    assert len(boxes) == 19
    assert all(left.x1 <= right.x0 + 1 for left, right in itertools.pairwise(boxes))
