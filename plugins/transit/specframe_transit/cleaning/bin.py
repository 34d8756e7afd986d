"""The detrender ``bin``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.api import Detrender, make_observation, nodes
from specframe.errors import DataError
from specframe_transit.cleaning.binned_node import bin_times, bin_wavelengths
from specframe_transit.cleaning.grid import make_grid
from specframe_transit.cleaning.light_curve_bins import time_bins
from specframe_transit.cleaning.node import chosen_nodes
from specframe_transit.cleaning.params import BinParams
from specframe_transit.cleaning.series import stretches
from specframe_transit.light_curves import as_days

if TYPE_CHECKING:
    import xarray as xr

    from specframe.api.observation import Level
    from specframe_transit.cleaning.params import GridParams

__all__ = ["Bin"]

#: Fewer bins in time are no light curve.
_MIN_BINS = 3


class Bin(Detrender):
    """Bins light curves in wavelength and in time, and spectra of depths in wavelength.

    In wavelength, counts (electron, adu, and those per s) are summed; a flux density is averaged over wavelength, and
    relative flux with the weights of least noise (see
    :func:`~specframe_transit.cleaning.light_curve_bins.channel_weights`). A channel that lies partly in a bin gives
    that part. In time, flux is averaged over exposures, so its unit stays; bins end at gaps, and the bins of a
    stretch are equally long. Samples that are masked are filled in with the rest of their bin, by their share of the
    median spectrum or of the white curve; a bin more than ``max_masked`` of which is missing is masked.

    With the flux go ``flux_error`` and ``mask``; regressors and other numbers over time are averaged,
    ``limb_darkening`` and other numbers over wavelength are averaged with the light of the channels;
    ``error_ratio`` is made anew, and so are the flags on errors. ``attrs["exposure_time"]`` becomes the length of a bin
    in time. ``wavelength`` is the middle of a bin, ``wavelength_lower`` and ``wavelength_upper`` its edges;
    ``coverage (wavelength)`` is the part of it that channels cover (flag ``bins-partly-covered`` under 0.5), and
    ``channels_left_out`` how many channels lie in no bin. Bins that are masked at all times carry the flag
    ``bins-lost``, more bins than channels ``oversampled``.

    Nodes at level depths have their ``depth``, ``depth_error``, ``depth_error_lower``, ``depth_error_upper`` and
    ``depth_covariance`` averaged with 1 / depth_error^2 (:func:`~specframe_transit.cleaning.depth_bins.bin_depths`);
    their light curves are binned beside them. Without a covariance, errors are raised by noise that the residuals of
    the channels share, ``shared_noise (wavelength)`` (:func:`~specframe_transit.cleaning.depth_bins.shared_noise`).
    What cannot be averaged (``chi2_reduced``, ``clipped`` ...) is left out, named in ``attrs["not_binned"]``.

    Raises
    ------
    DataError
        When a bin holds no channel, an instrument is not there, bins in time are shorter than exposures are apart or so
        long that fewer than three are left, depths were to be binned in time, or nothing is left unmasked.

    Notes
    -----
    In wavelength ``F = sum_c w_c F_c`` with the part ``w_c`` of each channel that lies in the bin (counts), and
    ``sigma^2 = sum_c w_c^2 sigma_c^2``; depths with weights ``1 / sigma_c^2``.
    """

    name = "bin"
    Params: ClassVar[type[BinParams]] = BinParams
    params: BinParams
    consumes: ClassVar[tuple[Level, ...]] = ("light-curves", "depths")
    produces: ClassVar[tuple[Level, ...]] = ("light-curves", "depths")

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation, binned; see the class for what becomes of a node's variables."""
        given = dict(nodes(observation))
        named = self.params.instruments
        chosen_nodes(given, tuple(named) if named is not None else None)  # all of them must be there
        binned = {}
        for path, data in given.items():
            grid = self.params.of(path.rpartition("/")[0])
            binned[path] = data if grid is None else self._bin(path, data, grid)
        attrs = {str(name): value for name, value in observation.attrs.items() if name != "target"}
        return make_observation(observation.attrs["target"], binned, **attrs)

    def _bin(self, path: str, data: xr.Dataset, params: GridParams) -> xr.Dataset:
        number = self._time_bins(path, data, params) if params.bins_time else None
        if params.bins_wavelength:
            grid = make_grid(path, data, params)
            data = bin_wavelengths(path, data, grid, self.params)
        if number is not None:
            data = bin_times(path, data, number, self.params.max_masked)
        return data

    def _time_bins(self, path: str, data: xr.Dataset, params: GridParams) -> Any:
        if "depth" in data:
            raise DataError(
                f"node /{path}: it holds depths, and time can only be binned before they are fitted; put this step "
                "before the fit, or bin in wavelength only"
            )
        if "flux" not in data or "time" not in data["flux"].dims:
            raise DataError(f"node /{path}: bins in time need light curves, flux (wavelength, time)")
        days = as_days(data)
        time = np.asarray(data["time"].values, float)
        stretch = stretches(time, None if self.params.gap is None else self.params.gap / 86400.0 / days)
        width = None if params.time is None else params.time / 86400.0 / days
        step = float(np.median(np.diff(time))) if len(time) > 1 else np.inf
        if width is not None and width < step * (1.0 - 1e-6):
            raise DataError(
                f"node /{path}: time bins of {params.time:g} s are shorter than the {step * days * 86400.0:.4g} s "
                "between exposures; make them longer, or leave the instrument out"
            )
        number = time_bins(time, stretch, width, params.time_samples)
        if number[-1] + 1 < _MIN_BINS:
            asked = f"{params.time:g} s" if params.time is not None else f"{params.time_samples} exposures"
            raise DataError(
                f"node /{path}: time bins of {asked} leave {number[-1] + 1} of {len(time)} exposures; make them shorter"
            )
        return number
