"""The detrender ``out-of-transit``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from specframe.api import Detrender, make_observation, masked_median, nodes
from specframe.errors import DataError

from specframe_out_of_transit.params import OutOfTransitParams

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["OutOfTransit"]


class OutOfTransit(Detrender):
    """Divides each channel by a polynomial fitted out of transit, and measures the depth from what is left.

    The polynomial in time is a weighted least-squares fit to the samples before the first and after the last contact.
    The depth is one minus the weighted mean, between the second and the third contact, of flux over polynomial; limb
    darkening is not modelled. Its error has both parts: of the samples in transit, and of the polynomial.
    """

    name = "out-of-transit"
    Params: ClassVar[type[OutOfTransitParams]] = OutOfTransitParams
    params: OutOfTransitParams

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the light curves with ``depth``, ``depth_error`` and ``detrended_flux`` beside them.

        Raises
        ------
        DataError
            When no transit is found, or no channel has samples enough.
        """
        target = observation.attrs["target"]
        measured = {}
        for path, data in nodes(observation):
            where = f"{self.name}, target {target}, /{path}"
            measured[path] = self._measured(data, where) if "flux" in data else data
        known = {str(name): value for name, value in observation.attrs.items() if name != "target"}
        return make_observation(target, measured, **known)  # a new Observation: what was given stays as it is

    def _measured(self, data: xr.Dataset, where: str) -> xr.Dataset:
        # Put your own method here. It gets flux, flux_error and mask (wavelength, time); mask is True where a sample
        # must not be used, and what it holds there may be anything.
        flux, error = data["flux"].values.astype(float), data["flux_error"].values.astype(float)
        use = ~data["mask"].values & np.isfinite(flux) & (error > 0)
        if not use.any():
            raise DataError(f"{where}: all samples are masked")
        flux_used, error_used = np.where(use, flux, 0.0), np.where(use, error, 1.0)
        outside, inside = self._phases(data, flux_used, use, where)
        use_outside, use_inside = use & outside, use & inside

        # polynomial out of transit; shapes: basis (time, k), normal (wavelength, k, k), coefficients (wavelength, k)
        time = data["time"].values
        basis = np.vander(np.interp(time, time[[0, -1]], (-1.0, 1.0)), self.params.order + 1)
        weight = use_outside / error_used**2
        enough = (use_outside.sum(axis=1) > self.params.order + 1) & use_inside.any(axis=1)
        normal = np.einsum("wt,ti,tj->wij", weight, basis, basis)
        normal[~enough] = np.eye(self.params.order + 1)
        covariance = np.linalg.inv(normal)
        coefficients = np.einsum("wij,tj,wt->wi", covariance, basis, weight * flux_used)
        baseline = coefficients @ basis.T
        enough &= (baseline > 0).all(axis=1)
        if not enough.any():
            raise DataError(f"{where}: no channel has more than {self.params.order + 1} samples out of transit")
        baseline = np.where(enough[:, None], baseline, 1.0)

        # depth = 1 - sum(share * ratio); the gradient carries the polynomial's errors into it
        ratio = flux_used / baseline
        weight = use_inside * (baseline / error_used) ** 2
        total = np.where(enough, weight.sum(axis=1), 1.0)
        share = weight / total[:, None]
        depth = 1.0 - (share * ratio).sum(axis=1)
        gradient = (share * ratio / baseline) @ basis
        variance = 1.0 / total + np.einsum("wi,wij,wj->w", gradient, covariance, gradient)
        return data.assign(
            depth=("wavelength", np.where(enough, depth, np.nan), {"units": ""}),
            depth_error=("wavelength", np.where(enough, np.sqrt(variance), np.nan), {"units": ""}),
            detrended_flux=(("wavelength", "time"), flux / baseline, {"units": ""}),
        )

    def _phases(
        self, data: xr.Dataset, flux: NDArray[np.float64], use: NDArray[np.bool_], where: str
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which samples (time,) lie out of transit, and which between the second and third contact."""
        time = data["time"].values
        if "contact_time" in data:
            first, second, third, last = data["contact_time"].values
        else:
            first, second, third, last = self._contacts(time, flux, use, where)
        return (time < first) | (time > last), (time > second) & (time < third)

    def _contacts(
        self, time: NDArray[np.float64], flux: NDArray[np.float64], use: NDArray[np.bool_], where: str
    ) -> tuple[float, float, float, float]:
        """Find the contacts where the light of all channels crosses half of its dip."""
        level = masked_median(flux, use)[:, None]
        white = masked_median((flux / np.where(level > 0, level, 1.0)).T, (use & (level > 0)).T)
        width = max(len(time) // 20, 1)
        smooth = np.median(sliding_window_view(white, width), axis=1)
        middle = sliding_window_view(time, width).mean(axis=1)
        end = max(len(smooth) // 10, 1)
        ends = [np.median(smooth[:end]), np.median(smooth[-end:])]
        smooth = smooth / np.interp(middle, [middle[:end].mean(), middle[-end:].mean()], ends)
        low = np.flatnonzero(smooth < 0.5 * (1.0 + smooth.min()))
        if not low.size or low[0] < end or low[-1] >= len(smooth) - end:
            raise DataError(f"{where}: no transit between the ends of the light curve; give contact_time")
        begin, finish = middle[low[0]], middle[low[-1]]
        margin = self.params.margin * (finish - begin)
        return begin - margin, begin + margin, finish - margin, finish + margin
