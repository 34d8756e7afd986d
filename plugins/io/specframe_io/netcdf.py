"""Variables in a NetCDF or HDF5 file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.sizes import check_hdf5_sizes
from specframe.errors import InputFileError
from specframe_io.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["NetcdfSource"]

#: Times stay numbers with units; dimensions without a scale (plain HDF5) are made up.
_OPTIONS: dict[str, Any] = {"engine": "h5netcdf", "decode_times": False, "phony_dims": "sort"}
_DAMAGED = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, IndexError, MemoryError)


class NetcdfSource(Source):
    """A NetCDF-4 or HDF5 file; variables in groups are called ``group/variable``. Fill values are NaN."""

    def __init__(self, path: Path) -> None:
        import xarray as xr

        super().__init__(path)
        self._places: dict[str, tuple[str, str]] = {}
        self._units: dict[str, str] = {}
        try:
            check_hdf5_sizes(path)
            with xr.open_datatree(path, **_OPTIONS) as tree:
                for group in tree.subtree:
                    for name, variable in group.to_dataset(inherit=False).variables.items():
                        key = f"{group.path}/{name}".strip("/")
                        self._places[key] = (group.path, str(name))
                        if "units" in variable.attrs:
                            self._units[key] = str(variable.attrs["units"])
        except _DAMAGED as error:
            raise InputFileError(path, f"cannot be read as NetCDF or HDF5: {error}") from None

    def names(self) -> list[str]:
        """Return the names of all variables."""
        return list(self._places)

    def units(self, key: str) -> str | None:
        """Return the attribute ``units`` of a variable."""
        return self._units.get(key)

    def _read(self, name: str) -> NDArray[Any]:
        import xarray as xr

        group, variable = self._places[name]
        try:
            with xr.open_dataset(self.path, group=group, **_OPTIONS) as data:
                array: NDArray[Any] = data[variable].values
        except _DAMAGED as error:
            raise InputFileError(self.path, f"{name!r} cannot be read: {error}") from None
        if array.dtype.kind in "OT":
            # Variable-length text arrives as objects.
            array = np.array([_decoded(value) for value in array.ravel()]).reshape(array.shape)
        return array


def _decoded(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
