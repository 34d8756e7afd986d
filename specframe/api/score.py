"""The score: one number, or a few named ones, for predictions against the truth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from specframe.api.base import BaseComponent

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from specframe.api.component import Kind

__all__ = ["Score"]


class Score(BaseComponent, ABC):
    """Judges predictions. Stateless."""

    kind: ClassVar[Kind] = "score"
    #: Whether it needs ``std``; without one the score is reported as missing, with this reason.
    needs_std: ClassVar[bool] = False

    @abstractmethod
    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float | Mapping[str, float]:
        """Return the score, or several by name. ``truth`` has the prediction's targets and outputs, in order."""
