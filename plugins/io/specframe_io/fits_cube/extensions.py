"""Arrays in the extensions of a FITS file, found by names with one * in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import read_unit
from specframe.errors import InputFileError
from specframe_io.names import listed

if TYPE_CHECKING:
    from pathlib import Path

    from astropy.io import fits
    from numpy.typing import NDArray

__all__ = ["Extensions"]


class Extensions:
    """The extensions of a file that hold arrays; errors name file and extension."""

    def __init__(self, path: Path, file: fits.HDUList) -> None:
        self.path = path
        self.hdus = {hdu.name: hdu for hdu in file if hdu.name and hdu.size}

    def wrong(self, name: str, message: str) -> InputFileError:
        """Return the error that an extension is wrong."""
        return InputFileError(self.path, f"{name}: {message}")

    def suffixes(self, pattern: str, parameter: str) -> list[str]:
        """Return what stands for the * of ``pattern``, in the file's order; ``""`` alone where it has none."""
        wanted = re.compile("(.*)".join(map(re.escape, pattern.split("*"))), re.IGNORECASE)
        found = [(match[1] if match.groups() else "") for name in self.hdus if (match := wanted.fullmatch(name))]
        if not found:
            there = listed([f"{name} {self.shape(name)}" for name in self.hdus], 12) or "nothing with data"
            raise InputFileError(
                self.path,
                f"has no extension {pattern}; there: {there}. The parameters data, flux, time and wavelength say which "
                f"extension holds what ({parameter}: {pattern})",
            )
        return found

    def find(self, pattern: str | None, suffix: str) -> str | None:
        """Return the name of an extension, ``None`` where there is none."""
        if pattern is None:
            return None
        name = pattern.replace("*", suffix).upper()
        if not suffix:  # TIME_* is TIME where there is nothing to tell apart
            name = name.rstrip("_- ")
        return next((own for own in self.hdus if own.upper() == name), None)

    def name(self, pattern: str, suffix: str, parameter: str) -> str:
        """Return the name of an extension that must be there."""
        found = self.find(pattern, suffix)
        if found is None:
            wanted = pattern.replace("*", suffix).rstrip("_- ")
            raise InputFileError(
                self.path, f"has no extension {wanted} (parameter {parameter}); there: {listed(self.hdus, 12)}"
            )
        return found

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an extension as numpy has it."""
        return tuple(int(n) for n in getattr(self.hdus[name], "shape", ()))

    def array(self, name: str) -> NDArray[np.float64]:
        """Return an image, or a table of a single column, as numbers."""
        data: Any = self.hdus[name].data
        if data.dtype.names is not None:
            if len(data.dtype.names) != 1:
                raise self.wrong(
                    name, f"expected an image, got a table of the columns {listed(data.dtype.names)}; see light-curves"
                )
            data = data[data.dtype.names[0]]
        if data.dtype.kind not in "fiub":
            raise self.wrong(name, f"expected numbers, got {data.dtype}")
        return np.asarray(data, float)

    def axis(self, name: str, unit: str, default: str) -> NDArray[np.float64]:
        """Return numbers in ``unit``; their own is BUNIT or UNITS, else ``default``."""
        stated = self.units(name) or default
        try:
            return self.array(name) * float(read_unit(stated).to(unit))
        except ValueError:
            raise self.wrong(name, f"expected units convertible to {unit!r}, got {stated!r}") from None

    def units(self, name: str) -> str:
        """Return the units that an extension's header states; exoTEDRF writes UNITS for the standard's BUNIT."""
        return self.text(name, "BUNIT") or self.text(name, "UNITS")

    def text(self, name: str, keyword: str) -> str:
        """Return a keyword of an extension's header as text, empty where there is none."""
        return str(self.hdus[name].header.get(keyword, "")).strip()
