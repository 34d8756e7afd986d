"""Ariel planets with known truth, as frames in memory or in the challenges' files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specframe_ariel.simulate.challenge import write_challenge
    from specframe_ariel.simulate.loader import ArielSimulated
    from specframe_ariel.simulate.params import SimulatedParams

_HOME = {"ArielSimulated": "loader", "SimulatedParams": "params", "write_challenge": "challenge"}

__all__ = ["ArielSimulated", "SimulatedParams", "write_challenge"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
