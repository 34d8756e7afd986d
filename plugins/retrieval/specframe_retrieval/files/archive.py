"""Arrays in numpy's own files."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.sizes import check_zip_sizes
from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import NamedArrays
from specframe_retrieval.files.reader import opened_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_npy", "read_npz"]

#: What numpy and zipfile raise on damaged archives, and on headers that claim any size or nest without end.
_DAMAGED = (
    *(OSError, EOFError, ValueError, TypeError, KeyError, IndexError, NotImplementedError, RuntimeError, MemoryError),
    *(OverflowError, SyntaxError, RecursionError, AttributeError),
    *(tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
_OBJECTS = "holds Python objects, which are not read since they can run any code: save it as numbers or text"


def read_npz(path: Path) -> NamedArrays:
    """Read an ``.npz`` archive as ``numpy.savez`` writes it."""
    content = opened_bytes(path)
    if not content.startswith(b"PK"):
        raise InputFileError(path, "is not an npz archive as numpy.savez writes it, or its beginning is lost")
    arrays: dict[str, NDArray[Any]] = {}
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            check_zip_sizes(path, archive.zip)
            for name in archive.files:
                try:
                    array = np.array(archive[name])
                    arrays[name] = np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array
                except ValueError as error:
                    if "allow_pickle" not in str(error):
                        raise
                    raise InputFileError(path, f"{name!r} {_OBJECTS}") from None
    except _DAMAGED as error:
        raise InputFileError(path, f"cannot be read as npz ({error}); if it is cut off, fetch it again") from None
    return NamedArrays(path, arrays)


def read_npy(path: Path) -> NamedArrays:
    """Read an ``.npy`` file: fields of a structured array, or the lines of a matrix along its shorter axis, from 0.

    ``attrs["matrix"]`` is the matrix as it is.
    """
    try:
        array = np.lib.format.read_array(io.BytesIO(opened_bytes(path)), allow_pickle=False)
    except _DAMAGED as error:
        if "allow_pickle" in str(error):
            raise InputFileError(path, _OBJECTS) from None
        raise InputFileError(path, f"cannot be read as npy ({error}); if it is cut off, fetch it again") from None
    if array.dtype.names:
        return NamedArrays(path, {name: np.array(array[name]) for name in array.dtype.names})
    if array.ndim != 2:
        raise InputFileError(path, f"holds an array of shape {array.shape}, expected columns (column, row)")
    lines = array if array.shape[0] <= array.shape[1] else array.T
    columns = {str(i): np.array(line) for i, line in enumerate(lines)}
    return NamedArrays(path, columns, attrs={"matrix": array}, named=False)
