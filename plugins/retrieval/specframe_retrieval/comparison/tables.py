"""Comparisons as ECSV tables with units."""

from __future__ import annotations

import math
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from astropy.table import Table

__all__ = ["ecsv_bytes", "nearest_table", "spectrum_table", "summary_table"]

#: Numbers without dims, as columns of the table of all targets and in the headers of the others.
_NUMBERS = (
    "chi2",
    "chi2_reduced",
    "degrees_of_freedom",
    "samples",
    "rms",
    "scale",
    "scale_error",
    "offset",
    "radius_best",
    "radius_lower",
    "radius_upper",
    "radius_std",
    "draws_inside",
    "training_distance",
)
_COUNTS = ("degrees_of_freedom", "samples")


def spectrum_table(comparison: xr.Dataset) -> Table:
    """Return ``wavelength, observed, error, used`` and, where there is a model, ``model, residual`` and its bounds.

    ``nearest`` is the spectrum of the grid that agrees best. The header holds all numbers of the comparison.
    """
    from astropy.table import Table

    columns = {"wavelength": _with_unit(comparison["wavelength"])}
    for name in ("observed", "error", "used", "model", "residual", "model_lower", "model_upper"):
        if name in comparison:
            columns[name] = _with_unit(comparison[name])
    if comparison.sizes["neighbour"]:
        columns["nearest"] = _with_unit(comparison["neighbour_flux"].isel(neighbour=0, drop=True))
    return Table(columns, meta=_meta(comparison))


def nearest_table(comparison: xr.Dataset) -> Table:
    """Return the spectra of the grid that agree best, the best first, with their labels."""
    from astropy.table import Table

    columns: dict[str, Any] = {"spectrum": comparison["neighbour"].values.astype(str)}
    for k, (name, unit) in enumerate(_labels(comparison)):
        columns[name] = _quantity(comparison["neighbour_label"].values[:, k] + 0.0, unit)
    for name in ("chi2", "chi2_reduced", "rms", "scale", "offset", "radius"):
        columns[_free(columns, name)] = _with_unit(comparison[f"neighbour_{name}"])
    return Table(columns, meta={key: value for key, value in _meta(comparison).items() if key in ("target", "fitted")})


def summary_table(comparisons: Sequence[xr.Dataset], failed: Mapping[str, str]) -> Table:
    """Return a row per target: parameters, how well their model agrees, radius, nearest spectrum, edges and notes.

    ``failed`` are targets that could not be compared, with the reason as note. Numbers that a target does not have are
    NaN, and counts -1. ``<label>_edge`` is -1 or 1 at or beyond the lower or upper edge of the grid.
    """
    from astropy.table import Table

    targets = [str(one.attrs["target"]) for one in comparisons]
    columns: dict[str, Any] = {"target": np.array([*targets, *failed], dtype=str)}
    empty = len(failed)
    first = comparisons[0] if comparisons else None
    parameters = _labels(first) if first is not None else []
    for k, (name, unit) in enumerate(parameters):
        for variable, column in (("mean", name), ("std", f"{name}_error"), ("shown", f"{name}_shown")):
            values = [one[variable].values[k] if variable in one else math.nan for one in comparisons]
            columns[_free(columns, column)] = _quantity(np.array([*values, *[math.nan] * empty]), unit)
        edges = [int(one["at_edge"].values[k]) if "at_edge" in one else 0 for one in comparisons]
        columns[_free(columns, f"{name}_edge")] = np.array([*edges, *[0] * empty])
    for name in ("inside", "extrapolating"):
        flags = [bool(one[name]) if name in one else False for one in comparisons]
        columns[_free(columns, name)] = np.array([*flags, *[False] * empty])
    for name in _NUMBERS:
        there = [one for one in comparisons if name in one]
        if not there:
            continue
        filler: Any = -1 if name in _COUNTS else math.nan
        values = [one[name].item() if name in one else filler for one in comparisons]
        units = {str(one[name].attrs.get("units", "")) for one in there}
        unit = units.pop() if len(units) == 1 else ""
        columns[_free(columns, name)] = _quantity(np.array([*values, *[filler] * empty]), unit)
    nearest = [str(one["neighbour"].values[0]) if one.sizes["neighbour"] else "" for one in comparisons]
    columns[_free(columns, "nearest")] = np.array([*nearest, *[""] * empty], dtype=str)
    for name in ("chi2", "chi2_reduced", "radius"):
        values = [one[f"neighbour_{name}"].values[0] if one.sizes["neighbour"] else math.nan for one in comparisons]
        unit = "R_jup" if name == "radius" else ""
        columns[_free(columns, f"nearest_{name}")] = _quantity(np.array([*values, *[math.nan] * empty]), unit)
    for k, (name, unit) in enumerate(parameters):
        values = [one["neighbour_label"].values[0, k] if one.sizes["neighbour"] else math.nan for one in comparisons]
        columns[_free(columns, f"nearest_{name}")] = _quantity(np.array([*values, *[math.nan] * empty]), unit)
    notes = [one.attrs.get("notes", "").replace("\n", "; ") for one in comparisons]
    columns[_free(columns, "notes")] = np.array([*notes, *failed.values()], dtype=str)
    return Table(columns, meta={"quantity": first.attrs["quantity"], "fitted": first.attrs["free"]} if first else {})


def ecsv_bytes(table: Table) -> bytes:
    """Return a table as the content of an ECSV file."""
    content = StringIO()
    table.write(content, format="ascii.ecsv")
    return content.getvalue().encode()


def _meta(comparison: xr.Dataset) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "target": str(comparison.attrs["target"]),
        "quantity": comparison.attrs["quantity"],
        "fitted": comparison.attrs["free"],
    }
    if "radius_from" in comparison.attrs:
        meta["radius_from"] = comparison.attrs["radius_from"]
    if "mean" in comparison:
        meta["parameters"] = {
            name: {
                "unit": unit,
                "mean": _number(comparison["mean"].values[k]),
                "std": _number(comparison["std"].values[k]),
                "shown": _number(comparison["shown"].values[k]),
                "at_edge": int(comparison["at_edge"].values[k]),
            }
            for k, (name, unit) in enumerate(_labels(comparison))
        }
        meta |= {name: bool(comparison[name]) for name in ("inside", "extrapolating")}
    for name in _NUMBERS:
        if name in comparison:
            unit = str(comparison[name].attrs.get("units", ""))
            value = comparison[name].item()
            meta[name] = value if name in _COUNTS else _number(value)
            if unit:
                meta[f"{name}_unit"] = unit
    if comparison.sizes["neighbour"]:
        meta["nearest"] = str(comparison["neighbour"].values[0])
    meta["notes"] = comparison.attrs.get("notes", "").splitlines()
    return meta


def _labels(comparison: xr.Dataset) -> list[tuple[str, str]]:
    names, units = comparison["parameter"].values, comparison["unit"].values
    return [(str(name), str(unit)) for name, unit in zip(names, units, strict=True)]


def _free(columns: Mapping[str, Any], name: str) -> str:
    """Return a name that no column has yet: a grid may call a label ``scale``."""
    while name in columns:
        name = f"{name}_"
    return name


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _with_unit(values: xr.DataArray) -> Any:
    return _quantity(values.values, str(values.attrs.get("units", "")))


def _quantity(values: Any, unit: str) -> Any:
    """Return values with their unit; a label may have one that astropy does not know, which then is left out."""
    if not unit or values.dtype.kind != "f":
        return values
    from astropy import units

    try:
        return values * units.Unit(unit)
    except ValueError:
        return values
