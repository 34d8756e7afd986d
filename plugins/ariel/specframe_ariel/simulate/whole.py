"""Files and folders that are whole or not there: written beside their place, synced, renamed."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["PARTIAL", "whole_file", "whole_folder", "write_columns", "write_parquet"]

#: Folder in a tree's root for what is being written; no reader looks there.
PARTIAL = ".partial"
#: Bytes that do not go onto a full disk.
_PROBE = 2**20


@contextmanager
def whole_folder(final: Path, partial: Path) -> Iterator[Path]:
    """Give the folder ``partial``, empty; after the block its files are synced and it becomes ``final``."""
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        yield partial
        for file in partial.rglob("*"):
            if file.is_file():
                _sync(file)
        final.parent.mkdir(parents=True, exist_ok=True)
        partial.rename(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def whole_file(final: Path) -> Iterator[Path]:
    """Give a temporary path beside ``final``; after the block it is synced and replaces ``final``."""
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}.{os.getpid()}.partial")
    try:
        yield partial
        _sync(partial)
        partial.replace(final)
    finally:
        partial.unlink(missing_ok=True)


def write_columns(path: Path, columns: Iterable[NDArray[Any]]) -> None:
    """Write each array as a column, named as in the challenges' files, without copying it."""
    write_parquet(path, pl.DataFrame([pl.Series(f"column_{k}", column) for k, column in enumerate(columns)]))


def write_parquet(path: Path, table: pl.DataFrame, compression: Any = "zstd") -> None:
    """Write ``table`` as one row group, as the challenges' files are; raise OSError where the system refuses."""
    try:
        # polars cuts row groups at 262,144 rows, which is more than any visit has
        table.write_parquet(path, compression=compression)
    except pl.exceptions.PolarsError:
        # polars does not say what the system said; a further write to the file, which is lost anyway, meets it again
        with path.open("ab") as file:
            file.write(bytes(_PROBE))
        raise


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
