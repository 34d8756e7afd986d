"""Predictions of other models, from which a stack makes one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.api import design_matrix
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["Members"]

_NODE, _ERROR = "predictions", "_error"


@dataclass(frozen=True)
class Members:
    """What ``names`` predict: ``values (n_target, n_member, n_output)``, NaN where missing.

    ``errors``, of the same shape, are NaN where a member states none.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]

    @classmethod
    def read(cls, X: Any, n_output: int, names: Sequence[str] | None = None, who: str = "stacking") -> Self | None:
        """Read them from a collection's node ``predictions``, or from a matrix that has a feature for each of them.

        A matrix (n_target, n_feature) holds members if there are ``n_output`` features for each of at least two: all
        outputs of the first, then all of the second, as an array (n_target, n_member, n_output) does. ``None`` when
        there are no members in ``X``.

        Raises
        ------
        DataError
            When a member of ``names`` is missing, or predicts another number of outputs.
        """
        import xarray as xr

        if isinstance(X, xr.DataTree) and _NODE in X.children:
            return cls._of_node(X.children[_NODE].to_dataset(inherit=False), n_output, names, who)
        matrix, _ = design_matrix(X)
        count = matrix.shape[1] // n_output
        if count < 2 or count * n_output != matrix.shape[1]:
            return None
        values = matrix.reshape(len(matrix), count, n_output)
        return cls(tuple(f"member-{k + 1}" for k in range(count)), values, np.full_like(values, np.nan))

    @classmethod
    def _of_node(cls, node: xr.Dataset, n_output: int, names: Sequence[str] | None, who: str) -> Self:
        there = [str(name) for name in node.data_vars]
        if names is None:
            names = [n for n in there if not (n.endswith(_ERROR) and n.removesuffix(_ERROR) in there)]
        missing = [name for name in names if name not in there]
        if missing or not names:
            raise DataError(
                f"{who}: no predictions of {', '.join(missing) or 'any model'} to build on (there: "
                f"{', '.join(there) or 'none'}); name the models with 'from:'"
            )
        values = [_matrix(node[name], n_output, who) for name in names]
        errors = [
            _matrix(node[name + _ERROR], n_output, who) if name + _ERROR in there else np.full_like(like, np.nan)
            for name, like in zip(names, values, strict=True)
        ]
        return cls(tuple(names), np.stack(values, axis=1), np.stack(errors, axis=1))

    def take(self, index: NDArray[Any]) -> Members:
        """Return those of some targets."""
        return replace(self, values=self.values[index], errors=self.errors[index])

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The values as features (n_target, n_member * n_output)."""
        return self.values.reshape(len(self.values), -1)

    def filled(self) -> NDArray[np.float64]:
        """Return the values with the mean of the others in place of one that is missing; 0 where all are."""
        known = np.isfinite(self.values)
        count = np.maximum(known.sum(axis=1, keepdims=True), 1)
        mean = np.where(known, self.values, 0.0).sum(axis=1, keepdims=True) / count
        return np.where(known, self.values, mean)


def _matrix(array: xr.DataArray, n_output: int, who: str) -> NDArray[np.float64]:
    values = np.asarray(array.transpose("target", ...).values, float)
    values = values.reshape(len(values), -1)
    if values.shape[1] != n_output:
        raise DataError(
            f"{who}: {array.name!r} predicts {values.shape[1]} outputs, expected {n_output} as the labels have: "
            "all models of a stack must predict the same"
        )
    return values
