"""The conformance suite: check that a component keeps the contract of its kind.

Plugin authors run it in their own tests; ``specframe plugins check NAME`` runs it from the shell.
"""

from specframe.testing.problems import (
    PredictionProblem,
    RegressionProblem,
    fitted_observation,
    frames_observation,
    light_curve_observation,
    prediction_problem,
    regression_problem,
    results_problem,
    spectrum_observation,
)
from specframe.testing.report import CheckResult, ConformanceError, Report
from specframe.testing.score import ScoredPrediction
from specframe.testing.suite import MINIMUM, check_component

__all__ = [
    "MINIMUM",
    "CheckResult",
    "ConformanceError",
    "PredictionProblem",
    "RegressionProblem",
    "Report",
    "ScoredPrediction",
    "check_component",
    "fitted_observation",
    "frames_observation",
    "light_curve_observation",
    "prediction_problem",
    "regression_problem",
    "results_problem",
    "spectrum_observation",
]
