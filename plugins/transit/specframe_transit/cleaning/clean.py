"""The detrender ``clean``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.api import Detrender, make_observation, nodes
from specframe.errors import DataError
from specframe_transit.cleaning.drop import TimeSeries, check_time_ranges, masked_channels, times_of_rule
from specframe_transit.cleaning.node import add_flags, chosen_nodes, direction_of, regressors
from specframe_transit.cleaning.outliers import find_outliers
from specframe_transit.cleaning.params import CleanParams
from specframe_transit.cleaning.scatter import error_flags, error_ratio, light_curve_scatter, median_ratio
from specframe_transit.cleaning.series import stretches
from specframe_transit.light_curves import as_days

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.observation import Level

__all__ = ["Clean"]

#: More than this part of the samples clipped carries the flag many-clipped.
_MANY = 0.05
#: A light curve of fewer exposures is none.
_MIN_TIMES = 3


class Clean(Detrender):
    """Removes from light curves what must not be fitted: ``mask`` grows, and times go only where ``drop`` says so.

    In this order: times by ``drop``, samples whose flux or error is not finite or whose error is not positive,
    channels by ``mask_channels``, channels with too few usable samples, and outliers (see
    :func:`~specframe_transit.cleaning.outliers.find_outliers`). Flux is never changed. Then errors are compared with
    the scatter from exposure to exposure (:func:`~specframe_transit.scatter.point_to_point_scatter`; of
    exposures whose regressor ``scan_direction`` alternates, the difference in level is taken out first).

    Each node gains ``error_ratio (wavelength)``, the median error over the scatter as the data came, its median
    ``error_ratio_median``, and how many samples each reason masked: ``masked_before, masked_unusable, masked_dropped,
    masked_channels, masked_lost_channels, clipped_exposures`` (times), ``clipped_time, clipped_wavelength`` and
    ``clipped_fraction``; and in ``attrs`` ``dropped_times``, how many were removed. With ``errors: rescale`` or
    ``scatter``, ``attrs["provenance"]`` of ``flux_error`` says what became of it.

    Flags: ``channels-lost``, ``many-clipped`` (over 5 %), ``errors-overestimated`` and ``errors-underestimated`` (the
    median ratio of the data as they came is over 1.5, or under 1 / 1.5), ``errors-estimated`` (there were none).

    Raises
    ------
    DataError
        When a rule names what the data do not have, ``window`` is longer than the data, or nothing usable is left.

    Notes
    -----
    ``error_ratio = median(flux_error) / scatter``, the scatter that of a sample from its neighbours in time.
    """

    name = "clean"
    Params: ClassVar[type[CleanParams]] = CleanParams
    params: CleanParams
    consumes: ClassVar[tuple[Level, ...]] = ("light-curves",)
    produces: ClassVar[tuple[Level, ...]] = ("light-curves",)

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation, cleaned; see the class for what a node gains."""
        given = dict(nodes(observation))
        chosen = chosen_nodes(given, self.params.instruments)
        self._check_ranges({path: given[path] for path in chosen})
        cleaned = {path: self._clean(path, data) if path in chosen else data for path, data in given.items()}
        attrs = {str(name): value for name, value in observation.attrs.items() if name != "target"}
        return make_observation(observation.attrs["target"], cleaned, **attrs)

    def _check_ranges(self, given: dict[str, xr.Dataset]) -> None:
        check_time_ranges(self.params.drop, [self._series(path, data) for path, data in given.items()])
        for rule in self.params.mask_channels:
            if not any(masked_channels(path, data, [rule]).any() for path, data in given.items()):
                span = "; ".join(
                    f"/{path} from {float(data['wavelength'][0]):g} to {float(data['wavelength'][-1]):g} um"
                    for path, data in given.items()
                )
                raise DataError(f"mask_channels: no channel lies in {list(rule.wavelength or ())} um ({span})")

    def _series(self, path: str, data: xr.Dataset) -> TimeSeries:
        if "flux" not in data or "time" not in data["flux"].dims:
            raise DataError(f"node /{path}: clean needs light curves, flux (wavelength, time)")
        time = np.asarray(data["time"].values, float)
        gap = None if self.params.gap is None else self.params.gap / 86400.0 / as_days(data)
        units = str(data["time"].attrs.get("units", ""))
        return TimeSeries(path, time, units, regressors(data), stretches(time, gap))

    def _clean(self, path: str, data: xr.Dataset) -> xr.Dataset:
        series = self._series(path, data)
        dropped = {action: np.zeros(len(series.time), bool) for action in ("remove", "mask")}
        for rule in self.params.drop:
            dropped[rule.action] |= times_of_rule(rule, series)
        # what is told apart by gaps must not change with what is removed
        stretch = series.stretch[~dropped["remove"]]
        data = data.isel(time=~dropped["remove"])
        n_time = data.sizes["time"]
        if n_time < _MIN_TIMES:
            raise DataError(
                f"node /{path}: {n_time} of {len(dropped['remove'])} exposures are left, and fewer than {_MIN_TIMES} "
                "are no light curve; see the parameter drop"
            )
        if self.params.window >= n_time and (self.params.clip_sigma_time or self.params.clip_sigma_wavelength):
            raise DataError(
                f"node /{path}: window is {self.params.window} samples, but there are {n_time} exposures; set a "
                "smaller window, or clip_sigma_time and clip_sigma_wavelength to null"
            )
        reasons = self._reasons(path, data, dropped["mask"][~dropped["remove"]])
        use = ~np.logical_or.reduce(list(reasons.values()))
        flux = np.where(use, np.asarray(data["flux"].values, float), 0.0)
        direction = direction_of(data)
        outliers = find_outliers(
            flux,
            use,
            stretch,
            sigma_time=self.params.clip_sigma_time,
            sigma_wavelength=self.params.clip_sigma_wavelength,
            window=self.params.window,
            iterations=self.params.iterations,
            direction=direction,
        )
        clipped = use & (outliers.time | outliers.wavelength | outliers.exposure)
        counts = {f"masked_{reason}": int(np.count_nonzero(mask)) for reason, mask in reasons.items()}
        counts |= {
            "clipped_exposures": int(outliers.exposure.sum()),
            "clipped_time": int(np.count_nonzero(use & outliers.time)),
            "clipped_wavelength": int(np.count_nonzero(use & outliers.wavelength)),
        }
        fraction = float(np.count_nonzero(clipped)) / max(int(use.sum()), 1)
        use &= ~clipped
        scatter = light_curve_scatter(flux, use, stretch, direction)
        errors, flags = self._errors(path, data, use, scatter)
        if reasons["lost_channels"].any() or reasons["channels"].all(axis=1).any():
            flags = ("channels-lost", *flags)
        if fraction > _MANY:
            flags = ("many-clipped", *flags)
        ratio = error_ratio(np.asarray(data["flux_error"].values, float), use, scatter)
        variables: dict[str, Any] = {
            "mask": (("wavelength", "time"), ~use, dict(data["mask"].attrs)),
            "flux_error": errors,
            "error_ratio": ("wavelength", ratio, {"units": "", "long_name": "flux_error / scatter, as the data came"}),
            **{name: ((), number, {"units": ""}) for name, number in counts.items()},
            "clipped_fraction": ((), fraction, {"units": ""}),
            **median_ratio(ratio),
        }
        cleaned = data.assign(variables)
        cleaned.attrs = {**data.attrs, "dropped_times": int(dropped["remove"].sum())}
        return add_flags(cleaned, flags)

    def _reasons(self, path: str, data: xr.Dataset, dropped: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
        """Return the samples that each reason masks (n_channel, n_time), each sample under its first reason."""
        flux, error = data["flux"].values, data["flux_error"].values
        masked = np.array(data["mask"].values, bool)
        unusable = ~np.isfinite(flux)
        if self.params.errors != "scatter":
            bad_error = ~(np.isfinite(error) & (error > 0))
            if (bad_error | masked | unusable).all() and not (masked | unusable).all():
                raise DataError(
                    f"node /{path}: no flux_error is finite and positive; set errors: scatter to take the errors from "
                    "the scatter of the data"
                )
            unusable |= bad_error
        channels = np.broadcast_to(masked_channels(path, data, self.params.mask_channels)[:, None], flux.shape)
        found = {"before": masked}
        for reason, mask in (
            ("unusable", unusable),
            ("dropped", np.broadcast_to(dropped, flux.shape)),
            ("channels", channels),
        ):
            found[reason] = mask & ~masked
            masked = masked | mask
        # times that no channel can use are no fault of the channels
        n_time = max(int((~masked).any(axis=0).sum()), 1)
        good = (~masked).sum(axis=1)
        lost = (good < max(self.params.min_good * n_time, _MIN_TIMES)) & (good > 0)
        found["lost_channels"] = lost[:, None] & ~masked
        if (masked | lost[:, None]).all():
            raise DataError(
                f"node /{path}: none of its {flux.shape[0]} channels has {self.params.min_good:.0%} of its "
                f"{flux.shape[1]} exposures usable: {_shares(found, flux.size)}"
            )
        return found

    def _errors(
        self, path: str, data: xr.Dataset, use: NDArray[np.bool_], scatter: NDArray[np.float64]
    ) -> tuple[tuple[tuple[str, str], NDArray[np.float64], dict[str, Any]], tuple[str, ...]]:
        """Return ``flux_error`` as it is to be, and flags on what it was."""
        error = np.asarray(data["flux_error"].values, float)
        attrs = dict(data["flux_error"].attrs)
        ratio = error_ratio(error, use, scatter)
        flags = error_flags(ratio)
        if not np.any(np.isfinite(error[use]) & (error[use] > 0)):
            flags = ("errors-estimated",)
        grid = ("wavelength", "time")
        if self.params.errors == "keep":
            return (grid, error, attrs), flags
        used = use.any(axis=1)
        if not np.isfinite(scatter[used]).any():
            raise DataError(
                f"node /{path}: no channel's scatter is known, for its {use.shape[1]} exposures are too few or do not "
                "scatter at all; set errors: keep"
            )
        if self.params.errors == "rescale":
            # a channel too sparse for a scatter of its own is scaled like the others
            factor = np.where(np.isfinite(ratio), 1.0 / ratio, 1.0 / np.nanmedian(ratio))
            attrs["provenance"] = (
                "errors of the file times one factor per channel, so that their median is the point-to-point scatter; "
                f"median factor {float(np.median(factor[used])):.4g}"
            )
            return (grid, error * factor[:, None], attrs), flags
        typical = np.where(np.isfinite(scatter), scatter, np.nanmedian(scatter))
        attrs["provenance"] = "point-to-point scatter of each channel, the same for all times"
        return (grid, np.repeat(typical[:, None], use.shape[1], axis=1), attrs), flags


def _shares(found: dict[str, NDArray[np.bool_]], size: int) -> str:
    parts = (f"{name.replace('_', ' ')} {np.count_nonzero(mask) / size:.0%}" for name, mask in found.items())
    return "masked " + ", ".join(parts)
