"""Judging predictions: cross-validation splits, scores and calibration diagnostics.

Names are imported when first used, so that discovery of the scores (:mod:`specframe.evaluate.plugin`) stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.evaluate.comparison import SpectrumComparison, compare_spectra
    from specframe.evaluate.diagnostics import (
        coverage_by_target,
        coverage_curve,
        crps_normal,
        crps_samples,
        error_by_sigma,
        output_errors,
        pit_normal,
        pit_samples,
        pulls,
        r2,
        uniform_distance,
    )
    from specframe.evaluate.evaluation import Evaluation, align, evaluate_scores, is_complete
    from specframe.evaluate.intervals import interval
    from specframe.evaluate.red_noise import BinnedScatter, binned_scatter
    from specframe.evaluate.splits import grouped_folds

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "comparison": ("SpectrumComparison", "compare_spectra"),
        "diagnostics": (
            "coverage_by_target",
            "coverage_curve",
            "crps_normal",
            "crps_samples",
            "error_by_sigma",
            "output_errors",
            "pit_normal",
            "pit_samples",
            "pulls",
            "r2",
            "uniform_distance",
        ),
        "evaluation": ("Evaluation", "align", "evaluate_scores", "is_complete"),
        "intervals": ("interval",),
        "red_noise": ("BinnedScatter", "binned_scatter"),
        "splits": ("grouped_folds",),
    },
)

__all__ = [
    "BinnedScatter",
    "Evaluation",
    "SpectrumComparison",
    "align",
    "binned_scatter",
    "compare_spectra",
    "coverage_by_target",
    "coverage_curve",
    "crps_normal",
    "crps_samples",
    "error_by_sigma",
    "evaluate_scores",
    "grouped_folds",
    "interval",
    "is_complete",
    "output_errors",
    "pit_normal",
    "pit_samples",
    "pulls",
    "r2",
    "uniform_distance",
]
