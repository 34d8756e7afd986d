"""Ariel planets with known truth, as frames in memory or in the challenges' files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_ariel.simulate.challenge import write_challenge
    from specframe_ariel.simulate.loader import ArielSimulated
    from specframe_ariel.simulate.params import SimulatedParams

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "challenge": ("write_challenge",),
        "loader": ("ArielSimulated",),
        "params": ("SimulatedParams",),
    },
)

__all__ = ["ArielSimulated", "SimulatedParams", "write_challenge"]
