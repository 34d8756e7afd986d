"""The loader ``chromatic``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import xarray as xr

from specframe.api import make_observation
from specframe.api.sizes import check_hdf5_sizes
from specframe.errors import InputFileError
from specframe_io.chromatic.params import ChromaticParams
from specframe_io.chromatic.variables import Variables
from specframe_io.file_loader import FileLoader
from specframe_io.light_curve import light_curve_node
from specframe_io.pickled import refuse_pickle
from specframe_io.system import known_system

if TYPE_CHECKING:
    from pathlib import Path

    from specframe.api import Params

__all__ = ["Chromatic"]

_DAMAGED = (OSError, ValueError, KeyError, TypeError, RuntimeError)
#: First bytes of a file, and xarray's engine that reads it: HDF5 (NetCDF 4), NetCDF 3 classic and 64-bit offset.
_ENGINES = {b"\x89HDF\r\n\x1a\n": "h5netcdf", b"CDF\x01": "scipy", b"CDF\x02": "scipy"}


class Chromatic(FileLoader):
    """Loads light curves in the xarray convention of chromatic and of the JWST ERS program, one file per target.

    A file becomes one node, ``/<instrument>/0``, at level light-curves. Axes may stand in any order; wavelengths are
    converted to um, times to d. Variables on time alone become regressors.

    - ``mask`` is where ``ok`` is 0, or ``quality_flag`` marks the sample, or flux or error is not a number.
    - ``time_system`` and ``time_reference`` are as the file says, else as the parameter does; a whole or a modified
      Julian date is told by its size.

    Raises
    ------
    InputFileError
        When a file or variable is missing, damaged or not of this convention. Names file and variable.

    References
    ----------
    - chromatic, https://chromatic.readthedocs.io
    """

    name: ClassVar[str] = "chromatic"
    Params: ClassVar[type[Params]] = ChromaticParams
    params: ChromaticParams

    def load_file(self, target: str, path: Path, instrument: str | None = None) -> xr.DataTree:
        """Return the Observation in one file."""
        data = _read(path)
        variables = Variables(path, data, self.params)
        node = light_curve_node(variables.series(), variables.wrong, self.params.empty_channels)
        name = instrument or self.params.instrument
        return make_observation(
            target, {f"{name}/0": node}, source=variables.source(), **known_system(self.params.system)
        )


def _read(path: Path) -> xr.Dataset:
    refuse_pickle(path)
    with path.open("rb") as file:
        head = file.read(8)
    engine = next((engine for first, engine in _ENGINES.items() if head.startswith(first)), None)
    if engine is None:
        raise InputFileError(
            path, "is neither NetCDF nor HDF5; chromatic's own .rainbow.npy is not read, save it as .xc"
        )
    options: dict[str, Any] = {"phony_dims": "sort"} if engine == "h5netcdf" else {}
    try:
        if engine == "h5netcdf":
            check_hdf5_sizes(path)
        with xr.open_dataset(path, engine=engine, decode_times=False, **options) as data:
            loaded: xr.Dataset = data.load()
            return loaded
    except _DAMAGED as error:
        raise InputFileError(path, f"cannot be read as NetCDF or HDF5 ({error}); get it again") from None
