"""The Prediction: what models say of targets, as an :class:`xarray.Dataset`.

``mean (target, output)``; optional ``std``; optional interval bounds ``lower`` and ``upper (target, output, level)``
with ``level`` the nominal coverage (0.68, 0.95); optional ``covariance (target, output, output_other)``, ``samples
(sample, target, output)``, ``extrapolating (target)`` bool with ``distance (target)``, the distance to the training
set in units of its reach (above 1: extrapolating), and the parts ``aleatoric`` and ``epistemic (target, output)`` of
``std``, and ``at_edge (target, output)``: -1 or 1 where ``mean`` lies within one ``std`` of, or beyond, the lowest or
highest label of the training set. Coordinates ``target`` and ``output`` (names), and ``wavelength (output)`` in um
where outputs are channels of a spectrum. Units stand in ``mean.attrs["units"]``; outputs with units of their own
(parameters: ``K``, ``""``) have them in the coordinate ``unit (output)``, and those of ``mean`` are then ``""``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.schema import Variable, breaks_lines, check_variables
from specframe.errors import ContainerError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

__all__ = ["make_labels", "make_prediction", "validate_labels", "validate_prediction"]

_SCHEMA = (
    Variable("target", ("target",), dtype="UTO"),
    Variable("output", ("output",), dtype="UTO"),
    Variable("mean", ("target", "output"), finite=True),
    Variable("std", ("target", "output"), required=False, positive=True),
    Variable("lower", ("target", "output", "level"), required=False),
    Variable("upper", ("target", "output", "level"), required=False),
    Variable("level", ("level",), required=False, positive=True),
    Variable("covariance", ("target", "output", "output_other"), required=False, finite=True),
    Variable("samples", ("sample", "target", "output"), required=False, finite=True),
    Variable("extrapolating", ("target",), dtype="b", required=False),
    Variable("distance", ("target",), required=False),
    Variable("aleatoric", ("target", "output"), required=False, finite=True),
    Variable("epistemic", ("target", "output"), required=False, finite=True),
    Variable("at_edge", ("target", "output"), dtype="i", required=False),
    Variable("wavelength", ("output",), ("um",), required=False),
    Variable("unit", ("output",), dtype="UTO", required=False),
)


def make_labels(
    values: Any,
    targets: Sequence[str],
    outputs: Sequence[str],
    units: str | Sequence[str] = "",
    wavelength: Any = None,
) -> xr.DataArray:
    """Build labels: a DataArray ``(target, output)`` from ``values`` of shape (n_target, n_output).

    ``units`` are those of all outputs, or a list of one each. ``wavelength`` (n_output,), in um, is given where the
    outputs are channels of a spectrum.
    """
    import xarray as xr

    coords: dict[str, Any] = {
        "target": np.array([str(t) for t in targets], dtype=str),
        "output": np.array([str(o) for o in outputs], dtype=str),
    }
    if wavelength is not None:
        coords["wavelength"] = ("output", np.asarray(wavelength, float), {"units": "um"})
    if not isinstance(units, str):
        coords["unit"] = ("output", np.array([str(unit) for unit in units], dtype=str))
        units = ""
    return xr.DataArray(
        np.asarray(values, float), dims=("target", "output"), coords=coords, attrs={"units": units}, name="labels"
    )


def make_prediction(like: xr.DataArray, mean: Any, std: Any = None, **variables: Any) -> xr.Dataset:
    """Build a Prediction whose ``output`` coordinates and units are those of the labels ``like``.

    Parameters
    ----------
    like
        DataArray with dims ``(target, output)`` and the targets that are predicted.
    mean, std
        Arrays of shape (n_target, n_output).
    variables
        Further variables as xarray takes them, e.g. ``extrapolating=("target", flags)``.
    """
    import xarray as xr

    def on_grid(values: Any) -> Any:
        return (("target", "output"), np.asarray(values, float), {"units": like.attrs.get("units", "")})

    data = {"mean": on_grid(mean)}
    if std is not None:
        data["std"] = on_grid(std)
    coords = {name: coord for name, coord in like.coords.items() if set(coord.dims) <= {"target", "output"}}
    return xr.Dataset({**data, **variables}, coords=coords)


def validate_prediction(prediction: Any, step: str) -> None:
    """Check a Prediction at the boundary of ``step``; raise :class:`ContainerError` with all that is wrong."""
    import xarray as xr

    if not isinstance(prediction, xr.Dataset):
        raise ContainerError(f"step {step!r}: expected a Prediction (xarray.Dataset), got {type(prediction).__name__}")
    where = f"step {step!r}, prediction"
    check_variables(prediction, _SCHEMA, where)
    _check_unique(prediction, where)
    if ("lower" in prediction) != ("upper" in prediction):
        raise ContainerError(f"{where}: lower and upper come together")
    if "lower" in prediction and bool((prediction["lower"] > prediction["upper"]).any()):
        raise ContainerError(f"{where}: lower is above upper")


def validate_labels(labels: Any, step: str) -> None:
    """Check labels from a loader: DataArray ``(target, output)`` with unique target names and units.

    Raises :class:`~specframe.errors.ContainerError` with what is missing or wrong; ``step`` says where.
    """
    import xarray as xr

    where = f"step {step!r}, labels"
    if not isinstance(labels, xr.DataArray):
        raise ContainerError(f"{where}: expected a DataArray (target, output), got {type(labels).__name__}")
    coordinates = tuple(v for v in _SCHEMA if v.name in ("target", "output", "wavelength", "unit"))
    check_variables(
        labels.rename("labels").to_dataset(), (Variable("labels", ("target", "output")), *coordinates), where
    )
    if "units" not in labels.attrs:
        raise ContainerError(f"{where}: attrs['units'] is missing ('' for dimensionless)")
    _check_unique(labels, where)


def _check_unique(data: xr.Dataset | xr.DataArray, where: str) -> None:
    for dim in ("target", "output"):
        names, counts = np.unique(data[dim].values.astype(str), return_counts=True)
        if np.any(counts > 1):
            raise ContainerError(f"{where}: {dim} {names[counts > 1][0]} stands {counts.max()} times")
    odd = next((name for name in data["output"].values.astype(str).tolist() if breaks_lines(name)), None)
    if odd is not None:
        raise ContainerError(
            f"{where}: the name of output {printable(odd)} has a line break or another control character, which tables "
            "cannot hold; rename it"
        )
