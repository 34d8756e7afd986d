"""The light curves of one node as plain arrays: relative fluxes, errors, regressors and the clock they are on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.api import masked_median
from specframe.errors import DataError
from specframe_transit.light_curves import as_days
from specframe_transit.scatter import point_to_point_scatter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["Curves", "curves_of", "julian_date_offset"]

_SECONDS_PER_DAY = 86400.0
_JULIAN_DATE = re.compile(r"JD\s*([0-9]+(?:\.[0-9]*)?)", re.IGNORECASE)
_MIN_LIGHT = 0.5


@dataclass(frozen=True)
class Curves:
    """One node: ``time`` (n_time,) and ``exposure`` in d, the former since ``reference``.

    ``reference`` is in d on the file's clock, near the middle of the data; ``jd_offset`` turns that clock into a Julian
    date (JD = file's clock + jd_offset) and is None where the file does not say. ``time_system`` is the file's:
    ``TDB``, ``UTC``, ``phase`` (days from orbital phase 0) or empty.

    ``wavelength``, ``lower``, ``upper`` (n_channel,) in um. ``flux`` and ``flux_error`` (n_channel, n_time) are
    relative to ``level`` (n_channel,), in ``flux_units``; 0 and inf where ``use`` (n_channel, n_time) is False.
    ``error_known`` (n_channel,) tells whether the file gave errors; else they are the scatter from point to point.
    ``regressors`` hold (n_time,) or (n_channel, n_time) as in the file. ``limb_darkening`` (n_coefficient, n_channel)
    and ``limb_darkening_white`` (n_coefficient,) follow ``law``.
    """

    path: str
    instrument: str
    visit: str
    time: NDArray[np.float64]
    reference: float
    jd_offset: float | None
    time_system: str
    exposure: float
    wavelength: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    level: NDArray[np.float64]
    flux: NDArray[np.float64]
    flux_error: NDArray[np.float64]
    use: NDArray[np.bool_]
    error_known: NDArray[np.bool_]
    regressors: dict[str, NDArray[np.float64]]
    limb_darkening: NDArray[np.float64] | None
    limb_darkening_white: NDArray[np.float64] | None
    law: str
    flux_units: str = ""

    @property
    def n_channel(self) -> int:
        """Number of channels."""
        return len(self.wavelength)

    def only(self, channels: Sequence[int] | NDArray[np.intp]) -> Curves:
        """Return the channels of these indices alone."""
        at = np.asarray(channels, dtype=np.intp)
        per_channel = {
            name: getattr(self, name)[at]
            for name in ("wavelength", "lower", "upper", "level", "flux", "flux_error", "use", "error_known")
        }
        regressors = {name: values[at] if values.ndim == 2 else values for name, values in self.regressors.items()}
        limb_darkening = None if self.limb_darkening is None else self.limb_darkening[:, at]
        return replace(self, **per_channel, regressors=regressors, limb_darkening=limb_darkening)

    def white(self, channels: Sequence[int] | NDArray[np.intp] | None = None) -> Curves:
        """Return one channel: the sum of all, or of those of these indices.

        Where some channels are not used at a time, it is the sum of the others over the level of the others; a time at
        which less than half of the light is left is not used. Limb darkening is ``limb_darkening_white``, else the
        mean of the channels with their levels as weights; so are regressors that differ from channel to channel.

        Raises
        ------
        DataError
            When none of the channels has light.
        """
        part = self if channels is None else self.only(channels)
        light = part.level.clip(min=0.0) * part.use.any(axis=1)
        total = light.sum()
        if not total > 0:
            raise DataError(f"node /{self.path}: none of its {part.n_channel} channels has light for a white curve")
        weight = np.where(part.use, light[:, None], 0.0)
        there = weight.sum(axis=0)
        use = there >= _MIN_LIGHT * total
        norm = np.where(there > 0, there, 1.0)
        flux = (weight * part.flux).sum(axis=0) / norm
        variance = np.square(weight * np.where(part.use, part.flux_error, 0.0)).sum(axis=0) / np.square(norm)
        share = light / total
        limb_darkening = self.limb_darkening_white
        if limb_darkening is None and part.limb_darkening is not None:
            limb_darkening = part.limb_darkening @ share
        error = np.where(use, np.sqrt(variance), np.inf)[None]
        flux, use = np.where(use, flux, 0.0)[None], use[None]
        known = np.array([bool(part.error_known[light > 0].all())])
        if not known[0]:
            error = np.where(use, point_to_point_scatter(flux, use)[:, None], np.inf)
        return replace(
            part,
            wavelength=np.array([part.wavelength @ share]),
            lower=np.array([part.lower.min()]),
            upper=np.array([part.upper.max()]),
            level=np.array([total]),
            flux=flux,
            flux_error=error,
            use=use,
            error_known=known,
            regressors={
                name: share @ values if values.ndim == 2 else values for name, values in part.regressors.items()
            },
            limb_darkening=None if limb_darkening is None else limb_darkening[:, None],
            limb_darkening_white=limb_darkening,
        )


def curves_of(path: str, data: xr.Dataset) -> Curves:
    """Return the light curves of the node ``<instrument>/<visit>``.

    Raises
    ------
    DataError
        When the node has no light curves, fewer than three times, or nothing that may be used.
    """
    if "flux" not in data or "time" not in data["flux"].dims:
        raise DataError(f"node /{path}: expected light curves, flux (wavelength, time)")
    flux, error = np.asarray(data["flux"].values, float), np.asarray(data["flux_error"].values, float)
    use = ~np.asarray(data["mask"].values, bool) & np.isfinite(flux)
    if flux.shape[1] < 3:
        raise DataError(f"node /{path}: expected at least three times, got {flux.shape[1]}")
    sound = np.isfinite(error) & (error > 0)
    known = (sound & use).any(axis=1)
    use &= sound | ~known[:, None]
    level = masked_median(flux, use)
    use &= level[:, None] > 0
    if not use.any():
        raise DataError(
            f"node /{path}: no usable sample, all are masked, not finite or without positive flux; check the mask and "
            "the columns of flux and error"
        )
    scale = np.where(level > 0, level, 1.0)[:, None]
    relative = np.where(use, flux / scale, 0.0)
    scatter = point_to_point_scatter(relative, use)[:, None]
    error = np.where(known[:, None], np.where(sound, error, np.inf) / scale, scatter)
    days = as_days(data)
    time = np.asarray(data["time"].values, float) * days
    seen = time[use.any(axis=0)]
    reference = round(float(0.5 * (seen[0] + seen[-1])), 2)
    wavelength = np.asarray(data["wavelength"].values, float)
    lower, upper = (
        np.asarray(data[f"wavelength_{side}"].values, float) if f"wavelength_{side}" in data else wavelength
        for side in ("lower", "upper")
    )
    instrument, _, visit = path.rpartition("/")
    seconds = data.attrs.get("exposure_time")
    step = float(np.median(np.diff(seen if len(seen) > 1 else time)))
    exposure = step if seconds is None else float(seconds) / _SECONDS_PER_DAY
    system = str(data["time"].attrs.get("time_system", ""))
    channels, white, law = _limb_darkening(path, data)
    return Curves(
        path=path,
        instrument=instrument,
        visit=visit,
        time=time - reference,
        reference=reference,
        jd_offset=julian_date_offset(str(data["time"].attrs.get("time_reference", ""))),
        time_system=system,
        exposure=0.0 if system == "phase" and seconds is None else exposure,
        wavelength=wavelength,
        lower=lower,
        upper=upper,
        level=level,
        flux=relative,
        flux_error=np.where(use, error, np.inf),
        use=use,
        error_known=known,
        regressors=_regressors(path, data),
        limb_darkening=channels,
        limb_darkening_white=white,
        law=law,
        flux_units=str(data["flux"].attrs.get("units", "")),
    )


def julian_date_offset(reference: str) -> float | None:
    """Return the number of ``"JD <number>"``, the Julian date at which a clock is 0; None for other texts."""
    match = _JULIAN_DATE.fullmatch(reference.strip())
    return float(match.group(1)) if match else None


def _regressors(path: str, data: xr.Dataset) -> dict[str, NDArray[np.float64]]:
    found = {}
    for name, variable in data.variables.items():
        if variable.attrs.get("role") != "regressor":
            continue
        if variable.dims not in (("time",), ("wavelength", "time")):
            raise DataError(
                f"node /{path}: the regressor {name!r} must have dims (time) or (wavelength, time), got {variable.dims}"
            )
        found[str(name)] = np.asarray(variable.values, float)
    return found


def _limb_darkening(path: str, data: xr.Dataset) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None, str]:
    """Return the coefficients of the channels and of the white curve, None where the node has none, and their law."""
    channels: NDArray[np.float64] | None = None
    white: NDArray[np.float64] | None = None
    law = "quadratic"
    if "limb_darkening" in data and data["limb_darkening"].dims == ("coefficient", "wavelength"):
        channels = np.asarray(data["limb_darkening"].values, float)
        law = str(data["limb_darkening"].attrs.get("law", "quadratic"))
    if "limb_darkening_white" in data and data["limb_darkening_white"].dims == ("coefficient",):
        white = np.asarray(data["limb_darkening_white"].values, float)
        law = str(data["limb_darkening_white"].attrs.get("law", law))
    expected = {"quadratic": 2, "nonlinear": 4}.get(law)
    if expected is None:
        raise DataError(f"node /{path}: limb_darkening has the law {law!r}, expected quadratic or nonlinear")
    for values in (channels, white):
        if values is not None and len(values) != expected:
            raise DataError(
                f"node /{path}: the {law} law has {expected} coefficients, but limb_darkening has {len(values)}"
            )
    return channels, white, law
