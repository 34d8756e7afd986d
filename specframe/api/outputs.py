"""What a model's outputs are called, and labels as a matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.api.prediction import make_labels, make_prediction
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["Outputs", "label_groups", "label_matrix", "output_units", "weight_vector"]

#: Targets that an error message lists by name.
_LISTED = 5


@dataclass(frozen=True)
class Outputs:
    """Names, units and, for channels of a spectrum, wavelengths in um of what a model predicts.

    Outputs with units of their own have them in ``unit``; ``units`` is then ``""``.
    """

    names: tuple[str, ...]
    units: str = ""
    wavelength: tuple[float, ...] | None = None
    unit: tuple[str, ...] | None = None

    @classmethod
    def of(cls, labels: Any) -> Self:
        """Read them from labels; those of a plain array are called ``"0"``, ``"1"`` ..."""
        import xarray as xr

        if isinstance(labels, xr.DataArray):
            units = str(labels.attrs.get("units", ""))
            if "output" in labels.coords:
                wavelength, unit = labels.coords.get("wavelength"), labels.coords.get("unit")
                return cls(
                    tuple(str(name) for name in labels["output"].values),
                    units,
                    None if wavelength is None else tuple(float(w) for w in wavelength.values),
                    None if unit is None else tuple(str(one) for one in unit.values),
                )
            return cls(_numbered(labels), units)
        return cls(_numbered(labels))

    def values(self) -> dict[str, Any]:
        """Return them as JSON values; :meth:`from_values` is the inverse."""
        return {"names": list(self.names), "units": self.units, "wavelength": self.wavelength, "unit": self.unit}

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """Take what :meth:`values` returned."""
        wavelength, unit = values["wavelength"], values.get("unit")
        return cls(
            tuple(values["names"]),
            values["units"],
            None if wavelength is None else tuple(wavelength),
            None if unit is None else tuple(unit),
        )

    def prediction(self, targets: Sequence[str], mean: Any, std: Any = None, **variables: Any) -> xr.Dataset:
        """Return a Prediction with these outputs."""
        like = make_labels(mean, targets, self.names, self.unit or self.units, self.wavelength)
        return make_prediction(like, mean, std, **variables)


def label_matrix(labels: Any, targets: Sequence[str], named: bool) -> NDArray[np.float64]:
    """Return labels as a matrix (n_target, n_output) in the order of ``targets``.

    Parameters
    ----------
    labels
        DataArray ``(target, output)`` or ``(target,)``, or an array (n_target,) or (n_target, n_output).
    targets
        Names of the rows of X.
    named
        Whether X came with names; labels that have names too are then matched by name, else by position.

    Raises
    ------
    DataError
        When a target has no label, a label is not a finite number, or the numbers of rows differ.
    """
    import xarray as xr

    if named and isinstance(labels, xr.DataArray) and "target" in labels.coords:
        position = {str(name): row for row, name in enumerate(labels["target"].values)}
        missing = [target for target in targets if target not in position]
        if missing:
            raise DataError(f"no label for {_list(missing)}: leave these targets out of X, or give their labels")
        labels = labels.values[[position[target] for target in targets]]
    matrix = np.asarray(labels, float)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.ndim != 2 or len(matrix) != len(targets):
        raise DataError(f"expected y of shape ({len(targets)},) or ({len(targets)}, n_output), got {matrix.shape}")
    bad = ~np.isfinite(matrix).all(axis=1)
    if bad.any():
        names = [target for target, wrong in zip(targets, bad, strict=True) if wrong]
        raise DataError(f"labels must be finite, but those of {_list(names)} are not: leave them out of X and y")
    return matrix


def label_groups(labels: Any, targets: Sequence[str]) -> NDArray[np.str_]:
    """Return the group of each of ``targets``, shape (n_target,): the labels' coordinate ``group``, else themselves.

    Labels that name their targets are matched by name, others by position.

    Raises
    ------
    DataError
        When there are more or fewer groups than targets.
    """
    import xarray as xr

    if not isinstance(labels, xr.DataArray) or "group" not in labels.coords:
        return np.array(targets, dtype=str)
    groups = labels["group"].values.astype(str)
    if "target" in labels.coords:
        position = {str(name): row for row, name in enumerate(labels["target"].values)}
        if all(target in position for target in targets):
            groups = groups[[position[target] for target in targets]]
    if len(groups) != len(targets):
        raise DataError(f"labels have {len(groups)} groups for {len(targets)} targets: give each target its group")
    return groups


def weight_vector(sample_weight: Any, n: int) -> NDArray[np.float64]:
    """Return weights (n,) with mean 1; ``None`` gives ones.

    Raises
    ------
    DataError
        When weights have another shape, are negative or not finite, or are all 0.
    """
    if sample_weight is None:
        return np.ones(n)
    weight: NDArray[np.float64] = np.array(sample_weight, float)
    if weight.shape != (n,) or not np.isfinite(weight).all() or weight.min() < 0 or weight.sum() <= 0:
        raise DataError(
            f"sample_weight must be {n} finite numbers of at least 0 that are not all 0, got shape {weight.shape}"
        )
    weight /= math.fsum(weight) / n  # rounded once, so that the order of targets changes no bit
    return weight


def _numbered(labels: Any) -> tuple[str, ...]:
    shape = np.shape(labels)
    return tuple(str(i) for i in range(shape[1] if len(shape) > 1 else 1))


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    noun = "target" if len(names) == 1 else f"{len(names)} targets:"
    return f"{noun} {', '.join(names[:_LISTED])}{more}"


def output_units(data: xr.Dataset | xr.DataArray) -> tuple[str, ...]:
    """Return the unit of each output of a Prediction or of labels ``(target, output)``, as many as there are outputs.

    That is the output's own, of the coordinate ``unit (output)``, where they have such, else ``attrs["units"]`` of all.
    """
    if "unit" in data.coords:
        return tuple(str(unit) for unit in data.coords["unit"].values)
    values = data["mean"] if "mean" in getattr(data, "data_vars", ()) else data
    return (str(values.attrs.get("units", "")),) * data.sizes["output"]
