"""Linear components: polynomial detrending, ridge regression, principal components and the naive reference."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specframe_linear.flat import Flat
    from specframe_linear.pca_ridge import PcaRidge
    from specframe_linear.ridge import Ridge
    from specframe_linear.transit_polynomial import TransitPolynomial

_HOME = {"Flat": "flat", "PcaRidge": "pca_ridge", "Ridge": "ridge", "TransitPolynomial": "transit_polynomial"}

__all__ = ["Flat", "PcaRidge", "Ridge", "TransitPolynomial"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
