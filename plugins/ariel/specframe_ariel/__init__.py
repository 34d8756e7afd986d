"""Ariel data challenges: loader, detector calibration, simulator, scores and submissions.

Component classes are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specframe_ariel.calibrator import ArielDetector
    from specframe_ariel.loader import ArielChallenge

_MODULES = {
    "calibrator": ("ArielDetector",),
    "loader": ("ArielChallenge",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = ["ArielChallenge", "ArielDetector"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
