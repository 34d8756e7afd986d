"""Spectra that are given, not drawn: labels of a challenge, or tables of wavelength and transit depth."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.sizes import unpacked
from specframe.errors import InputFileError, UsageError
from specframe_ariel.outputs import OUTPUTS
from specframe_ariel.simulate.instrument import label_wavelengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_ariel.simulate.params import SimulatedParams

__all__ = ["GivenPlanets", "TabulatedSpectrum", "given_planets"]

#: Wavelengths that every spectrum must reach, in um: AIRS-CH0's labels.
_COVERED = (1.952, 3.895)
#: Depths up to that of a planet of half its star's radius.
_DEEPEST = 0.25


@dataclass(frozen=True)
class TabulatedSpectrum:
    """Transit depth at some wavelengths, linear in between.

    Beyond its ends the spectrum keeps the depth that it has there: FGS1 (0.7 um) sees the shortest wavelength's where
    a table begins above it, and AIRS-CH0's columns beyond 3.9 um the longest's.
    """

    #: Ascending wavelengths in um, and (Rp / Rs)^2 there.
    wavelength: tuple[float, ...]
    table: tuple[float, ...]

    @property
    def radius(self) -> float:
        """Mean planet radius between 1.95 and 3.90 um, in stellar radii."""
        return float(np.sqrt(self.depth(np.linspace(*_COVERED, 196))).mean())

    def depth(self, wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the transit depth (Rp / Rs)^2 at ``wavelength`` (um), of its shape."""
        return np.asarray(np.interp(wavelength, self.wavelength, self.table))


@dataclass(frozen=True)
class GivenPlanets:
    """Spectra for planets in order, with the identifiers that they came with."""

    spectra: tuple[TabulatedSpectrum, ...]
    names: tuple[str, ...] = ()

    def spectrum(self, index: int) -> TabulatedSpectrum:
        """Return the spectrum of planet ``index``; when all have been used they begin again."""
        return self.spectra[index % len(self.spectra)]

    def name(self, index: int) -> str | None:
        """Return the identifier of planet ``index``, ``None`` where it has none or another planet carries it."""
        return self.names[index] if index < len(self.names) else None


def given_planets(params: SimulatedParams) -> GivenPlanets | None:
    """Return the spectra that the parameters ``labels`` or ``spectra`` give, ``None`` without either.

    Raises
    ------
    InputFileError
        When a file cannot be read, or holds what cannot be transit depths.
    UsageError
        When a spectrum that is written out in the parameters cannot be one.
    """
    if params.labels is not None:
        return _labels(params.labels, params.year, _stamp(params.labels))
    if params.spectra is not None:
        spectra = []
        for number, item in enumerate(params.spectra):
            if isinstance(item, Path):
                spectra.append(_table(item, _stamp(item)))
                continue
            try:
                spectra.append(_spectrum(item.wavelength, item.depth))
            except ValueError as error:
                raise UsageError(f"spectra[{number}]: {error}") from None
        return GivenPlanets(tuple(spectra))
    return None


