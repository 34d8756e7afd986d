"""Ariel data challenges: loader, detector calibration, simulator, scores and submissions.

Component classes are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specframe_ariel.calibrator import ArielDetector
    from specframe_ariel.loader import ArielChallenge
    from specframe_ariel.score import GllAdc24, GllAdc25
    from specframe_ariel.simulate.challenge import write_challenge
    from specframe_ariel.simulate.loader import ArielSimulated
    from specframe_ariel.submission import SubmissionAdc24, SubmissionAdc25

_MODULES = {
    "calibrator": ("ArielDetector",),
    "loader": ("ArielChallenge",),
    "score": ("GllAdc24", "GllAdc25"),
    "simulate.challenge": ("write_challenge",),
    "simulate.loader": ("ArielSimulated",),
    "submission": ("SubmissionAdc24", "SubmissionAdc25"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

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


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
