"""Tables of numbers as short text within a page, as exact as their error bars need."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["decode_table", "encode_table"]

#: Whole numbers of 16 bits; the last stands for an unknown value.
_UNKNOWN = 65535
_STEPS = _UNKNOWN - 1


def encode_table(values: Array, tolerance: Array) -> dict[str, Any]:
    """Return a table (n_row, n_column) in the shortest of three forms that keeps every row within its ``tolerance``.

    Parameters
    ----------
    values
        NaN where unknown. Infinite values are taken for unknown.
    tolerance
        How far a value may be changed, (n_row,). Where it is not a positive number, 1e-5 of the row's range.

    Returns
    -------
    dict
        ``type``: ``u2`` for whole numbers of 16 bits, of which value = ``offset`` + ``step`` * number by row and
        65535 is unknown; or ``f4`` and ``f8`` for floating-point numbers. ``columns``, and ``data``: the rows one
        after the other, little-endian, in base64.
    """
    values = np.where(np.isfinite(values), np.asarray(values, float), np.nan)
    known = np.isfinite(values).any(axis=1)
    low, high = np.zeros(len(values)), np.zeros(len(values))
    low[known], high[known] = np.nanmin(values[known], axis=1), np.nanmax(values[known], axis=1)
    step = (high - low) / _STEPS
    wanted = np.where(np.isfinite(tolerance) & (tolerance > 0), tolerance, 1e-5 * (high - low))
    form: dict[str, Any] = {"columns": values.shape[1]}
    if np.all(0.5 * step <= wanted):
        scale = np.where(step > 0, step, 1.0)[:, None]
        numbers = np.where(np.isfinite(values), np.rint((values - low[:, None]) / scale), _UNKNOWN)
        form |= {"type": "u2", "offset": low.tolist(), "step": [float(f"{value:.9g}") for value in step]}
        content = numbers.astype("<u2").tobytes()
    else:
        largest = np.maximum(np.abs(low), np.abs(high))
        single = bool(np.all(largest * np.finfo(np.float32).eps <= wanted) and np.all(largest < 3e38))
        form["type"] = "f4" if single else "f8"
        content = values.astype("<f4" if single else "<f8").tobytes()
    return form | {"data": base64.b64encode(content).decode("ascii")}


def decode_table(form: dict[str, Any]) -> Array:
    """Return the values of :func:`encode_table`, as the page's script reads them."""
    content = np.frombuffer(base64.b64decode(form["data"]), f"<{form['type']}").reshape(-1, form["columns"])
    if form["type"] != "u2":
        return content.astype(float)
    table = np.array(form["offset"])[:, None] + np.array(form["step"])[:, None] * content
    return np.where(content == _UNKNOWN, np.nan, table)
