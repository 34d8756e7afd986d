"""Grids of stellar intensities in FITS files: which stars there are, and one between them."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError, InputFileError
from specframe_transit.stellar.fits_file import opened_fits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Intensities", "Star", "StarGrid", "open_grid", "read_intensities"]

#: Header keywords of PHOENIX's specific intensities (Husser et al. 2013, A&A 553, A6), taken over by other grids, in
#: the order of :class:`Star`.
_KEYWORDS = ("PHXTEFF", "PHXLOGG", "PHXM_H")
_UNITS = ("K", "log cm/s2", "[M/H]")
#: Parameters closer than this are the same.
_SAME = 1e-6
_UM_PER_ANGSTROM = 1e-4
#: Takes the place of no light at all in logarithms.
_DARK = 1e-300


@dataclass(frozen=True)
class Star:
    """Effective ``temperature`` in K, log10 of surface ``gravity`` in cm/s2, ``metallicity`` [M/H]."""

    temperature: float
    gravity: float
    metallicity: float

    def __str__(self) -> str:
        return f"{self.temperature:g} K, log g {self.gravity:g}, [M/H] {self.metallicity:g}"


@dataclass(frozen=True)
class Intensities:
    """Light of a star per unit of wavelength, as energy in any unit.

    ``wavelength`` (n_wavelength,) in um, ``mu`` (n_mu,), both ascending, ``intensity`` (n_mu, n_wavelength).
    """

    wavelength: NDArray[np.float64]
    mu: NDArray[np.float64]
    intensity: NDArray[np.float64]


@dataclass(frozen=True)
class StarGrid:
    """The model stars of a ``folder`` and the file of each."""

    folder: Path
    files: Mapping[tuple[float, ...], Path]

    def covers(self) -> str:
        """Say what the grid holds."""
        return ", ".join(
            f"{field.name} {_span(values)} {unit}"
            for field, values, unit in zip(fields(Star), self._axes(), _UNITS, strict=True)
        )

    def nearest(self, star: Star) -> Star:
        """Return the star within the ranges of the grid that is nearest to ``star``, each parameter on its own."""
        return Star(*(float(np.clip(x, *axis[[0, -1]])) for x, axis in zip(astuple(star), self._axes(), strict=True)))

    def intensities(self, star: Star) -> Intensities:
        """Return the intensities of ``star``, their logarithms interpolated linearly in each parameter.

        Raises
        ------
        DataError
            When the star is outside the grid or the grid has a hole beside it.
        InputFileError
            When a file cannot be read, or files differ in wavelength or mu.
        """
        corners = self._corners(star)
        models = [(read_intensities(self.files[at]), weight) for at, weight in corners.items()]
        first = models[0][0]
        for (model, _), at in zip(models, corners, strict=True):
            for name in ("wavelength", "mu"):
                mine, other = getattr(model, name), getattr(first, name)
                if mine.shape != other.shape or not np.allclose(mine, other, rtol=1e-6, atol=0.0):
                    raise InputFileError(
                        self.files[at],
                        f"its {name} differs from that of {self.files[next(iter(corners))].name}; a grid has one for "
                        "all of its stars",
                    )
        logarithm = sum(weight * np.log(np.maximum(model.intensity, _DARK)) for model, weight in models)
        bright = np.all([(model.intensity[-1] > 0) for model, _ in models], axis=0)
        return Intensities(first.wavelength[bright], first.mu, np.exp(np.asarray(logarithm)[:, bright]))

    def _axes(self) -> list[NDArray[np.float64]]:
        return [np.unique(column) for column in np.array(list(self.files)).T]

    def _corners(self, star: Star) -> dict[tuple[float, ...], float]:
        """Return the model stars around ``star`` and their weights, those of weight 0 left out."""
        outside = []
        sides = []
        for field, value, axis, unit in zip(fields(Star), astuple(star), self._axes(), _UNITS, strict=True):
            if not axis[0] - _SAME <= value <= axis[-1] + _SAME:
                outside.append(f"{field.name} {value:g} {unit} (the grid has {_span(axis)})")
                continue
            upper = min(int(np.searchsorted(axis, value - _SAME)), len(axis) - 1)
            if abs(axis[upper] - value) <= _SAME:
                sides.append([(axis[upper], 1.0)])
            else:
                part = (value - axis[upper - 1]) / (axis[upper] - axis[upper - 1])
                sides.append([(axis[upper - 1], 1.0 - part), (axis[upper], part)])
        if outside:
            raise DataError(
                f"the star is outside the grid of stellar intensities {self.folder}: {'; '.join(outside)}. Use a grid "
                f"that holds it, set the parameter to a value that the grid holds, or outside: nearest, which takes "
                f"{self.nearest(star)} and flags it"
            )
        corners = {
            tuple(float(value) for value, _ in corner): float(np.prod([weight for _, weight in corner]))
            for corner in product(*sides)
        }
        missing = [str(Star(*corner)) for corner in corners if corner not in self.files]
        if missing:
            raise DataError(
                f"the grid of stellar intensities {self.folder} has a hole beside {star}: it has no model of "
                f"{'; '.join(missing)} (it covers {self.covers()}, not everywhere); choose the parameters of a star "
                "that it has"
            )
        return corners


def open_grid(folder: Path) -> StarGrid:
    """Return the grid in a folder and its subfolders; only headers are read.

    Raises
    ------
    InputFileError
        When there is no such folder, it has no FITS file, or one is not a model star.
    """
    if not folder.is_dir():
        raise InputFileError(folder, "expected a folder of stellar intensities, FITS files of one model star each")
    paths = sorted(path for path in folder.rglob("*") if path.name.endswith((".fits", ".fits.gz")))
    try:
        return _open(folder, tuple((path, path.stat().st_mtime_ns) for path in paths))
    except OSError as error:  # a link that leads nowhere
        raise InputFileError(error.filename or folder, f"cannot be read: {error.strerror}") from None


@lru_cache(maxsize=4)
def _open(folder: Path, stamped: tuple[tuple[Path, int], ...]) -> StarGrid:
    files: dict[tuple[float, ...], Path] = {}
    for path, _ in stamped:
        named = ", ".join(_KEYWORDS)
        expected = f"not a model star with {named} in its primary header; the folder of a grid holds nothing else"
        with opened_fits(path, expected) as hdus:
            star = tuple(round(float(hdus[0].header[keyword]), 6) for keyword in _KEYWORDS)
        if not np.isfinite(star).all():
            raise InputFileError(path, f"{expected}: got {star}")
        if star in files:
            raise InputFileError(path, f"the same star ({Star(*star)}) as {files[star].name}; remove one of them")
        files[star] = path
    if not files:
        raise InputFileError(folder, "has no FITS file of stellar intensities, neither in its subfolders")
    return StarGrid(folder, files)


def read_intensities(path: Path) -> Intensities:
    """Read one model star: intensities (mu, wavelength) in the primary HDU, ``MU``, and ``WAVELENGTH`` in Angstrom.

    Without ``WAVELENGTH``, CRVAL1 and CDELT1 of the primary header give it (as in PHOENIX's files).

    Raises
    ------
    InputFileError
        When the file is not such a one.
    """
    with opened_fits(path, "expected intensities (mu, wavelength) with extensions MU and WAVELENGTH") as hdus:
        intensity = np.asarray(hdus[0].data, dtype=float)
        mu = np.asarray(hdus["MU"].data, dtype=float)
        if "WAVELENGTH" in hdus:
            wavelength = np.asarray(hdus["WAVELENGTH"].data, dtype=float)
        else:
            header = hdus[0].header
            wavelength = float(header["CRVAL1"]) + float(header["CDELT1"]) * np.arange(intensity.shape[-1])
    if intensity.shape != (mu.size, wavelength.size) or mu.ndim != 1 or wavelength.ndim != 1 or not intensity.size:
        raise InputFileError(
            path,
            f"expected intensities of shape (mu, wavelength) = ({mu.size}, {wavelength.size}), got {intensity.shape}",
        )
    if not (np.isfinite(intensity).all() and (intensity >= 0).all() and intensity.any()):
        raise InputFileError(path, "expected finite intensities of at least 0")
    ascends = np.isfinite(wavelength).all() and wavelength[0] > 0 and np.all(np.diff(wavelength) > 0)
    if not (ascends and np.all((mu >= 0) & (mu <= 1 + _SAME)) and mu.max() > 0.99 and np.unique(mu).size == mu.size):
        raise InputFileError(path, "expected ascending wavelengths above 0, and different mu from 0 up to 1")
    order = np.argsort(mu)
    return Intensities(wavelength * _UM_PER_ANGSTROM, mu[order], intensity[order])


def _span(values: NDArray[np.float64]) -> str:
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"
