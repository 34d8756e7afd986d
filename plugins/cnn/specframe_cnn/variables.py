"""Variables of what a model is given, found by their paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["Variable", "Variables"]

#: Node of the collection with what earlier models predicted.
PREDICTIONS = "predictions"
_NOT_INPUTS = ("_error", "_covariance", "mask", "contact_time")


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable with the leading axis target; ``dims`` names the further axes, "" where that is not known."""

    path: str
    values: NDArray[Any]
    dims: tuple[str, ...]
    wavelength: NDArray[np.float64] | None = None
    time: NDArray[np.float64] | None = None
    #: Whether the values hold no noise, as those of models do: an observation of them would have that of the errors.
    noise_free: bool = False
    #: Its errors, of the same shape, where a spectrum was joined with them.
    errors: NDArray[Any] | None = None

    @property
    def node(self) -> str:
        """Where it is in the collection."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """What it is called there."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Variables:
    """All that a model is given: the variables of a collection, or one array without a path."""

    targets: list[str]
    found: dict[str, Variable]
    #: Whether the targets came with names.
    named: bool

    @classmethod
    def read(cls, X: Any) -> Self:
        """Take a collection, a Dataset, a DataArray or an array whose first axis is the target.

        Raises
        ------
        ContainerError
            When there is no such axis.
        """
        import xarray as xr

        if isinstance(X, xr.Dataset):
            X = xr.DataTree(X)
        if isinstance(X, xr.DataTree):
            everything = {
                f"{node.path.strip('/')}/{name}".strip("/"): array
                for node in X.subtree
                for name, array in node.to_dataset(inherit=False).data_vars.items()
            }
            found = {path: _variable(path, array) for path, array in everything.items()}
            return cls([str(target) for target in X.coords["target"].values], found, named=True)
        if isinstance(X, xr.DataArray):
            variable = _variable("", X)
            named = "target" in X.coords
            return cls([str(t) for t in (X["target"].values if named else range(len(X)))], {"": variable}, named)
        array = np.asarray(X, float)
        if array.ndim < 2:
            raise ContainerError(f"expected X of shape (n_target, n_feature) or more axes, got shape {array.shape}")
        return cls([str(i) for i in range(len(array))], {"": Variable("", array, ("",) * (array.ndim - 1))}, False)

    @property
    def is_array(self) -> bool:
        """Whether it is one array, which needs no choice."""
        return "" in self.found

    def chosen(self, names: Sequence[str]) -> list[Variable]:
        """Return the variables that ``names`` choose, as :func:`~specframe.api.collate` takes them.

        Raises
        ------
        ContainerError
            When one does not exist.
        """
        chosen: list[Variable] = []
        for name in names:
            here = [v for path, v in self.found.items() if path == name or path.endswith(f"/{name}")]
            if not here:
                there = ", ".join(path for path in self.found if path) or "one array without variables"
                raise ContainerError(f"there is no {name!r} to learn from (there: {there})")
            chosen += [variable for variable in here if variable not in chosen]
        return chosen

    def all_inputs(self, besides: Sequence[Variable]) -> list[Variable]:
        """Return what may be an input, but for what is used otherwise, errors, masks and earlier predictions."""
        return [
            v
            for v in self.found.values()
            if not v.name.endswith(_NOT_INPUTS) and v.node != PREDICTIONS and all(v is not b for b in besides)
        ]

    def predictions(self) -> list[Variable]:
        """Return what earlier models predicted of the targets."""
        return [v for v in self.found.values() if v.node == PREDICTIONS and not v.name.endswith("_error")]

    def beside(self, variable: Variable, name: str) -> Variable | None:
        """Return the variable ``name`` of the same node, if there is one."""
        return self.found.get(f"{variable.node}/{name}".strip("/"))


def _variable(path: str, array: xr.DataArray) -> Variable:
    if not array.dims or array.dims[0] != "target":
        raise ContainerError(f"expected {path or 'an array'} with leading dim 'target', got dims {array.dims}")
    along: dict[str, NDArray[np.float64] | None] = {}
    for name in ("wavelength", "time"):
        coordinate = array.coords.get(name)
        along[name] = None if coordinate is None or coordinate.ndim != 1 else np.asarray(coordinate.values, float)
    wavelength = along["wavelength"]
    if wavelength is not None and np.any(np.diff(wavelength) < 0):  # a network knows a channel by its place
        raise ContainerError(f"wavelength of {path or 'the array'} must ascend: give X.sortby('wavelength')")
    return Variable(
        path,
        array.values,
        tuple(str(dim) for dim in array.dims[1:]),
        along["wavelength"],
        along["time"],
        noise_free=array.attrs.get("noise") == "absent",
    )
