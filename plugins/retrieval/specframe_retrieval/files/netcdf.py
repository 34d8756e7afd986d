"""Variables in NetCDF and HDF5 files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.api.sizes import check_hdf5_sizes
from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import NamedArrays

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_netcdf"]

#: What h5netcdf calls dimensions without a name; it takes those of one length for the same one.
_COUNTED = "phony_dim"
_DAMAGED = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, IndexError, MemoryError)


def read_netcdf(path: Path) -> NamedArrays:
    """Read a NetCDF-4 or HDF5 file; variables in groups are called ``group/variable``. Fill values are NaN."""
    arrays: dict[str, NDArray[Any]] = {}
    units: dict[str, str] = {}
    dims: dict[str, tuple[str, ...]] = {}
    attrs: dict[str, Any] = {}
    try:
        check_hdf5_sizes(path)
        with xr.open_datatree(path, engine="h5netcdf", decode_times=False, phony_dims="sort") as tree:
            attrs |= {str(key): value for key, value in tree.attrs.items()}
            for group in tree.subtree:
                for name, variable in group.to_dataset(inherit=False).variables.items():
                    key = f"{group.path}/{name}".strip("/")
                    arrays[key] = _plain(variable.values)
                    if not any(str(dim).startswith(_COUNTED) for dim in variable.dims):
                        dims[key] = tuple(map(str, variable.dims))
                    if "units" in variable.attrs:
                        units[key] = str(variable.attrs["units"])
    except _DAMAGED as error:
        reason = " ".join(str(error).split())
        raise InputFileError(path, f"cannot be read as NetCDF or HDF5 ({reason}); fetch it again") from None
    return NamedArrays(path, arrays, units, dims, attrs)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Return a copy; text of variable length, which arrives as objects, as text."""
    if values.dtype.kind not in "OTS":
        return np.array(values)
    text = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in values.ravel()]
    return np.array(text, str).reshape(values.shape)
