"""Columns of a text table: one row per target."""

from __future__ import annotations

import csv
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.api.sizes import is_packed
from specframe.errors import InputFileError
from specframe_io.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

__all__ = ["CsvSource", "EcsvSource", "IpacSource"]


#: Beginnings of what polars unpacks besides gzip: zlib and zstd.
_PACKED = (b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x78\x5e", b"\x28\xb5\x2f\xfd")
#: What astropy raises on damaged tables and on units that are none.
_DAMAGED = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    RecursionError,
    MemoryError,
    csv.Error,
)


class CsvSource(Source):
    """A ``.csv`` or ``.tsv`` file whose first line names the columns. Empty cells are NaN; ``#`` starts a comment."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        _check_text(path)
        self._separator = "\t" if path.suffix.lower() == ".tsv" else ","
        self._frame = self._table()
        self._check_rows()

    def names(self) -> list[str]:
        """Return the names of all columns."""
        return self._frame.columns

    def _read(self, name: str) -> NDArray[Any]:
        import polars as pl

        column = self._frame[name]
        if column.dtype == pl.String:
            return _as_text(column)
        if column.null_count() == len(column):
            return np.full(len(column), np.nan)
        return np.array(column.cast(pl.Float64) if column.null_count() else column)

    def _names_in(self, key: str) -> NDArray[Any]:
        import polars as pl

        if key not in self.names():
            raise self.missing(key)
        # Read as numbers, 080 would lose its zero, and long names their last digits where one is missing.
        return _as_text(self._table(columns=[key], schema_overrides={key: pl.String})[key])

    def _check_rows(self) -> None:
        """Refuse a row with fewer fields than columns, which polars fills up as if the values were unknown."""
        expected = len(self.names())
        if expected == 1:  # an empty line is an empty cell of a single column
            return
        try:
            with self.path.open(encoding="utf-8", errors="replace", newline="") as file:
                lines = csv.reader((line for line in file if not line.startswith("#")), delimiter=self._separator)
                next(fields for fields in lines if fields)  # the header
                lengths = [len(fields) for fields in lines]
        except (csv.Error, OSError) as error:
            raise InputFileError(self.path, f"cannot be read as a table: {error}") from None
        for row, length in enumerate(lengths):
            if length < expected:
                advice = "the file may be cut off, fetch it again" if length else "take out the empty line"
                raise InputFileError(self.path, f"row {row + 1} has {length} of {expected} fields: {advice}")

    def _table(self, **options: Any) -> pl.DataFrame:
        import polars as pl

        try:
            # Types are taken from all rows: a number that first appears far down must not fail.
            with self.path.open("rb") as file:  # polars takes no names that are not UTF-8
                return pl.read_csv(
                    file,
                    separator=self._separator,
                    comment_prefix="#",
                    infer_schema_length=None,
                    null_values=["NaN", "nan", "NA"],
                    **options,
                )
        except (pl.exceptions.PolarsError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise InputFileError(self.path, f"cannot be read as a table: {reason}") from None


class EcsvSource(Source):
    """An ``.ecsv`` file: a table with units. Masked cells are NaN or empty. ``meta`` is what its header says."""

    _format: ClassVar[str] = "ascii.ecsv"
    _called: ClassVar[str] = "ECSV"

    def __init__(self, path: Path) -> None:
        from astropy.table import Table

        super().__init__(path)
        try:
            # lines, since astropy unpacks whatever it takes for compressed, and fetches what it takes for an address
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what is odd in a header, and read all the same
                self._table = Table.read(_check_text(path).splitlines(), format=self._format)
        except _DAMAGED as error:
            raise InputFileError(path, f"cannot be read as {self._called}: {' '.join(str(error).split())}") from None
        self.meta: dict[str, Any] = dict(self._table.meta)

    def names(self) -> list[str]:
        """Return the names of all columns."""
        return list(self._table.colnames)

    def units(self, key: str) -> str | None:
        """Return the unit of a column, or of the first that matches a pattern."""
        column = self._table[self.matching([key])[0]]
        if hasattr(column, "mjd"):
            return f"MJD_{column.scale.upper()}"
        unit = column.unit
        return None if unit is None else str(unit)

    def _read(self, name: str) -> NDArray[Any]:
        column = self._table[name]
        if hasattr(column, "mjd"):  # astropy's times, whose modified Julian dates keep the most digits
            return np.asarray(column.mjd, float)
        if column.dtype.kind == "O":
            raise InputFileError(
                self.path, f"{name!r} holds rows of different lengths or kinds, expected numbers or text"
            )
        if hasattr(column, "mask") and np.any(column.mask):
            return np.asarray(column.filled("") if column.dtype.kind in "US" else column.astype(float).filled(np.nan))
        return np.array(column)


class IpacSource(EcsvSource):
    """A ``.tbl`` file in the IPAC format, as archives write them; ``meta`` are the keywords of its header."""

    _format: ClassVar[str] = "ascii.ipac"
    _called: ClassVar[str] = "IPAC table"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        last = path.read_bytes().rpartition(b"\n")[2]
        if last:  # columns stand at fixed places, so that astropy takes what is cut off for nothing
            raise InputFileError(
                path, f"its last line has no end: the file may be cut off, fetch it again ({last[:40]!r})"
            )
        keywords = self._table.meta.get("keywords", {})
        self.meta = {str(name): entry.get("value") for name, entry in keywords.items()}


def _check_text(path: Path) -> str:
    """Return a file's text; refuse what is compressed or binary."""
    try:
        with path.open("rb") as file:
            content = file.read()
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror or error}") from None
    if is_packed(content) or content.startswith(_PACKED):
        raise InputFileError(path, f"is compressed, but its name ends in {path.suffix!r}: unpack it first")
    if b"\0" in content:
        raise InputFileError(path, f"is not text, but its name ends in {path.suffix!r}: expected a table")
    return content.decode("utf-8-sig", "replace")


def _as_text(column: pl.Series) -> NDArray[np.str_]:
    return np.array(column.fill_null("").str.strip_chars().to_list(), str)
