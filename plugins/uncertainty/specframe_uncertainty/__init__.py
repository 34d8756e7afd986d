"""Uncertainty estimators: errors of predictions, from residuals on targets that the model did not see."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specframe_uncertainty.conformal import Conformal
    from specframe_uncertainty.residual import Residual

_HOME = {"Conformal": "conformal", "Residual": "residual"}

__all__ = ["Conformal", "Residual"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
