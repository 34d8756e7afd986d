"""What the estimators of this plugin share: the state that they learn from residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specframe.api import Uncertainty

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Calibrated"]


class Calibrated(Uncertainty):
    """Keeps what ``fit`` learned as ``_fitted``: arrays per output, and plain values."""

    _fitted: tuple[dict[str, NDArray[Any]], dict[str, Any]] | None = None

    def get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return what ``fit`` learned, arrays by name and plain values."""
        if self._fitted is None:
            raise self._not_fitted()
        return self._fitted

    def set_state(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        """Take what ``get_state`` returned."""
        self._fitted = (arrays, values)
