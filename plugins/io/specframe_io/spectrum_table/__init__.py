"""Published spectra of planets in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_io.spectrum_table.loader import SpectrumTable
    from specframe_io.spectrum_table.published import Published
    from specframe_io.spectrum_table.table import read_published

__getattr__, __dir__ = lazy_names(
    __name__, {"loader": ("SpectrumTable",), "published": ("Published",), "table": ("read_published",)}
)

__all__ = ["Published", "SpectrumTable", "read_published"]
