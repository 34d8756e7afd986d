"""Parquet files of the challenges: raw frames that stay in their file, and calibration images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from polars import selectors

from specframe.api import LazyFrames
from specframe.api.sizes import check_unpacked
from specframe.errors import InputFileError
from specframe_ariel.buffers import ColumnBuffers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

__all__ = ["ParquetFrames", "read_columns", "read_image"]

_DAMAGED = "is not a whole parquet file, perhaps an interrupted download: get it again"


class ParquetFrames(LazyFrames):
    """Raw frames of one visit, uint16 in adu.

    The challenges store a column per pixel, in C order of (y, x), and a row per frame. Files of a few frames also come
    flattened into a single column, in C order of (time, y, x). Both are read.

    Parameters
    ----------
    path
        The file; only its metadata are read here.
    detector
        Rows and columns of the detector.

    Raises
    ------
    InputFileError
        When the file is missing or damaged, or its frames are not of the detector's shape.
    """

    dtype = np.dtype(np.uint16)

    def __init__(self, path: Path, detector: tuple[int, int]) -> None:
        self.path = path
        n_y, n_x = detector
        try:
            _check_file(path)
            # a scan parses the metadata of 11,392 columns once, for these questions and for reading
            self._scan = pl.scan_parquet(path, glob=False)
            empty = self._scan.limit(0).collect()
            other = self._scan.select(selectors.all() - selectors.by_dtype(pl.UInt16)).limit(0).collect().dtypes
            n_rows = self._scan.select(pl.len()).collect().item()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise _unreadable(path, error) from None
        self.flattened = empty.width == 1
        n_time, left = divmod(n_rows, n_y * n_x) if self.flattened else (n_rows, 0)
        if (not self.flattened and empty.width != n_y * n_x) or left or not n_time:
            raise InputFileError(
                path,
                f"expected frames of {n_y} x {n_x} pixels: {n_y * n_x} columns with a row per frame, or one column "
                f"with a multiple of {n_y * n_x} rows; got {empty.width} columns and {n_rows} rows",
            )
        if other:
            got = ", ".join(sorted(map(str, set(other))))
            raise InputFileError(path, f"expected frames of type UInt16, as the challenges have, got {got}")
        self.shape = (n_time, n_y, n_x)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the parsed metadata behind; another process parses them anew."""
        return {name: value for name, value in vars(self).items() if name != "_scan"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._scan = pl.scan_parquet(self.path, glob=False)

    def time_series(self) -> ColumnBuffers:
        """Read the time series of all pixels."""
        return self.pixel_series(np.arange(self.shape[1] * self.shape[2]))

    def pixel_series(self, pixels: ArrayLike) -> ColumnBuffers:
        """Read the time series of some pixels: views of polars' buffers, no others are decoded."""
        chosen = np.asarray(pixels, np.intp).ravel()
        n_time = self.shape[0]
        columns = [0] if self.flattened else chosen.tolist()
        try:
            table = self._scan.select(pl.nth(columns)).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise _unreadable(self.path, error) from None
        if len(table) != (self.size if self.flattened else n_time):
            raise InputFileError(self.path, "has changed since it was opened; load the target again")
        try:
            series = ColumnBuffers.from_table(table, self.dtype)
        except ValueError:
            raise InputFileError(
                self.path, "holds missing values, expected a number for every pixel and frame"
            ) from None
        if self.flattened:
            return ColumnBuffers.from_arrays(list(series[0].reshape(n_time, -1)[:, chosen].T))
        return series


def read_image(path: Path, shape: tuple[int, ...], *, boolean: bool = False) -> NDArray[Any]:
    """Read a calibration image of ``shape`` (rows, columns), float64 or bool.

    Raises
    ------
    InputFileError
        When the file is missing or damaged, or has another shape or type.
    """
    try:
        _check_file(path)
        scan = pl.scan_parquet(path, glob=False)
        there = (int(scan.select(pl.len()).collect().item()), len(scan.collect_schema()))
        if there != shape:  # before they are read: a small file may hold any number of rows
            raise InputFileError(path, f"expected {shape[0]} x {shape[1]} values, got {there[0]} x {there[1]}")
        table = scan.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    typed = all(dtype == pl.Boolean if boolean else dtype.is_numeric() for dtype in table.dtypes)
    image = table.to_numpy() if typed else np.empty(0, object)
    if image.dtype.kind not in ("b" if boolean else "fiu"):
        wanted = "true or false" if boolean else "numbers"
        raise InputFileError(
            path, f"expected {wanted} without gaps, got {', '.join(sorted({str(t) for t in table.dtypes}))}"
        )
    return image.astype(bool if boolean else float, copy=False)


def read_columns(path: Path, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Read columns of ``axis_info.parquet`` without the NaN and missing values that pad them at the end.

    Raises
    ------
    InputFileError
        When the file or a column is missing, or a column has gaps.
    """
    try:
        _check_file(path)
        scan = pl.scan_parquet(path, glob=False).select(names)
        check_unpacked(path, 8 * len(names) * int(scan.select(pl.len()).collect().item()))
        table = scan.collect()
    except pl.exceptions.ColumnNotFoundError:
        there = ", ".join(pl.read_parquet_schema(path))
        raise InputFileError(path, f"expected columns {', '.join(names)}; got {there}") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    columns = {}
    for name in names:
        if not table[name].dtype.is_numeric():
            raise InputFileError(path, f"column {name!r} holds {table[name].dtype}, expected numbers")
        values = table[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        known = np.isfinite(values)
        length = int(known.sum())
        if not known[:length].all():
            raise InputFileError(path, f"column {name!r} has a gap in row {int(np.argmin(known))}")
        columns[name] = values[:length]
    return columns


def _check_file(path: Path) -> None:
    """Refuse a folder, a device and a pipe, at which polars would wait without end."""
    if path.exists() and not path.is_file():
        raise OSError("it is a folder, a device or a pipe")


def _unreadable(path: Path, error: Exception) -> InputFileError:
    if isinstance(error, FileNotFoundError):
        return InputFileError(path, "not found; it belongs to the planet's files, so get it from the challenge again")
    return InputFileError(path, f"{_DAMAGED} ({str(error).splitlines()[0]})")
