"""Which array of a file is what: spectra, their wavelengths, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Layout"]


@dataclass
class Layout:
    """Arrays of a file by their roles.

    ``flux``, ``error`` and ``mask`` (not to be used) are (row, pixel); ``axis`` is (pixel,) or (row, pixel) in
    ``axis_unit``, ``None`` where the file has none; ``axis_name`` and ``flux_name`` are for messages. ``columns`` are
    (row,).
    """

    flux: NDArray[Any]
    flux_name: str
    columns: dict[str, NDArray[Any]]
    axis: NDArray[Any] | None = None
    axis_name: str = "wavelength"
    axis_unit: str | None = None
    error: NDArray[Any] | None = None
    mask: NDArray[Any] | None = None
    units: str | None = None
    row_names: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    is_depth: bool = False
