"""Arrays in numpy's own files."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.sizes import check_zip_sizes
from specframe.errors import InputFileError
from specframe_io.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["NpySource", "NpzSource"]

#: What numpy and zipfile raise on damaged archives, and on headers that claim any size or nest without end.
_DAMAGED = (
    *(OSError, EOFError, ValueError, TypeError, KeyError, IndexError, NotImplementedError, RuntimeError, MemoryError),
    *(OverflowError, SyntaxError, RecursionError, AttributeError),
    *(tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)


class NpySource(Source):
    """An ``.npy`` file: the fields of a structured array, or the lines of a matrix along its shorter axis, from 0.

    A vector is the single array ``"0"``.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            with path.open("rb") as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
        except _DAMAGED as error:
            raise InputFileError(path, f"cannot be read as .npy: {error}") from None
        if array.dtype.names:
            self._columns = {name: array[name] for name in array.dtype.names}
            return
        if array.ndim > 2 or (array.ndim == 2 and array.shape[0] == array.shape[1]) or array.ndim == 0:
            raise InputFileError(
                path,
                f"holds an array of shape {array.shape}; expected columns (column, row) or (row, column), fewer than "
                "rows. Save several arrays by name with numpy.savez",
            )
        lines = array[None] if array.ndim == 1 else array if array.shape[0] < array.shape[1] else array.T
        self._columns = {str(i): line for i, line in enumerate(lines)}

    def names(self) -> list[str]:
        """Return the names of the fields, or the columns' numbers from 0."""
        return list(self._columns)

    def _read(self, name: str) -> NDArray[Any]:
        return self._columns[name]


class NpzSource(Source):
    """An ``.npz`` file, read array by array. Python objects in it (pickle) are refused."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            _check_zip(path)
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                check_zip_sizes(path, archive.zip)
                self._names = list(dict.fromkeys(archive.files))
        except _DAMAGED as error:
            raise InputFileError(path, f"cannot be read as .npz: {error}") from None

    def names(self) -> list[str]:
        """Return the names of all arrays."""
        return self._names

    def _read(self, name: str) -> NDArray[Any]:
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                array = archive[name]
        except _DAMAGED as error:
            if "allow_pickle" in str(error):
                message = (
                    f"{name!r} holds Python objects, which are not read since they can run any code: save it as "
                    "numbers or text"
                )
            else:
                message = f"{name!r} cannot be read: {error}"
            raise InputFileError(self.path, message) from None
        if not isinstance(array, np.ndarray):  # something else that was zipped along
            raise InputFileError(self.path, f"{name!r} is not an array")
        return array


def _check_zip(path: Path) -> None:
    """Raise ``ValueError`` on what is no zip file, for which numpy advises to read it as pickle."""
    with path.open("rb") as file:
        if file.read(2) != b"PK" or not zipfile.is_zipfile(file):
            raise ValueError("it is not an npz archive as numpy.savez writes it, or it is cut off")