def _stamp(path: Path) -> tuple[int, int]:
    """Return what changes when the file does."""
    try:
        state = path.stat()
    except OSError as error:
        raise InputFileError(path, f"cannot be read ({error.strerror}); it should hold spectra to simulate") from None
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=4)
def _labels(path: Path, year: int, _stamp: tuple[int, int]) -> GivenPlanets:
    """Read a file in the format of the challenges' labels."""
    import polars as pl

    try:
        table = pl.read_csv(io.BytesIO(unpacked(path)), infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputFileError(path, f"is no CSV file of labels ({str(error).splitlines()[0]})") from None
    missing = [name for name in ("planet_id", *OUTPUTS) if name not in table.columns]
    if missing:
        raise InputFileError(
            path,
            "labels have the columns planet_id and wl_1 .. wl_283, as train_labels.csv of the challenges; "
            f"{len(missing)} are missing, the first is {missing[0]!r}. A table of wavelength and depth goes into "
            "'spectra'",
        )
    if table.is_empty():
        raise InputFileError(path, "holds no planet")
    names = tuple(str(name) for name in table["planet_id"])
    wrong = next(
        (name for name in names if not (name.isascii() and name.isdigit() and len(name) < 20 and int(name) < 2**63)),
        None,
    )
    if wrong is not None:
        raise InputFileError(path, f"planet_id must be whole numbers of at least 0, got {wrong!r}")
    if len(set(names)) != len(names):
        raise InputFileError(path, "some planet_id stands there more than once; every planet needs its own")
    wavelength = label_wavelengths(year)
    depths = table.select(pl.col(OUTPUTS).cast(pl.Float64, strict=False)).fill_null(np.nan).to_numpy()
    spectra = []
    for name, row in zip(names, depths, strict=True):
        try:
            spectra.append(_spectrum(wavelength, row))
        except ValueError as error:
            raise InputFileError(path, f"planet {name}: {error}") from None
    return GivenPlanets(tuple(spectra), names)


@lru_cache(maxsize=1024)
def _table(path: Path, _stamp: tuple[int, int]) -> TabulatedSpectrum:
    """Read a table with a column of wavelengths and one of depths, apart by commas or blanks."""
    try:
        lines = unpacked(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputFileError(path, f"is no text file with wavelength and depth ({error})") from None
    rows = [
        (number, [cell.strip(' "') for cell in (line.split(",") if "," in line else line.split())])
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    columns = (0, 1)
    if rows and not _is_number(rows[0][1][0]):
        columns = _named_columns(path, [cell.lower() for cell in rows.pop(0)[1]])
    wavelength, depth = [], []
    for number, row in rows:
        try:
            wavelength.append(float(row[columns[0]]))
            depth.append(float(row[columns[1]]))
        except (ValueError, IndexError):
            raise InputFileError(
                path, f"line {number}: expected a wavelength (um) and a depth, got {' '.join(row)!r}"
            ) from None
    try:
        return _spectrum(wavelength, depth)
    except ValueError as error:
        raise InputFileError(path, str(error)) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _named_columns(path: Path, names: list[str]) -> tuple[int, int]:
    if "wavelength" in names and "depth" in names:
        return names.index("wavelength"), names.index("depth")
    if "wl_1" in names:
        raise InputFileError(path, "holds labels in the challenges' format, which go into 'labels', not 'spectra'")
    shown = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
    raise InputFileError(
        path,
        f"the columns are {shown}; name the two that count 'wavelength' (um) and 'depth' ((Rp/Rs)^2), or leave out the "
        "header and put them first",
    )


def _spectrum(
    wavelength: Sequence[float] | NDArray[np.float64], depth: Sequence[float] | NDArray[np.float64]
) -> TabulatedSpectrum:
    """Return the spectrum in ascending order; :class:`ValueError` says why it cannot be one."""
    order = np.argsort(wavelength)
    at, depths = np.asarray(wavelength, float)[order], np.asarray(depth, float)[order]
    if len(at) < 2 or not np.isfinite(at).all() or (np.diff(at) <= 0).any():
        raise ValueError("expected two or more wavelengths in um, all of them different")
    if at[0] > _COVERED[0] or at[-1] < _COVERED[1]:
        raise ValueError(
            f"wavelengths reach from {at[0]:g} to {at[-1]:g} um, but must reach from {_COVERED[0]:g} to "
            f"{_COVERED[1]:g} um; are they in um?"
        )
    wrong = ~((depths > 0) & (depths < _DEEPEST))
    if wrong.any():
        raise ValueError(
            f"depth at {at[wrong][0]:g} um is {depths[wrong][0]:g}, but (Rp/Rs)^2 must be above 0 "
            f"and below {_DEEPEST:g}; is it a number, and not in per cent or ppm? Without a transit: 1e-9"
        )
    return TabulatedSpectrum(tuple(at.tolist()), tuple(depths.tolist()))
