"""The observed spectrum in a file that a grid or a noise level is taken from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.errors import InputFileError
from specframe_retrieval.observed import read_spectrum

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["observed_like"]


def observed_like(path: Path) -> xr.Dataset:
    """Return the node of the spectrum in a file, read once for all targets as long as it does not change."""
    try:
        return _read(str(path), path.stat().st_mtime_ns)
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror}") from None


@lru_cache(maxsize=8)
def _read(path: str, _changed: int) -> xr.Dataset:
    return read_spectrum(Path(path))
