"""Columns and images of a FITS file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits

from specframe_io.fits_file import opened_fits
from specframe_io.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["FitsSource"]


class FitsSource(Source):
    """A FITS file: columns of tables by their names, images by those of their extensions.

    Columns of one name in several tables are called ``EXTENSION/NAME``, with the extension's number where it has no
    name.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._arrays_by_name: dict[str, NDArray[Any]] = {}
        self._units: dict[str, str] = {}
        found: list[tuple[str, str, NDArray[Any], str | None]] = []
        with opened_fits(path) as file:
            for number, hdu in enumerate(file):
                extension = hdu.name or str(number)
                if isinstance(hdu, fits.BinTableHDU | fits.TableHDU):
                    found += [
                        (extension, column.name, _native(hdu.data[column.name]), column.unit) for column in hdu.columns
                    ]
                elif hdu.is_image and hdu.data is not None:
                    found.append((extension, extension, _native(hdu.data), hdu.header.get("BUNIT")))
        names = [name for _, name, _, _ in found]
        for extension, name, values, unit in found:
            key = name if names.count(name) == 1 else f"{extension}/{name}"
            self._arrays_by_name[key] = values
            if unit:
                self._units[key] = str(unit)

    def names(self) -> list[str]:
        """Return the names of all columns and images."""
        return list(self._arrays_by_name)

    def units(self, key: str) -> str | None:
        """Return the unit of a column (TUNIT) or image (BUNIT)."""
        return self._units.get(key)

    def _read(self, name: str) -> NDArray[Any]:
        return self._arrays_by_name[name]


def _native(values: Any) -> NDArray[Any]:
    """Return a copy in the machine's order of bytes; text without the blanks at its end."""
    array = np.array(values)
    return array.astype(str) if array.dtype.kind in "US" else array.astype(array.dtype.newbyteorder("="))
