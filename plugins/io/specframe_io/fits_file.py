"""FITS files that may be damaged."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from astropy.io import fits

from specframe.api.sizes import check_fits_sizes, is_packed, unpacked
from specframe.errors import InputFileError
from specframe_io.pickled import refuse_pickle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DAMAGED", "opened_fits"]

#: What astropy raises on damaged files; warnings that a file is truncated or corrupted are made errors.
DAMAGED = (
    AssertionError,
    *(OSError, ValueError, TypeError, KeyError, IndexError, EOFError, AttributeError, OverflowError, MemoryError),
    *(fits.VerifyError, Warning),
)


@contextmanager
def opened_fits(path: Path) -> Iterator[fits.HDUList]:
    """Open a FITS file for reading.

    Raises
    ------
    InputFileError
        When it is not there, not whole or not FITS, also while its data are read.
    """
    if not path.is_file():
        raise InputFileError(path, "is a folder, expected a file" if path.is_dir() else "no such file")
    refuse_pickle(path)
    with _opened(path) as opened, warnings.catch_warnings():  # astropy leaves a damaged file open
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="(?s).*(truncated|corrupted)")
        check_fits_sizes(path, opened)
        try:
            file = fits.open(opened, memmap=False, lazy_load_hdus=False)
        except DAMAGED as error:
            raise InputFileError(path, f"is not a whole FITS file ({_line(error)}); get it again") from None
        with file:
            try:
                yield file
            except DAMAGED as error:
                raise InputFileError(
                    path, f"cannot be read ({_line(error)}); the file may be damaged: get it again"
                ) from None


def _opened(path: Path) -> IO[bytes]:
    """Open a file; what is compressed is unpacked here, since astropy would unpack it whatever its size."""
    file = path.open("rb")
    head = file.read(6)
    if not is_packed(head):
        file.seek(0)
        return file
    file.close()
    return io.BytesIO(unpacked(path))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
