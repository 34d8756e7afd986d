"""Many spectra with a table of what is known of each, whatever files they came from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.errors import InputFileError
from specframe_retrieval.observed.node import spectrum_node
from specframe_retrieval.observed.spectrum import invented_error, read_spectrum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_retrieval.observed.node import Quantity

__all__ = ["ArraySpectra", "FileSpectra", "Spectra"]


@dataclass(frozen=True, kw_only=True)
class Spectra(ABC):
    """Spectra in rows.

    Parameters
    ----------
    path
        The file or folder, for messages.
    columns
        What is known of the spectra by name: numbers or text (row,).
    column_units
        Units of columns, where the file states them.
    row_names
        What the rows are called, where the file says; empty otherwise.
    said
        What was assumed or left out while reading, in sentences.
    """

    path: Path
    columns: Mapping[str, NDArray[Any]]
    column_units: Mapping[str, str] = field(default_factory=dict)
    row_names: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @abstractmethod
    def __len__(self) -> int:
        """Return how many there are."""

    @abstractmethod
    def node(self, row: int, clean: bool, **options: Any) -> xr.Dataset:
        """Return a spectrum as a node of an Observation; ``clean`` says that it holds no noise."""

    @abstractmethod
    def values(self, row: int) -> NDArray[Any]:
        """Return a spectrum's values (pixel,); what is not finite cannot be used."""

    @abstractmethod
    def holds_depths(self) -> bool:
        """Return whether the values are depths rather than fluxes."""

    @abstractmethod
    def files(self, row: int) -> list[Path]:
        """Return the files that hold a spectrum."""

    @abstractmethod
    def taken(self, rows: NDArray[np.intp]) -> Self:
        """Return some of the rows."""

    def with_columns(self, columns: Mapping[str, NDArray[Any]], units: Mapping[str, str], *said: str) -> Self:
        """Return the same spectra with other columns."""
        return replace(self, columns=dict(columns), column_units=dict(units), said=(*self.said, *said))

    def called(self, names: Sequence[str]) -> Self:
        """Return the same spectra with other names of rows."""
        return replace(self, row_names=tuple(names))

    def row_of(self, name: str) -> int | None:
        """Return the row that is called ``name``, if any."""
        return self._rows.get(name)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.row_names)}

    def _columns_of(self, rows: NDArray[np.intp]) -> dict[str, Any]:
        return {
            "columns": {name: column[rows] for name, column in self.columns.items()},
            "row_names": tuple(self.row_names[row] for row in rows) if self.row_names else (),
        }


@dataclass(frozen=True, kw_only=True)
class ArraySpectra(Spectra):
    """Spectra in arrays.

    Parameters
    ----------
    wavelength
        In um, (pixel,) for all or (row, pixel).
    flux, error
        (row, pixel), in the units of ``units`` once multiplied by ``scale``; ``error`` may be ``None``.
    bad
        Pixels (row, pixel) not to be used, besides those that are not finite.
    units, stated, quantity
        Units of the values, whether anybody stated them, and what the values are.
    """

    wavelength: NDArray[Any]
    flux: NDArray[Any]
    error: NDArray[Any] | None = None
    bad: NDArray[Any] | None = None
    scale: float = 1.0
    units: str = ""
    stated: bool = True
    quantity: Quantity = "flux"

    def __len__(self) -> int:
        return len(self.flux)

    def node(
        self,
        row: int,
        clean: bool,
        wavelength_range: tuple[float, float] | None = None,
        snr: float | None = None,
        relative_error: float | None = None,
        **attrs: Any,
    ) -> xr.Dataset:
        """Return a spectrum as a node of an Observation."""
        values = self.scale * self.flux[row].astype(float)
        error = None if self.error is None else self.scale * self.error[row].astype(float)
        comment = ""
        if error is not None and not np.any(np.isfinite(error) & (error > 0)):
            error = None
        if error is None and not clean:
            error, comment = invented_error(values, np.isfinite(values), snr, relative_error)
        return spectrum_node(
            self.path,
            self.wavelength if self.wavelength.ndim == 1 else self.wavelength[row],
            values,
            error,
            None if self.bad is None else self.bad[row],
            units=self.units,
            quantity=self.quantity,
            wavelength_range=wavelength_range,
            stated=self.stated,
            clean=clean,
            error_comment=comment,
            **attrs,
        )

    def values(self, row: int) -> NDArray[Any]:
        """Return a spectrum's values (pixel,) as they are."""
        return np.asarray(self.flux[row])

    def holds_depths(self) -> bool:
        """Return whether the values are depths rather than fluxes."""
        return self.quantity == "depth"

    def files(self, row: int) -> list[Path]:
        """Return the one file that holds them all."""
        del row
        return [self.path]

    def taken(self, rows: NDArray[np.intp]) -> Self:
        """Return some of the rows."""
        return replace(
            self,
            wavelength=self.wavelength if self.wavelength.ndim == 1 else self.wavelength[rows],
            flux=self.flux[rows],
            error=None if self.error is None else self.error[rows],
            bad=None if self.bad is None else self.bad[rows],
            **self._columns_of(rows),
        )


@dataclass(frozen=True, kw_only=True)
class FileSpectra(Spectra):
    """Spectra each in a file of its own, which is read when it is asked for.

    ``reading`` are the options of :func:`~specframe_retrieval.observed.read_spectrum`.
    """

    paths: tuple[Path, ...]
    reading: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paths)

    def holds_depths(self) -> bool:
        """Return whether the values are depths, by the first file that can be read."""
        for row in range(len(self)):
            with suppress(InputFileError):
                return "depth" in self.node(row, clean=True)
        return False

    def node(self, row: int, clean: bool, **options: Any) -> xr.Dataset:
        """Return a spectrum as a node of an Observation."""
        return read_spectrum(self.paths[row], noise="absent" if clean else "included", **{**self.reading, **options})

    def values(self, row: int) -> NDArray[Any]:
        """Return a spectrum's values (pixel,), NaN where they are masked."""
        node = read_spectrum(self.paths[row], noise="absent", **self.reading)
        values = node["depth" if "depth" in node else "flux"].values
        return np.where(node["mask"].values, np.nan, values)

    def files(self, row: int) -> list[Path]:
        """Return the file that holds a spectrum."""
        return [self.paths[row]]

    def taken(self, rows: NDArray[np.intp]) -> Self:
        """Return some of the rows."""
        return replace(self, paths=tuple(self.paths[row] for row in rows), **self._columns_of(rows))
