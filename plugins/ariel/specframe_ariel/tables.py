"""The challenges' CSV tables: spectra, stars and converters by planet."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Table", "normal_id", "read_table"]

_ID = "planet_id"


@dataclass(frozen=True)
class Table:
    """Numbers by planet."""

    path: Path
    columns: tuple[str, ...]
    #: One per row; empty when the table has no column ``planet_id``.
    planets: tuple[str, ...]
    #: Shape (row, column); NaN where a cell is empty.
    values: NDArray[np.float64]

    def row(self, target: str) -> dict[str, float] | None:
        """Return a planet's row, or ``None``.

        Raises :class:`~specframe.errors.InputFileError` when it has more than one.
        """
        rows = [i for i, planet in enumerate(self.planets) if planet == normal_id(target)]
        if len(rows) > 1:
            raise InputFileError(
                self.path, f"planet_id {normal_id(target)} occurs more than once; keep one row for each planet"
            )
        return dict(zip(self.columns, self.values[rows[0]].tolist(), strict=True)) if rows else None


def normal_id(text: str) -> str:
    """Return a planet id as the folders have it: ``"1103775.0"`` (2025's test_star_info.csv) is ``"1103775"``."""
    whole, _, fraction = text.strip().partition(".")
    return str(int(whole)) if whole.isdigit() and not fraction.strip("0") else text.strip()


def read_table(path: Path) -> Table:
    """Read a table of numbers whose first line names the columns.

    Raises
    ------
    InputFileError
        When the file is missing or a cell is not a number.
    """
    if path.exists() and not path.is_file():
        raise InputFileError(path, "is a folder or a device, expected a file of the challenge")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header, *rows = [row for row in csv.reader(file) if row]
    except FileNotFoundError:
        raise InputFileError(path, "not found; it belongs to the files of the challenge") from None
    except (OSError, UnicodeError, ValueError, csv.Error) as error:
        raise InputFileError(path, f"cannot be read as a CSV table with a line of names: {error}") from None
    header = [name.strip() for name in header]
    ragged = next((i for i, row in enumerate(rows) if len(row) != len(header)), None)
    if ragged is not None:
        raise InputFileError(
            path, f"row {ragged + 1} has {len(rows[ragged])} cells, expected {len(header)} as in the first line"
        )
    planets: tuple[str, ...] = ()
    if _ID in header:
        at = header.index(_ID)
        planets = tuple(normal_id(row[at]) for row in rows)
    keep = [i for i, name in enumerate(header) if name != _ID]
    values = np.full((len(rows), len(keep)), np.nan)
    for i, row in enumerate(rows):
        for j, column in enumerate(keep):
            cell = row[column]
            try:
                values[i, j] = float(cell) if cell.strip() else np.nan
            except ValueError:
                name = f"column {header[column]!r}" + (f", planet {planets[i]}" if planets else "")
                raise InputFileError(path, f"row {i + 1}, {name}: expected a number, got {cell!r}") from None
    return Table(path, tuple(header[column] for column in keep), planets, values)
