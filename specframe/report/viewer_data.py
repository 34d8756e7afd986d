"""What the page's viewer of targets is given: chosen targets, their numbers, and encoded tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import printable
from specframe.report.encoding import encode_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from specframe.report.predicted import Predicted

    Array = NDArray[np.float64]

__all__ = ["selected_targets", "viewer_data"]

#: At most so many targets are in the viewer, and tables of so many bytes.
_MOST = 1000
_BYTES = 1_500_000
#: Of a selection, this fraction each is for the worst and the best; the rest is evenly spaced between.
_ENDS = 0.2
#: Numbers are changed by less than this fraction of their error bars.
_TOLERANCE = 0.005


def selected_targets(predicted: Predicted, always: Sequence[str] = ()) -> NDArray[np.int64]:
    """Return the rows of the targets to show, ascending: all, or of very many the worst, the best and some between.

    ``always`` are shown in any case.
    """
    n_target, n_output = predicted.mean.shape
    tables = 2 + 2 * len(predicted.bounds) + (predicted.truth is not None) + 2 * (predicted.estimate is not None)
    most = int(np.clip(_BYTES / (n_output * tables * 2 * 4 / 3), 1, _MOST))
    if n_target <= most:
        return np.arange(n_target)
    _, order = predicted.ranking()
    row_of = {target: row for row, target in enumerate(predicted.targets)}
    chosen = {row_of[target] for target in always if target in row_of}
    ends = max(int(_ENDS * most), 1)
    chosen |= {int(row) for row in (*order[:ends], *order[-ends:])}
    rest = order[ends : order.size - ends]
    room = most - len(chosen)
    if room > 0 and rest.size:
        chosen |= {int(rest[i]) for i in np.unique(np.linspace(0, rest.size - 1, min(room, rest.size)).astype(int))}
    return np.array(sorted(chosen))


def viewer_data(predicted: Predicted, rows: NDArray[np.int64], flags: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the data of the viewer for the targets in ``rows``; names are printable.

    Spectra are in the units they are shown in: values in ``unit``, errors in the same. ``tables`` holds ``mean``,
    ``truth``, ``estimate``, ``estimate_error``, and for each level the distances from the mean down and up to the
    bounds, ``down68``, ``up68`` ...; of equal ones only ``down``.
    """
    quantity = predicted.quantity
    factor = predicted.factor
    mean = predicted.mean[rows] * factor
    sides = {
        f"{100 * level:.0f}": (mean - lower[rows] * factor, upper[rows] * factor - mean)
        for level, (lower, upper) in predicted.bounds.items()
    }
    errors = predicted.std[rows] * factor if predicted.std is not None else sides["68"][0] if "68" in sides else None
    smallest = _smallest(errors, len(rows))
    tables: dict[str, Any] = {"mean": encode_table(mean, _TOLERANCE * smallest)}
    if predicted.std is not None and errors is not None:
        tables["std"] = encode_table(errors, _TOLERANCE * smallest)
    for level, (down, up) in sides.items():
        tables[f"down{level}"] = encode_table(down, _TOLERANCE * smallest)
        if not np.allclose(down, up, rtol=1e-3, atol=0, equal_nan=True):
            tables[f"up{level}"] = encode_table(up, _TOLERANCE * smallest)
    if predicted.truth is not None:
        tables["truth"] = encode_table(predicted.truth[rows] * factor, _TOLERANCE * smallest)
    if predicted.estimate is not None:
        depth, error = (table[rows] * factor for table in predicted.estimate)
        tables["estimate"] = encode_table(depth, _TOLERANCE * smallest)
        tables["estimate_error"] = encode_table(error, _TOLERANCE * smallest)
    of_target: dict[str, list[str]] = {}
    for flag, targets in flags.items():
        for target in targets:
            of_target.setdefault(target, []).append(printable(flag))
    scores = {name: [_number(value) for value in values[rows]] for name, values in predicted.scores.items()}
    return {
        "kind": "spectrum" if predicted.is_spectrum else "parameters",
        "quantity": "" if quantity is None else quantity.name,
        "unit": "" if quantity is None else quantity.unit,
        "error_unit": "of the scatter between targets" if quantity is None else quantity.error_unit,
        "what": "measured" if predicted.measured else "predicted",
        "ranked_by": predicted.ranking()[0],
        "outputs": [printable(name) for name in predicted.outputs],
        "units": [printable(unit) for unit in predicted.shown_units],
        "wavelength": None if predicted.wavelength is None else [float(f"{x:.7g}") for x in predicted.wavelength],
        "names": [printable(predicted.targets[row]) for row in rows],
        "flags": [of_target.get(predicted.targets[row], []) for row in rows],
        "edge": predicted.edge[rows].tolist() if predicted.edge.any() else None,
        "scores": scores,
        "tables": tables,
    }


def _smallest(errors: Array | None, n_row: int) -> Array:
    """Return the smallest positive error of each row, NaN where there is none."""
    if errors is None:
        return np.full(n_row, np.nan)
    return np.array([min((float(e) for e in row if np.isfinite(e) and e > 0), default=np.nan) for row in errors])


def _number(value: float) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None
