"""Named arrays in files of many formats, and what their names and units mean."""

from __future__ import annotations

from specframe.api.lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {"arrays": ("NamedArrays",), "reader": ("read_arrays",), "folder": ("matching_files",)},
)

__all__ = ["NamedArrays", "matching_files", "read_arrays"]
