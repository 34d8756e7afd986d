"""FITS files opened for reading, damaged ones refused."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from astropy.io import fits

from specframe.api.sizes import check_fits_sizes, is_packed, unpacked
from specframe.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["opened_fits"]

#: What astropy raises on damaged files, and numpy on what they hold.
_DAMAGED = (
    AssertionError,
    *(OSError, ValueError, TypeError, KeyError, IndexError, EOFError, AttributeError, OverflowError, MemoryError),
    fits.VerifyError,
)


@contextmanager
def opened_fits(path: Path, expected: str) -> Iterator[fits.HDUList]:
    """Open a FITS file, compressed or not.

    Raises
    ------
    InputFileError
        When it is no whole FITS file, or what the block reads is not there or damaged; says what was ``expected``.
    """
    if not path.is_file():
        raise InputFileError(path, f"is no file, {expected}")
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content = io.BytesIO(unpacked(path)) if is_packed(file.read(6)) else file
        check_fits_sizes(path, content)
        try:
            with fits.open(content, memmap=False) as hdus:
                yield hdus
        except _DAMAGED as error:
            raise InputFileError(path, f"{expected}: {' '.join(str(error).split())}") from None
