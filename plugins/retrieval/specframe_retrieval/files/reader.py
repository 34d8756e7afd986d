"""The file of any format, read once per process."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Callable

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
_UNPACK: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", gzip.decompress),
    (b"BZh", bz2.decompress),
    (b"\xfd7zXZ", lzma.decompress),
)


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
    if path.is_dir():
        raise InputFileError(path, "is a folder, expected a file")
    return str(path), stat.st_size, stat.st_mtime_ns


def opened_bytes(path: Path) -> bytes:
    """Return a file's content, unpacked where it is compressed, whatever its name."""
    try:
        content = path.read_bytes()
        unpack = next((unpack for magic, unpack in _UNPACK if content.startswith(magic)), None)
        return content if unpack is None else unpack(content)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputFileError(path, f"cannot be read ({reason}); if it is cut off, fetch it again") from None


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
    for array in found.arrays.values():
        array.flags.writeable = False
    return found
