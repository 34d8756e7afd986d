"""Judging predictions: scores and calibration diagnostics.

Names are imported when first used, so that discovery of the scores (:mod:`specframe.evaluate.plugin`) stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.evaluate.bootstrap import (
        Intervals,
        Resamples,
        bca_interval,
        make_resamples,
        resample_score,
        score_intervals,
        two_sided_p,
    )
    from specframe.evaluate.classes import target_classes
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
    from specframe.evaluate.evaluation import Evaluation, Judged, align, evaluate_scores, is_complete, judged_targets
    from specframe.evaluate.intervals import interval
    from specframe.evaluate.outputs import are_parameters, output_units
    from specframe.evaluate.paired import Difference, PairedScores, compare_predictions
    from specframe.evaluate.red_noise import BinnedScatter, binned_scatter

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "bootstrap": (
            "Intervals",
            "Resamples",
            "bca_interval",
            "make_resamples",
            "resample_score",
            "score_intervals",
            "two_sided_p",
        ),
        "classes": ("target_classes",),
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
        "evaluation": ("Evaluation", "Judged", "align", "evaluate_scores", "is_complete", "judged_targets"),
        "intervals": ("interval",),
        "outputs": ("are_parameters", "output_units"),
        "paired": ("Difference", "PairedScores", "compare_predictions"),
        "red_noise": ("BinnedScatter", "binned_scatter"),
    },
)

__all__ = [
    "BinnedScatter",
    "Difference",
    "Evaluation",
    "Intervals",
    "Judged",
    "PairedScores",
    "Resamples",
    "SpectrumComparison",
    "align",
    "are_parameters",
    "bca_interval",
    "binned_scatter",
    "compare_predictions",
    "compare_spectra",
    "coverage_by_target",
    "coverage_curve",
    "crps_normal",
    "crps_samples",
    "error_by_sigma",
    "evaluate_scores",
    "interval",
    "is_complete",
    "judged_targets",
    "make_resamples",
    "output_errors",
    "output_units",
    "pit_normal",
    "pit_samples",
    "pulls",
    "r2",
    "resample_score",
    "score_intervals",
    "target_classes",
    "two_sided_p",
    "uniform_distance",
]
