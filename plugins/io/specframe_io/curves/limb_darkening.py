"""Limb-darkening coefficients from tables, a line for each channel or one for the white light curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import InputFileError
from specframe_io.curves.channels import line_of_band, wavelength_column
from specframe_io.curves.columns import vector
from specframe_io.source import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from specframe_io.curves.params import Column, LimbDarkeningParams, WhiteLimbDarkeningParams

__all__ = ["channel_coefficients", "law_of", "white_coefficients"]


def law_of(n_coefficient: int) -> str:
    """Return the law of so many coefficients: quadratic of 2, nonlinear of 4 (Claret 2000, A&A 363, 1081)."""
    return "quadratic" if n_coefficient == 2 else "nonlinear"


def channel_coefficients(
    given: LimbDarkeningParams | tuple[float, ...], wavelength: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the coefficients (coefficient, channel) at wavelengths (channel,) in um.

    Raises
    ------
    InputFileError
        When the table has no line for a channel, or a coefficient is not a finite number.
    """
    if isinstance(given, tuple):
        return np.repeat(np.array(given, float)[:, None], len(wavelength), axis=1)
    table = _columns(given.path, given.columns, "limb_darkening.columns")
    line = _lines(given, wavelength, table.shape[1])
    return table[:, line]


def white_coefficients(given: WhiteLimbDarkeningParams | tuple[float, ...]) -> NDArray[np.float64]:
    """Return the coefficients (coefficient,) of the white light curve."""
    if isinstance(given, tuple):
        return np.array(given, float)
    table = _columns(given.path, given.columns, "limb_darkening_white.columns")
    if table.shape[1] != 1:
        raise InputFileError(
            given.path, f"limb_darkening_white: expected one line, for the band of all channels; got {table.shape[1]}"
        )
    return table[:, 0]


def _columns(path: Path, columns: tuple[Column, ...], parameter: str) -> NDArray[np.float64]:
    source = open_source(path, text=True)
    named = [vector(source, column, parameter) for column in columns]
    table = np.stack([np.asarray(values, float) for _, values in named])
    for (name, _), values in zip(named, table, strict=True):
        lost = np.flatnonzero(~np.isfinite(values))
        if len(lost):
            raise InputFileError(path, f"{parameter} ({name!r}), {source.place(int(lost[0]))}: is not a finite number")
    return table


def _lines(given: LimbDarkeningParams, wavelength: NDArray[np.float64], n_line: int) -> NDArray[np.intp]:
    """Return the table's line of each channel: by its band, by the nearest wavelength, or by order."""
    if given.lower is not None and given.upper is not None:
        edges = np.sort(
            [
                wavelength_column(given.path, given.lower, given.units, "limb_darkening.lower"),
                wavelength_column(given.path, given.upper, given.units, "limb_darkening.upper"),
            ],
            axis=0,
        )
        line = line_of_band(wavelength, edges[0], edges[1])
        without = np.flatnonzero(line < 0)
        if len(without):
            raise InputFileError(
                given.path,
                f"no line of limb_darkening has the channel at {wavelength[without[0]]:.6g} um between lower and upper "
                f"({len(without)} of {len(wavelength)} channels have none); they are from {edges.min():g} to "
                f"{edges.max():g} um: are lower, upper and units right?",
            )
        return line
    if given.wavelength is not None:
        own = wavelength_column(given.path, given.wavelength, given.units, "limb_darkening.wavelength")
        distance = np.abs(wavelength[:, None] - own)
        step = np.diff(np.sort(own)).max() if len(own) > 1 else np.inf
        far = np.flatnonzero(distance.min(axis=1) > step)
        if len(far):
            raise InputFileError(
                given.path,
                f"no line of limb_darkening is near the channel at {wavelength[far[0]]:.6g} um; they are from "
                f"{own.min():g} to {own.max():g} um: are wavelength and units right?",
            )
        nearest: NDArray[np.intp] = np.argmin(distance, axis=1)
        return nearest
    if n_line != len(wavelength):
        raise InputFileError(
            given.path,
            f"limb_darkening has {n_line} lines for {len(wavelength)} channels; say which is whose by the columns "
            "lower and upper, or wavelength",
        )
    return np.arange(n_line)
