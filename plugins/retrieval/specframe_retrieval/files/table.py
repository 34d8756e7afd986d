"""Tables that state their units."""

from __future__ import annotations

import csv
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import NamedArrays
from specframe_retrieval.files.reader import opened_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_ecsv"]


def read_ecsv(path: Path) -> NamedArrays:
    """Read an ECSV table. Masked cells are NaN or empty text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # lines, since astropy takes a text of one line for the address of a file, which it would fetch
            lines = opened_bytes(path).decode("utf-8", "replace").splitlines()
            table = Table.read(lines, format="ascii.ecsv")
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, csv.Error) as error:
        raise InputFileError(path, f"cannot be read as ECSV: {' '.join(str(error).split())}") from None
    arrays: dict[str, NDArray[Any]] = {}
    units: dict[str, str] = {}
    for name in table.colnames:
        column = table[name]
        unit = getattr(column, "unit", None)
        if unit is not None:
            units[name] = str(unit)
        if hasattr(column, "mask") and np.any(column.mask):
            column = column.filled("") if column.dtype.kind in "US" else column.astype(float).filled(np.nan)
        values = np.array(getattr(column, "value", column))
        if values.dtype.kind == "O":
            raise InputFileError(path, f"{name!r} holds rows of different lengths or kinds, expected numbers or text")
        arrays[name] = values
    return NamedArrays(path, arrays, units, attrs=dict(table.meta))
