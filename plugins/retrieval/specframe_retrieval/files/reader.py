"""The file of any format, read once per process."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.api.sizes import unpacked
from specframe.errors import InputFileError

if TYPE_CHECKING:
    from specframe_retrieval.files.arrays import NamedArrays

__all__ = ["file_state", "opened_bytes", "read_arrays"]

_MODULE = "specframe_retrieval.files"
#: The reader of a suffix; all others are text.
_READERS = {
    ".npz": "archive:read_npz",
    ".npy": "archive:read_npy",
    ".nc": "netcdf:read_netcdf",
    ".nc4": "netcdf:read_netcdf",
    ".h5": "netcdf:read_netcdf",
    ".hdf5": "netcdf:read_netcdf",
    ".fits": "fits:read_fits",
    ".fit": "fits:read_fits",
    ".fts": "fits:read_fits",
    ".ecsv": "table:read_ecsv",
}
_PACKED = (".gz", ".bz2", ".xz")
_REFUSED = (".pkl", ".pickle", ".p", ".joblib", ".dill")


def read_arrays(path: Path) -> NamedArrays:
    """Read a file: npz, npy, NetCDF, HDF5, FITS, ECSV, or text (CSV, columns), also compressed (gz, bz2, xz).

    The last few files stay in memory until they change, so that each process decodes a file once.

    Raises
    ------
    InputFileError
        When it is not there, damaged, empty, or holds pickled Python objects, which are never read.
    """
    return _read(*file_state(path))


def file_state(path: Path) -> tuple[str, int, int]:
    """Return a file's name, size in bytes and time of the last change in ns: if they stay, so did its content."""
    try:
        stat = path.stat()
    except OSError as error:
        raise InputFileError(path, f"no such file ({error.strerror})") from None
    if not path.is_file():
        raise InputFileError(path, f"is a {'folder' if path.is_dir() else 'device or pipe'}, expected a file")
    return str(path), stat.st_size, stat.st_mtime_ns


def opened_bytes(path: Path) -> bytes:
    """Return a file's content, unpacked where it is compressed, whatever its name."""
    return unpacked(path)


@lru_cache(maxsize=4)
def _read(path: str, size: int, changed: int) -> NamedArrays:
    del size, changed  # they are part of the key
    file = Path(path)
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    suffix = suffixes[-1] if suffixes else ""
    if suffix in _REFUSED:
        raise InputFileError(
            file,
            "holds pickled Python objects, which are not read since they can run any code: save it as npz, NetCDF, "
            "FITS or text",
        )
    module, _, function = _READERS.get(suffix, "text:read_text").partition(":")
    found: NamedArrays = getattr(import_module(f"{_MODULE}.{module}"), function)(file)
    if not found.arrays:
        raise InputFileError(file, "holds no arrays, expected wavelengths and fluxes")
    for array in found.arrays.values():
        array.flags.writeable = False
    return found
