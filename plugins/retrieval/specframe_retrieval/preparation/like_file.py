"""The observed spectrum in a file that a grid or a noise level is taken from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.errors import InputFileError
from specframe_retrieval.observed import read_spectrum
from specframe_retrieval.observed.params import SpectrumParams

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["observed_like"]


def observed_like(path: Path, options: SpectrumParams | None = None) -> xr.Dataset:
    """Return the node of the spectrum in a file, read once for all targets as long as it does not change."""
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror}") from None
    try:
        return _read(str(path), changed, (options or SpectrumParams()).model_dump_json())
    except InputFileError as error:
        if "columns: {" not in error.reason:
            raise
        raise InputFileError(error.path, f"{error.reason}, in like_with") from None


@lru_cache(maxsize=8)
def _read(path: str, _changed: int, options: str) -> xr.Dataset:
    known = SpectrumParams.model_validate_json(options)
    return read_spectrum(Path(path), **{name: getattr(known, name) for name in SpectrumParams.model_fields})
