"""Spectra as a detrender measured them, with their errors, on the channels that the labels are of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.api import design_matrix
from specframe.errors import DataError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Outputs

__all__ = ["Channels", "Spectra"]


@dataclass(frozen=True)
class Spectra:
    """Measured depths of many targets.

    ``depth`` and ``error`` have shape (n_target, n_channel), NaN where a channel was not measured. ``error`` is
    ``None`` where no errors are known, ``covariance`` (n_target, n_channel, n_channel) where only variances are.
    """

    targets: tuple[str, ...]
    depth: NDArray[np.float64]
    error: NDArray[np.float64] | None = None
    covariance: NDArray[np.float64] | None = None
    wavelength: NDArray[np.float64] | None = None

    @classmethod
    def read(cls, X: Any, with_covariance: bool = False) -> Self:
        """Read ``depth``, ``depth_error`` and, if asked for, ``depth_covariance`` of a collection.

        A Dataset with these variables is taken too, and so is a plain array or DataArray of depths, without errors.
        A depth whose error is not a positive number counts as not measured.
        """
        import xarray as xr

        if isinstance(X, xr.Dataset):
            X = xr.DataTree(X)
        if not isinstance(X, xr.DataTree):
            depth, names = design_matrix(X)
            where = X.coords.get("wavelength") if isinstance(X, xr.DataArray) else None
            return cls(tuple(names), depth.copy(), wavelength=_values(where)).cleaned()
        found = {name: _find(X, name) for name in ("depth", "depth_error")}
        if found["depth"] is None:
            raise DataError("no depths to learn from; add a detrend step that measures them")
        covariance = _find(X, "depth_covariance") if with_covariance else None
        if with_covariance and covariance is None:
            raise DataError("no depth_covariance to learn from; the detrender gives none, set depth_covariance: false")
        depth = np.array(found["depth"].values, float)
        if depth.ndim != 2:
            raise DataError(f"expected depth (target, wavelength), got dims {found['depth'].dims}")
        return cls(
            tuple(str(t) for t in X.coords["target"].values),
            depth,
            None if found["depth_error"] is None else np.array(found["depth_error"].values, float),
            None if covariance is None else np.array(covariance.values, float),
            _values(found["depth"].coords.get("wavelength")),
        ).cleaned()

    def cleaned(self) -> Self:
        """Return them with NaN in both depth and error where either does not count."""
        known = np.isfinite(self.depth)
        if self.error is not None:
            known &= np.isfinite(self.error) & (self.error > 0)
        if self.covariance is not None:
            variance = np.diagonal(self.covariance, axis1=1, axis2=2)
            known &= np.isfinite(variance) & (variance > 0)
        depth = np.where(known, self.depth, np.nan)
        error = None if self.error is None else np.where(known, self.error, np.nan)
        return replace(self, depth=depth, error=error)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which channels were measured, shape (n_target, n_channel)."""
        return np.isfinite(self.depth)

    def white(self) -> NDArray[np.float64]:
        """Return each target's depth averaged over channels, weighted by 1 / error^2; NaN without any channel."""
        weight = np.where(self.known, 1.0, 0.0)
        if self.error is not None:
            # In units of the target's smallest error, so that squares neither overflow nor vanish.
            least = np.min(np.where(self.known, self.error, np.inf), axis=1, keepdims=True, initial=np.inf)
            weight = np.where(self.known, np.square(least / np.where(self.known, self.error, 1.0)), 0.0)
        total = weight.sum(axis=1)
        summed = (weight * np.where(self.known, self.depth, 0.0)).sum(axis=1)
        return np.where(total > 0, summed / np.where(total > 0, total, 1.0), np.nan)

    def measured(self) -> list[NDArray[np.float64]]:
        """Return all that was measured of each target, arrays with leading dim target."""
        return [array for array in (self.depth, self.error, self.covariance) if array is not None]

    def take(self, index: NDArray[Any]) -> Self:
        """Return some of the targets; ``index`` is an array of integers or booleans."""
        return replace(
            self,
            targets=tuple(np.array(self.targets)[index].tolist()),
            depth=self.depth[index],
            error=None if self.error is None else self.error[index],
            covariance=None if self.covariance is None else self.covariance[index],
        )


@dataclass(frozen=True)
class Channels:
    """Which measured channel is which output.

    A single output of a spectrum with several channels is its mean depth: then every channel measures it, and
    ``index`` is all of them.
    """

    n_channel: int
    index: NDArray[np.int64]
    single: bool

    @classmethod
    def match(cls, spectra: Spectra, outputs: Outputs, model: str) -> Self:
        """Find the channel of every output by wavelength, or by position where there are none.

        Raises
        ------
        DataError
            When an output has no channel within half the outputs' spacing, or there are no wavelengths and the
            numbers differ.
        """
        n_channel, n_output = spectra.depth.shape[1], len(outputs.names)
        if n_output == 1:
            return cls(n_channel, np.arange(n_channel), True)
        if spectra.wavelength is None or outputs.wavelength is None:
            if n_channel != n_output:
                raise DataError(
                    f"{model}: {n_channel} channels were measured and {n_output} outputs are to be learned; without "
                    "wavelengths of both it cannot be told which is which"
                )
            return cls(n_channel, np.arange(n_output), False)
        wanted = np.asarray(outputs.wavelength)
        index = np.abs(spectra.wavelength[None, :] - wanted[:, None]).argmin(axis=1)
        gap = np.abs(spectra.wavelength[index] - wanted)
        if np.any(gap > np.median(np.diff(np.sort(wanted))) / 2):
            at = int(gap.argmax())
            raise DataError(
                f"{model}: output {outputs.names[at]!r} is at {wanted[at]:g} um, but the nearest depth was measured "
                f"at {spectra.wavelength[index[at]]:g} um; this model needs a depth at every output"
            )
        return cls(n_channel, index, False)

    def select(self, spectra: Spectra, model: str) -> Spectra:
        """Return the spectra on these channels; raise :class:`DataError` when they have others."""
        if spectra.depth.shape[1] != self.n_channel:
            raise DataError(
                f"{model}: the spectra have {spectra.depth.shape[1]} channels, but it was fitted with "
                f"{self.n_channel}: bring the data to the wavelengths of the training set"
            )
        i = self.index
        return replace(
            spectra,
            depth=spectra.depth[:, i],
            error=None if spectra.error is None else spectra.error[:, i],
            covariance=None if spectra.covariance is None else spectra.covariance[:, i[:, None], i[None, :]],
            wavelength=None if spectra.wavelength is None else spectra.wavelength[i],
        )

    def state(self) -> dict[str, np.ndarray]:
        """Return arrays to be saved; :meth:`from_state` is the inverse."""
        return {"n_channel": np.array(self.n_channel), "index": self.index, "single": np.array(self.single)}

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray]) -> Self:
        """Take what :meth:`state` returned."""
        return cls(int(arrays["n_channel"]), arrays["index"], bool(arrays["single"]))


def _find(collection: xr.DataTree, name: str) -> Any:
    for node in collection.subtree:
        data = node.to_dataset(inherit=False)
        if name in data:
            return data[name]
    return None


def _values(wavelength: Any) -> NDArray[np.float64] | None:
    return None if wavelength is None or wavelength.ndim != 1 else np.asarray(wavelength.values, float)
