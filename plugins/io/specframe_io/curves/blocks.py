"""The light curves in one file, told apart by instrument, visit and channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import flux_unit, read_unit
from specframe.errors import InputFileError
from specframe_io.curves.columns import Axes, column_names, vector, wavelengths_in_names, words
from specframe_io.curves.times import days_of
from specframe_io.names import listed
from specframe_io.source import Source, open_source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_io.clock import Clock
    from specframe_io.curves.files import CurveFile
    from specframe_io.curves.params import LightCurvesParams

__all__ = ["Block", "read_blocks"]

#: Change of a flux by a magnitude, as a logarithm.
_MAGNITUDE = 0.4 * np.log(10.0)
#: Fewer samples than this in a light curve mean that a column is not what it is said to be.
_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Block:
    """Channels of one instrument and visit in one file.

    ``rows`` (time,) are lines of ``source``; ``flux``, ``flux_error`` and ``bad`` are (channel, time); ``wavelength``,
    ``lower`` and ``upper`` (channel,) in um, ``None`` where the file does not have them; ``regressors`` (time,) or
    (channel, time) with their units.
    """

    source: Source
    rows: NDArray[np.intp]
    instrument: str | None
    visit: str | None
    time: NDArray[np.float64]
    clock: Clock
    units: str
    flux: NDArray[np.float64]
    flux_error: NDArray[np.float64] | None
    bad: NDArray[np.bool_]
    wavelength: NDArray[np.float64] | None
    lower: NDArray[np.float64] | None
    upper: NDArray[np.float64] | None
    regressors: dict[str, tuple[NDArray[np.float64], str]]

    def taken(self, rows: NDArray[np.intp] | slice, **changes: Any) -> Block:
        """Return the block at some of its samples."""
        return replace(
            self,
            rows=self.rows[rows],
            time=self.time[rows],
            flux=self.flux[:, rows],
            flux_error=None if self.flux_error is None else self.flux_error[:, rows],
            bad=self.bad[:, rows],
            regressors={name: (values[..., rows], unit) for name, (values, unit) in self.regressors.items()},
            **changes,
        )

    def place(self, sample: int) -> str:
        """Return where a sample stands in its file."""
        return self.source.place(int(self.rows[sample]))


def read_blocks(file: CurveFile, params: LightCurvesParams) -> list[Block]:
    """Return the light curves of a file, in the order in which they begin.

    Raises
    ------
    InputFileError
        When the file is damaged or not what the parameters say. Names file, column and line.
    """
    source, columns = open_source(file.path, text=True), params.columns
    name, values = vector(source, columns.time, "columns.time")
    if len(values) < _FEWEST:
        raise InputFileError(file.path, f"has {len(values)} samples, expected at least {_FEWEST}")

    def wrong(message: str) -> InputFileError:
        return InputFileError(file.path, f"columns.time ({name!r}): {message}")

    lost = np.flatnonzero(~np.isfinite(np.asarray(values, float)))
    if len(lost):
        raise wrong(f"{len(lost)} of {len(values)} have no time, first {source.place(int(lost[0]))}; take them out")
    given = params.clocks.get(file.instrument or "", params.time)
    time, clock = days_of(values, given, name, source.units(name), params.system.period, wrong)
    axes = Axes(source, len(time), params.dims)
    flux, error, units = _flux(axes, params)
    bad = np.zeros(flux.shape, bool)
    if columns.mask is not None:
        bad = np.nan_to_num(axes.like_flux(columns.mask, "columns.mask"), nan=1.0) != 0
    if columns.good is not None:
        bad = bad | (np.nan_to_num(axes.like_flux(columns.good, "columns.good"), nan=0.0) == 0)
    factor = _wavelength_factor(source, params)
    grid: dict[str, NDArray[np.float64] | None] = {}
    for key in ("wavelength", "wavelength_lower", "wavelength_upper"):
        column = getattr(columns, key)
        grid[key] = None if column is None else axes.channels(column, f"columns.{key}") * factor
    if file.wavelength is not None:
        if len(flux) > 1:
            raise InputFileError(
                file.path, f"has {len(flux)} columns of flux, but {{wavelength}} in its name tells one wavelength"
            )
        grid["wavelength"] = np.array([file.wavelength * factor])
    named = wavelengths_in_names(source, columns.flux, "columns.flux")
    if named is not None:
        grid["wavelength"] = named * factor
    block = Block(
        source=source,
        rows=np.arange(len(time)),
        instrument=file.instrument,
        visit=file.visit,
        time=time,
        clock=clock,
        units=units,
        flux=flux,
        flux_error=error,
        bad=bad,
        wavelength=grid["wavelength"],
        lower=grid["wavelength_lower"],
        upper=grid["wavelength_upper"],
        regressors=_regressors(axes, params),
    )
    return _apart(block, params)


def _flux(axes: Axes, params: LightCurvesParams) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, str]:
    """Return flux, its error where there is one, and the units, divided by the comparison star."""
    columns, source = params.columns, axes.source
    flux = axes.flux(columns.flux, "columns.flux")
    units = _units(source, column_names(source, columns.flux, "columns.flux")[0], params.flux_units)
    error = None
    if columns.flux_error is not None:
        error = axes.like_flux(columns.flux_error, "columns.flux_error")
    elif columns.variance is not None:
        with np.errstate(invalid="ignore"):  # a negative variance is masked with the error that it gives
            error = np.sqrt(axes.like_flux(columns.variance, "columns.variance"))
    reference = reference_error = None
    if columns.reference_flux is not None:
        reference = axes.like_flux(columns.reference_flux, "columns.reference_flux")
        if columns.reference_flux_error is not None:
            reference_error = axes.like_flux(columns.reference_flux_error, "columns.reference_flux_error")
    if units == "mag":
        flux, error = _from_magnitudes(flux, error)
        if reference is not None:
            reference, reference_error = _from_magnitudes(reference, reference_error)
        units = ""
    if reference is None:
        return flux, error, units
    reference = np.where(reference > 0, reference, np.nan)
    if error is not None:
        relative = np.zeros(flux.shape) if reference_error is None else reference_error / reference
        error = np.hypot(error, flux * relative) / reference
    return flux / reference, error, ""


def _from_magnitudes(
    magnitude: NDArray[np.float64], error: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the flux relative to that of the median magnitude of each channel, and its error."""
    flux = np.exp(-_MAGNITUDE * (magnitude - np.nanmedian(magnitude, axis=1, keepdims=True)))
    return flux, None if error is None else _MAGNITUDE * flux * error


