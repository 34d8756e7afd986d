"""Measured depths of many targets with their errors, as models read them that learn from spectra."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.api.collection import design_matrix
from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["DepthSpectra"]


@dataclass(frozen=True)
class DepthSpectra:
    """Measured depths of many targets.

    ``depth`` and ``error`` have shape (n_target, n_channel), NaN where a channel was not measured, ``covariance``
    (n_target, n_channel, n_channel) where it is known. ``error`` is ``None`` where none is known. ``wavelength
    (n_channel,)`` and its ``bounds (n_channel, 2)``, in um, may be unknown.
    """

    targets: tuple[str, ...]
    depth: NDArray[np.float64]
    error: NDArray[np.float64] | None = None
    covariance: NDArray[np.float64] | None = None
    wavelength: NDArray[np.float64] | None = None
    bounds: NDArray[np.float64] | None = None

    @classmethod
    def read(cls, X: Any, with_covariance: bool = False) -> Self:
        """Read ``depth``, ``depth_error`` and, if asked for, ``depth_covariance`` of a collection or Dataset.

        A plain array or DataArray is depths without errors. A depth whose error is not a positive number counts as not
        measured.

        Raises
        ------
        DataError
            When there are no depths, or no covariance that is asked for, or depths are no table.
        """
        import xarray as xr

        if isinstance(X, xr.Dataset):
            X = xr.DataTree(X)
        if not isinstance(X, xr.DataTree):
            depth, names = design_matrix(X)
            where = X if isinstance(X, xr.DataArray) and X.ndim == 2 else None
            return cls(tuple(names), depth.copy(), **_wavelengths(where)).cleaned()
        depths, errors = _find(X, "depth"), _find(X, "depth_error")
        if depths is None:
            raise DataError("no depths to learn from; add a detrend step that measures them")
        if depths.ndim != 2:
            raise DataError(f"expected depth (target, wavelength), got dims {depths.dims}")
        covariance = _find(X, "depth_covariance") if with_covariance else None
        if with_covariance and covariance is None:
            raise DataError("no depth_covariance to learn from; the detrender gives none, set depth_covariance: false")
        return cls(
            tuple(str(t) for t in X.coords["target"].values),
            np.array(depths.values, float),
            None if errors is None else np.array(errors.values, float),
            None if covariance is None else np.array(covariance.values, float),
            **_wavelengths(depths),
        ).cleaned()

    def cleaned(self) -> Self:
        """Return them with NaN in both depth and error where either does not count."""
        known = np.isfinite(self.depth)
        if self.error is not None:
            known &= np.isfinite(self.error) & (self.error > 0)
        if self.covariance is not None:
            variance = np.diagonal(self.covariance, axis1=1, axis2=2)
            known &= np.isfinite(variance) & (variance > 0)
        error = None if self.error is None else np.where(known, self.error, np.nan)
        return replace(self, depth=np.where(known, self.depth, np.nan), error=error)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which channels were measured, shape (n_target, n_channel)."""
        return np.isfinite(self.depth)

    def white(self) -> NDArray[np.float64]:
        """Return each target's depth averaged over channels, weighted by 1 / error^2; NaN without any channel."""
        weight = np.where(self.known, 1.0, 0.0)
        if self.error is not None:
            # in units of the target's smallest error, so that squares neither overflow nor vanish
            least = np.min(self.error, axis=1, keepdims=True, where=self.known, initial=np.inf)
            weight = np.where(self.known, np.square(least / np.where(self.known, self.error, 1.0)), 0.0)
        total = weight.sum(axis=1)
        summed = (weight * np.where(self.known, self.depth, 0.0)).sum(axis=1)
        return np.where(total > 0, summed / np.where(total > 0, total, 1.0), np.nan)

    def measured(self) -> list[NDArray[np.float64]]:
        """Return all that was measured of each target, arrays with leading dim target."""
        return [array for array in (self.depth, self.error, self.covariance) if array is not None]

    def take(self, index: NDArray[Any]) -> Self:
        """Return some of the targets, by integers or booleans."""
        return replace(
            self,
            targets=tuple(np.array(self.targets)[index].tolist()),
            depth=self.depth[index],
            error=None if self.error is None else self.error[index],
            covariance=None if self.covariance is None else self.covariance[index],
        )

    def on_channels(self, index: NDArray[np.int64]) -> Self:
        """Return the spectra on some of the channels, by integers."""
        return replace(
            self,
            depth=self.depth[:, index],
            error=None if self.error is None else self.error[:, index],
            covariance=None if self.covariance is None else self.covariance[:, index[:, None], index[None, :]],
            wavelength=None if self.wavelength is None else self.wavelength[index],
            bounds=None if self.bounds is None else self.bounds[index],
        )


def _find(collection: xr.DataTree, name: str) -> Any:
    for node in collection.subtree:
        data = node.to_dataset(inherit=False)
        if name in data:
            return data[name]
    return None


def _wavelengths(depth: Any) -> dict[str, NDArray[np.float64] | None]:
    """Return wavelengths of an array's last dim and their bounds, where it has them."""
    if depth is None or "wavelength" not in depth.coords or depth.coords["wavelength"].ndim != 1:
        return {"wavelength": None, "bounds": None}
    sides = ("wavelength_lower", "wavelength_upper")
    bounds = [np.asarray(depth.coords[side].values, float) for side in sides if side in depth.coords]
    known = len(bounds) == 2 and bool(np.isfinite(bounds).all())
    return {
        "wavelength": np.asarray(depth.coords["wavelength"].values, float),
        "bounds": np.stack(bounds, axis=1) if known else None,
    }
