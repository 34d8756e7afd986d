"""Ariel data challenges: loader, detector calibration, simulator, scores and submissions.

Component classes are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_ariel.calibrator import ArielDetector
    from specframe_ariel.loader import ArielChallenge
    from specframe_ariel.score import GllAdc24, GllAdc25
    from specframe_ariel.simulate.challenge import write_challenge
    from specframe_ariel.simulate.loader import ArielSimulated
    from specframe_ariel.submission import SubmissionAdc24, SubmissionAdc25

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "calibrator": ("ArielDetector",),
        "loader": ("ArielChallenge",),
        "score": ("GllAdc24", "GllAdc25"),
        "simulate.challenge": ("write_challenge",),
        "simulate.loader": ("ArielSimulated",),
        "submission": ("SubmissionAdc24", "SubmissionAdc25"),
    },
)

__all__ = [
    "ArielChallenge",
    "ArielDetector",
    "ArielSimulated",
    "GllAdc24",
    "GllAdc25",
    "SubmissionAdc24",
    "SubmissionAdc25",
    "write_challenge",
]
