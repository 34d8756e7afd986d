"""What a report says of the quality table: numbers over all targets, of the only one, and of a few."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from astropy.table import Table
    from numpy.typing import NDArray

__all__ = ["numbers_of_one", "numbers_of_targets", "numbers_over_targets"]


def numbers_of_one(path: Path) -> dict[str, str]:
    """Return the numbers of a quality table that has a single target, those with an error first, beside it.

    Numbers that are 0, such as counts of what was masked, are left out; of several targets there are none.
    """
    table = _read(path)
    if table is None or len(table) != 1:
        return {}
    values = {name: float(table[name][0]) for name in table.colnames if table[name].dtype.kind in "fi"}
    measured, shown = {}, {}
    for name, value in values.items():
        if (name.endswith("_error") and name.removesuffix("_error") in values) or value == 0:
            continue
        unit = f" {table[name].unit}" if table[name].unit else ""
        error = values.get(f"{name}_error", 0.0)
        if np.isfinite(error) and error > 0:
            digits = max(1 - math.floor(math.log10(error)), 0)
            measured[name] = f"{value:.{digits}f} ± {error:.{digits}f}{unit}"
        elif np.isfinite(value):
            shown[name] = f"{value:.10g}{unit}" if value == round(value) else f"{value:.6g}{unit}"
    return measured | shown


def numbers_over_targets(path: Path) -> list[dict[str, str]]:
    """Return the numbers of the quality table that differ between targets, summarised over them."""
    table = _read(path)
    if table is None:
        return []
    targets = [str(target) for target in table["target"]]
    rows = []
    for name, values in _varying(table).items():
        known = np.flatnonzero(np.isfinite(values))
        low, high = known[np.argmin(values[known])], known[np.argmax(values[known])]
        rows.append(
            {
                "name": name,
                "median": f"{np.median(values[known]):.5g}",
                "lowest": f"{values[low]:.5g}",
                "lowest_target": targets[low],
                "highest": f"{values[high]:.5g}",
                "highest_target": targets[high],
            }
        )
    return rows


def numbers_of_targets(path: Path, chosen: Iterable[str]) -> dict[str, list[tuple[str, str, str]]]:
    """Return for each of the ``chosen`` targets the numbers that differ between targets: name, value and median."""
    table = _read(path)
    if table is None:
        return {}
    row_of = {str(target): row for row, target in enumerate(table["target"])}
    varying = _varying(table)
    return {
        target: [
            (name, f"{values[row_of[target]]:.5g}", f"{np.nanmedian(values):.5g}")
            for name, values in varying.items()
            if np.isfinite(values[row_of[target]])
        ]
        for target in chosen
        if target in row_of and varying
    }


def _read(path: Path) -> Table | None:
    from astropy.table import Table

    return Table.read(path, format="ascii.ecsv") if path.is_file() else None


def _varying(table: Table) -> dict[str, NDArray[np.float64]]:
    """Return the numbers that differ between targets, by name and unit, NaN where a target has none."""
    found = {}
    for name in table.colnames:
        if table[name].dtype.kind not in "fi":
            continue
        values = np.asarray(np.ma.filled(np.ma.asarray(table[name]).astype(float), np.nan), float)
        known = values[np.isfinite(values)]
        if known.size > 1 and np.ptp(known) > 0:
            found[f"{name} ({table[name].unit})" if table[name].unit else name] = values
    return found
