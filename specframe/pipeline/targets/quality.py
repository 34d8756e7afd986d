"""What the steps found out about each target besides its spectrum: numbers and flags, a row per target."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.observation import nodes
from specframe.errors import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from astropy.table import Table

__all__ = ["NOTED", "Quality", "flagged", "quality_of", "quality_predicted", "quality_table"]

#: Variables with dimensions that a row says something about; of those without, all.
NOTED = frozenset({"chi2_reduced", "depth", "mid_transit"})
#: The node of a fit of all instruments and visits together: its numbers are the target's own.
_JOINT = "spectrum/joint"
#: Errors so many times those that a model was made for are others: its error bars, of constant size, say too little.
_NOISIER = 1.5
#: Models that fill more than this part of the inputs are pulled to the training mean by as much.
_MISSING = 0.02
_COLUMNS = ("target", "status", "flags", "step", "reason")


@dataclass(frozen=True)
class Quality:
    """The numbers of one target with their units, and its flags."""

    values: dict[str, float] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def joined(self, other: Quality) -> Quality:
        """Return both together."""
        return Quality(
            {**self.values, **other.values},
            {**self.units, **other.units},
            tuple(dict.fromkeys((*self.flags, *other.flags))),
        )


def quality_predicted(prediction: xr.Dataset | None) -> dict[str, Quality]:
    """Return what the models say of each target besides its outputs: ``distance``, and flags.

    The distance is to the training set, in units of its reach; ``extrapolating`` is beyond it. ``noise_ratio`` is the
    noise of new targets in units of that which models and their error bars were made for; well above 1 the error bars
    are too small, ``noisier-than-training``. ``missing_inputs`` is the part of the inputs that a target lacks and
    models fill with what the training set has on average; above 2 %, ``inputs-missing``. Flags of new targets
    (``teff-at-lower-edge``) name the parameters at the edge of the training labels; among those targets themselves,
    of which many lie there, only the Prediction tells. Targets of which nothing is said are left out.
    """
    if prediction is None or not {"distance", "extrapolating", "at_edge", "noise_ratio", "missing_inputs"} & set(
        prediction
    ):
        return {}
    targets = [str(target) for target in prediction["target"].values]
    distance = prediction["distance"].values if "distance" in prediction else np.full(len(targets), np.nan)
    edges = _edges(prediction)
    beyond = prediction["extrapolating"].values if "extrapolating" in prediction else np.zeros(len(targets), bool)
    noise = prediction["noise_ratio"].values if "noise_ratio" in prediction else np.full(len(targets), np.nan)
    missing = prediction["missing_inputs"].values if "missing_inputs" in prediction else np.zeros(len(targets))
    numbers = {"distance": distance, "noise_ratio": noise}
    if np.any(missing > 0):
        numbers["missing_inputs"] = missing
    return {
        target: Quality(
            {name: float(values[i]) for name, values in numbers.items() if np.isfinite(values[i])},
            flags=(
                *(("extrapolating",) if beyond[i] else ()),
                *(("noisier-than-training",) if noise[i] > _NOISIER else ()),
                *(("inputs-missing",) if missing[i] > _MISSING else ()),
                *edges.get(target, ()),
            ),
        )
        for i, target in enumerate(targets)
    }


def _edges(prediction: xr.Dataset) -> dict[str, tuple[str, ...]]:
    """Return the flags of the parameters at the edge of the training labels, by new target."""
    if "at_edge" not in prediction or "fold" in prediction:
        return {}
    names = ["-".join(str(name).split()) for name in prediction["output"].values]
    return {
        str(target): tuple(
            f"{name}-at-{'upper' if side > 0 else 'lower'}-edge" for name, side in zip(names, row, strict=True) if side
        )
        for target, row in zip(prediction["target"].values, prediction["at_edge"].values, strict=True)
    }


def quality_of(observation: xr.DataTree) -> Quality:
    """Collect what the steps left in an Observation.

    Numbers are the variables without dimensions and the numeric attributes of every node, under
    ``<instrument>/<visit>/<name>``, those of a joint fit under their own name. Besides: median and largest
    ``chi2_reduced`` of the channels, how many of them have no depth, and ``mid_transit`` by visit. Flags are joined
    over all nodes.
    """
    values: dict[str, float] = {}
    units: dict[str, str] = {}
    flags = dict.fromkeys(_words(observation.attrs))
    for path, data in nodes(observation):
        prefix = "" if path == _JOINT else f"{path}/"
        flags |= dict.fromkeys(_words(data.attrs))
        for name, value in data.attrs.items():
            if isinstance(value, Real | np.number | np.bool_):
                values[f"{prefix}{name}"] = float(value)
        for name, array in data.data_vars.items():
            found = _numbers(str(name), array)
            values |= {f"{prefix}{key}": value for key, value in found.items()}
            if array.attrs.get("units"):
                units |= {f"{prefix}{key}": str(array.attrs["units"]) for key in found if key != "unmeasured_channels"}
    for name in _COLUMNS:  # the table's own
        if name in values:
            values[f"{_JOINT}/{name}"] = values.pop(name)
    return Quality(values, units, tuple(flags))


def _words(attrs: Mapping[Any, Any]) -> list[str]:
    flags = attrs.get("flags", "")
    return flags.split() if isinstance(flags, str) else []


def _numbers(name: str, array: xr.DataArray) -> dict[str, float]:
    if array.dtype.kind not in "fiub":
        return {}
    if not array.dims:
        return {name: float(array.values)}
    if name == "depth" and array.dims == ("wavelength",):
        return {"unmeasured_channels": float(np.count_nonzero(~np.isfinite(array.values)))}
    if name == "chi2_reduced" and np.isfinite(array.values).any():
        return {
            "chi2_reduced_median": float(np.nanmedian(array.values)),
            "chi2_reduced_max": float(np.nanmax(array.values)),
        }
    if name == "mid_transit" and array.dims == ("visit",):
        visits = array["visit"].values if "visit" in array.coords else range(array.size)
        return {f"{name}/{visit}": float(value) for visit, value in zip(visits, array.values, strict=True)}
    return {}


def flagged(rows: Mapping[str, Quality], targets: Sequence[str]) -> dict[str, list[str]]:
    """Return which of ``targets`` carry each flag, the most frequent flag first."""
    found: dict[str, list[str]] = {}
    for target in targets:
        for flag in rows[target].flags if target in rows else ():
            found.setdefault(flag, []).append(target)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def quality_table(
    targets: Sequence[str], rows: Mapping[str, Quality], set_aside: Mapping[str, tuple[str, str]]
) -> Table:
    r"""Return the table with a row for each of ``targets``.

    Columns: ``target``, ``status`` (``done`` or ``set aside``), ``flags``, the numbers (NaN where a target has none),
    and where a target was set aside the ``step`` and ``reason``; there control characters, which end lines for some
    readers, are written as ``\x1b``.
    """
    from astropy.table import Column, Table

    empty = Quality()
    of = [rows.get(target, empty) for target in targets]
    left_out = [set_aside.get(target, ("", "")) for target in targets]
    columns = [
        Column([printable(target) if target in set_aside else target for target in targets], "target", dtype=str),
        Column(["set aside" if target in set_aside else "done" for target in targets], "status", dtype=str),
        Column([" ".join(row.flags) for row in of], "flags", dtype=str),
    ]
    units = {name: unit for row in of for name, unit in row.units.items()}
    for name in dict.fromkeys(name for row in of for name in row.values):
        numbers = np.array([row.values.get(name, np.nan) for row in of])
        whole = bool(np.all(np.isfinite(numbers))) and bool(np.all(numbers == np.round(numbers)))
        columns.append(
            Column(numbers.astype(int) if whole and not units.get(name) else numbers, name, unit=units.get(name))
        )
    columns += [
        Column([step for step, _ in left_out], "step", dtype=str),
        Column([printable(reason, lines=True) for _, reason in left_out], "reason", dtype=str),
    ]
    return Table(columns)