def _units(source: Source, name: str, given: str | None) -> str:
    """Return the units of the flux: as given, else as the file says, else none."""
    stated = given if given is not None else source.units(name) or ""
    if stated == "mag":
        return stated
    try:
        return flux_unit(stated)
    except ValueError as error:
        parameter = "flux_units" if given is not None else f"{name!r}, whose unit may be given as flux_units"
        raise InputFileError(source.path, f"{parameter}: {error}; or 'mag'") from None


def _wavelength_factor(source: Source, params: LightCurvesParams) -> float:
    """Return how many um the unit of wavelengths in the file, or in its name, is."""
    given = getattr(params.wavelength, "units", None)
    columns = (params.columns.wavelength, params.columns.wavelength_lower)
    name = next((column for column in columns if column is not None), None)
    stated = None
    if given is None and name is not None:
        stated = source.units(column_names(source, name, "columns.wavelength")[0])
    unit = given or stated or "um"
    try:
        return 1.0 if unit == "um" else float(read_unit(unit).to("um"))
    except (ValueError, TypeError):
        raise InputFileError(
            source.path, f"wavelengths are in {unit!r}, expected a unit of length; see wavelength: {{units: nm}}"
        ) from None


def _regressors(axes: Axes, params: LightCurvesParams) -> dict[str, tuple[NDArray[np.float64], str]]:
    found = {}
    for name, column in params.regressors.items():
        parameter = f"regressors.{name}"
        unit = axes.source.units(column_names(axes.source, column, parameter)[0]) or ""
        found[name] = axes.regressor(column, parameter), unit
    return found


def _apart(block: Block, params: LightCurvesParams) -> list[Block]:
    """Return a block for each instrument, visit and, where lines are of different ones, each channel."""
    columns, source, n = params.columns, block.source, len(block.time)
    labels: dict[str, NDArray[Any]] = {}
    if columns.instrument is not None:
        labels["instrument"] = words(source, columns.instrument, n, "columns.instrument")
    if columns.visit is not None:
        labels["visit"] = words(source, columns.visit, n, "columns.visit")
    for name in ("wavelength", "lower", "upper"):
        values = getattr(block, name)
        if values is not None and len(block.flux) == 1 and len(values) == n:
            labels[name] = values
    if not labels:
        return [block]
    group = np.zeros(n, int)
    for values in labels.values():
        _, inverse = np.unique(values, return_inverse=True)
        group = group * (int(inverse.max()) + 1) + inverse.ravel()
        group = np.unique(group, return_inverse=True)[1].ravel()
    _, first, count = np.unique(group, return_index=True, return_counts=True)
    if count.min() < _FEWEST:
        row = int(first[int(np.argmin(count))])
        shown = ", ".join(f"{name} {values[row]}" for name, values in labels.items())
        raise InputFileError(
            source.path,
            f"{listed(f'columns.{name}' for name in labels)} split the {n} lines into {len(count)} light curves, and "
            f"one of them ({shown}, {source.place(row)}) has {int(count.min())} samples: is a column the wrong one?",
        )
    blocks = []
    for number in np.argsort(first):
        rows = np.flatnonzero(group == group[first[number]])
        changes: dict[str, Any] = {}
        for name, values in labels.items():
            value = values[rows[0]]
            changes[name] = str(value) if name in ("instrument", "visit") else np.array([value])
        blocks.append(block.taken(rows, **changes))
    return blocks
