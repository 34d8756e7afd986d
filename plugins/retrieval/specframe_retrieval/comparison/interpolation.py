"""Spectra between the nodes of a grid of model spectra."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import sparse

from specframe.errors import DataError, ParameterError
from specframe_retrieval.comparison.lattice import Lattice
from specframe_retrieval.comparison.simplex import Simplices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["GridInterpolator", "Interpolated"]

#: So far beyond the end of a label, in parts of its range, is rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Interpolated:
    """Spectra at parameters, and whether the grid reaches there.

    ``flux`` (m, wavelength); ``parameters`` (m, p), the labels that ``flux`` belongs to, which differ from those asked
    for only where these were clamped; ``inside`` (m,), whether those asked for lie inside of the grid.
    """

    flux: Array
    parameters: Array
    inside: NDArray[np.bool_]


class GridInterpolator:
    """Interpolates within a grid of model spectra, and tells where the grid does not reach.

    Between the 2^p nodes of a complete cell of the lattice of label values, the logarithm of the flux is multilinear in
    the labels. In a cell with a hole, and between labels that lie on no lattice at all, the logarithm is linear within
    the Delaunay simplex of nodes around the point, in labels divided by their standard deviations. Where one of the
    spectra concerned has a flux that is not positive, that pixel is interpolated in the flux itself. A pixel that is
    NaN in one of them is NaN.

    Labels with a single value cannot be interpolated; ``fixed`` names them, and what is asked of them is not looked
    at. Where spectra have the same labels, because the grid varies in something that is no label, a node is their
    mean; ``multiplicity`` is the largest number of spectra at a node.

    Parameters
    ----------
    labels
        Shape (n, p).
    flux
        Shape (n, wavelength), in any unit.
    names
        Of the labels, for messages.
    space
        ``log`` or ``linear``: what is interpolated.
    holes
        ``simplex``: as above; ``refuse``: a point in an incomplete cell counts as outside of the grid.

    Raises
    ------
    DataError
        When shapes do not fit, a label is not finite, or none varies.
    """

    def __init__(
        self,
        labels: ArrayLike,
        flux: ArrayLike,
        names: Sequence[str] = (),
        space: Literal["log", "linear"] = "log",
        holes: Literal["simplex", "refuse"] = "simplex",
    ) -> None:
        self.labels = np.asarray(labels, float)
        self.flux = np.asarray(flux)
        if self.labels.ndim != 2 or self.flux.ndim != 2 or len(self.labels) != len(self.flux):
            raise DataError(
                "expected labels of shape (n, p) and flux of shape (n, wavelength), "
                f"got {self.labels.shape} and {self.flux.shape}"
            )
        self.names = tuple(map(str, names)) or tuple(str(k) for k in range(self.labels.shape[1]))
        if len(self.names) != self.labels.shape[1]:
            raise DataError(f"{len(self.names)} names for {self.labels.shape[1]} labels")
        bad = np.flatnonzero(~np.isfinite(self.labels).all(axis=1))
        if bad.size:
            raise DataError(f"labels of {bad.size} spectra are not finite (first: row {bad[0]}): leave these out")
        self.space, self.holes = space, holes
        self.lower, self.upper = self.labels.min(axis=0), self.labels.max(axis=0)
        self._varies = self.upper > self.lower
        if not self._varies.any():
            raise DataError(
                f"no label varies over the {len(self.labels)} spectra ({', '.join(self.names)}): "
                "nothing can be interpolated"
            )
        self._lattice = Lattice.of(self.labels[:, self._varies])
        self._scale = self._lattice.nodes.std(axis=0)
        counts = np.bincount(self._lattice.node_of)
        self.multiplicity = int(counts.max())
        # shape: (n_node, n), each row the mean over the spectra of a node
        self._mean = sparse.csr_array(
            (1.0 / counts[self._lattice.node_of], (self._lattice.node_of, np.arange(len(self.labels)))),
            shape=(counts.size, len(self.labels)),
        )

    @cached_property
    def _simplices(self) -> Simplices:
        return Simplices(self._lattice.nodes / self._scale)

    @property
    def fixed(self) -> tuple[str, ...]:
        """Names of the labels that have one value only."""
        return tuple(name for name, varies in zip(self.names, self._varies, strict=True) if not varies)

    def inside(self, parameters: ArrayLike) -> Any:
        """Return whether ``parameters`` (p,) or (m, p) lie where the grid can be interpolated: bool or (m,)."""
        asked = self._rows(parameters)
        result = self._weights(asked)[1]
        return result if np.ndim(parameters) == 2 else bool(result[0])

    def spectrum(self, parameters: ArrayLike, outside: Literal["nan", "clamp"] = "nan") -> Array:
        """Return the flux (wavelength,) at ``parameters`` (p,), or (m, wavelength) at (m, p).

        See :meth:`interpolate`, which also says which of them are outside of the grid.
        """
        flux = self.interpolate(parameters, outside).flux
        return flux if np.ndim(parameters) == 2 else np.asarray(flux[0])

    def interpolate(self, parameters: ArrayLike, outside: Literal["nan", "clamp"] = "nan") -> Interpolated:
        """Return spectra at ``parameters`` (m, p), and which of them are inside of the grid.

        Outside of it a spectrum is NaN, or with ``clamp`` that of the nearest labels inside: each label is put to the
        end of its range, and where that is still in no cell, to the nearest node.
        """
        if outside not in ("nan", "clamp"):
            raise ParameterError(f"outside is 'nan' or 'clamp', got {outside!r}")
        asked = self._rows(parameters)
        weights, inside = self._weights(asked)
        used = asked.copy()
        if outside == "clamp" and not inside.all():
            away = np.flatnonzero(~inside & np.isfinite(asked[:, self._varies]).all(axis=1))
            used[away], placed = self._clamped(asked[away])
            into = sparse.csr_array((np.ones(away.size), (away, np.arange(away.size))), (len(asked), away.size))
            weights = weights + into @ placed
        return Interpolated(self._flux(weights), used, inside)

    def _rows(self, parameters: ArrayLike) -> Array:
        rows = np.atleast_2d(np.asarray(parameters, float))
        if rows.ndim != 2 or rows.shape[1] != len(self.names):
            raise DataError(
                f"expected {len(self.names)} parameters ({', '.join(self.names)}), got shape {np.shape(parameters)}"
            )
        return rows

    def _weights(self, parameters: Array) -> tuple[sparse.csr_array, NDArray[np.bool_]]:
        """Return the weights of all spectra (m, n), rows of zeros outside, and which are inside."""
        lower, upper = self.lower[self._varies], self.upper[self._varies]
        asked = parameters[:, self._varies]
        slack = _ROUNDING * (upper - lower)
        within = np.flatnonzero(((asked >= lower - slack) & (asked <= upper + slack)).all(axis=1))
        asked = np.clip(asked[within], lower, upper)
        rows, nodes, values = [], [], []
        complete = np.ones(within.size, bool)
        for node, weight in self._lattice.corners(asked):
            counts = weight > 0
            complete &= ~counts | (node >= 0)
            rows.append(np.flatnonzero(counts))
            nodes.append(node[counts])
            values.append(weight[counts])
        at, node, value = np.concatenate(rows), np.concatenate(nodes), np.concatenate(values)
        kept = complete[at]
        rows, nodes, values = [within[at[kept]]], [node[kept]], [value[kept]]
        inside = np.zeros(len(parameters), bool)
        inside[within] = complete
        for i in np.flatnonzero(~complete) if self.holes == "simplex" else ():
            found = self._simplices.weights(asked[i] / self._scale)
            if found is not None:
                inside[within[i]] = True
                rows.append(np.full(found[0].size, within[i]))
                nodes.append(found[0])
                values.append(found[1])
        of_nodes = sparse.csr_array(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(nodes))),
            shape=(len(parameters), len(self._lattice.nodes)),
        )
        return of_nodes @ self._mean, inside

    def _flux(self, weights: sparse.csr_array) -> Array:
        """Return the spectra (m, wavelength) with ``weights`` (m, n), NaN where a row has none."""
        used = np.unique(weights.indices)
        weights = weights[:, used]
        spectra = np.asarray(self.flux[used], float)
        flux = np.asarray(weights @ spectra)
        if self.space == "log":
            positive = ~(spectra <= 0)  # NaN is neither: it goes on through both ways
            logarithm = np.log(np.where(positive, spectra, 1.0))
            in_log = (weights.astype(bool).astype(float) @ (~positive).astype(float)) == 0
            flux = np.where(in_log, np.exp(weights @ logarithm), flux)
        flux[np.diff(weights.indptr) == 0] = np.nan
        return flux

    def _clamped(self, asked: Array) -> tuple[Array, sparse.csr_array]:
        """Return labels (k, p) that are inside for ``asked`` that are not, and the weights of all spectra (k, n)."""
        used = np.clip(asked, self.lower, self.upper)
        moved = np.flatnonzero((used != asked)[:, self._varies].any(axis=1))
        weights, inside = self._weights(used[moved])
        nodes = self._lattice.nodes
        reached, parts = moved[inside], [weights[np.flatnonzero(inside)]]
        rest = np.setdiff1d(np.arange(len(asked)), reached)
        for i in rest:
            away = np.sum(np.square((nodes - used[i, self._varies]) / self._scale), axis=1)
            node = int(np.argmin(away))
            used[i, self._varies] = nodes[node]
            parts.append(self._mean[[node]])
        order = np.argsort(np.concatenate([reached, rest]), kind="stable")
        return used, sparse.csr_array(sparse.vstack(parts))[order]
