"""Light curves of one target as plain arrays: levels, weights, visits, and what the fit needs to know of each node."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from specframe.api import masked_median
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["LightCurves", "Visit", "as_days", "gather", "given_contacts", "usable_samples"]


_SECONDS_PER_DAY = 86400.0


@dataclass(frozen=True)
class Visit:
    """Nodes that share a clock: ``label`` as in their paths, ``reference`` in d is where times are counted from."""

    label: str
    reference: float
    time_attrs: dict[str, str]


@dataclass(frozen=True)
class LightCurves:
    """One node: ``time`` (n_time,) in d since the visit's reference; ``exposure`` in d, the cadence where not known.

    ``flux`` and ``flux_error`` (n_channel, n_time) are relative to ``level`` (n_channel,); ``use`` tells which samples
    may be used; ``channel`` (n_channel,) numbers the channels of all instruments, the same in every visit.
    """

    path: str
    instrument: int
    visit: int
    time: NDArray[np.float64]
    exposure: float
    wavelength: NDArray[np.float64]
    channel: NDArray[np.intp]
    level: NDArray[np.float64]
    flux: NDArray[np.float64]
    flux_error: NDArray[np.float64]
    use: NDArray[np.bool_]
    limb_darkening: NDArray[np.float64] | None
    contacts: NDArray[np.float64] | None


def gather(given: Mapping[str, xr.Dataset]) -> tuple[list[LightCurves], list[Visit]]:
    """Return the nodes of an observation and its visits.

    Raises
    ------
    DataError
        When a node has no light curves, an instrument changes its wavelengths between visits, or two instruments
        have a wavelength in common.
    """
    visits: dict[tuple[str, ...], int] = {}
    instruments: dict[str, tuple[int, str]] = {}
    starts: dict[str, int] = {}
    references: list[float] = []
    total = 0
    for path, data in given.items():
        if "flux" not in data or "time" not in data["flux"].dims:
            raise DataError(f"node /{path}: transit-joint needs light curves, flux (wavelength, time)")
        instrument = path.rpartition("/")[0]
        if instrument not in instruments:
            instruments[instrument] = (len(instruments), path)
            starts[instrument], total = total, total + data.sizes["wavelength"]
        else:
            _check_same_wavelengths(path, data, instruments[instrument][1], given)
        first = float(_seen_times(data, usable_samples(data))[0])
        if _clock(path, data) in visits:
            at = visits[_clock(path, data)]
            references[at] = min(references[at], first)
        else:
            visits[_clock(path, data)] = len(references)
            references.append(first)
    _check_distinct_wavelengths({name: given[path] for name, (_, path) in instruments.items()})
    curves = []
    for path, data in given.items():
        name, visit = path.rpartition("/")[0], visits[_clock(path, data)]
        channel = (starts[name] + np.arange(data.sizes["wavelength"])).astype(np.intp)
        curves.append(_node(path, data, instruments[name][0], visit, references[visit], channel))
    labelled = [
        Visit(label, reference, {k: v for k, v in (("time_system", system), ("time_reference", origin)) if v})
        for (label, system, origin), reference in zip(visits, references, strict=True)
    ]
    return curves, labelled


def _clock(path: str, data: xr.Dataset) -> tuple[str, str, str]:
    attrs = data["time"].attrs
    return path.rpartition("/")[2], str(attrs.get("time_system", "")), str(attrs.get("time_reference", ""))


def _node(
    path: str, data: xr.Dataset, instrument: int, visit: int, reference: float, channel: NDArray[np.intp]
) -> LightCurves:
    flux, error = np.asarray(data["flux"].values, float), np.asarray(data["flux_error"].values, float)
    use = usable_samples(data)
    level = masked_median(flux, use)
    use &= level[:, None] > 0
    scale = np.where(level > 0, level, 1.0)[:, None]
    time = np.asarray(data["time"].values, float) * as_days(data) - reference
    seen = _seen_times(data, use) - reference
    cadence = float(np.median(np.diff(seen))) if len(seen) > 1 else 0.0
    seconds = data.attrs.get("exposure_time")
    limb_darkening = None
    if "limb_darkening" in data and data["limb_darkening"].dims == ("coefficient", "wavelength"):
        limb_darkening = np.asarray(data["limb_darkening"].values, float)
        if limb_darkening.shape[0] != 2 or not np.isfinite(limb_darkening).all():
            raise DataError(
                f"node /{path}: limb_darkening must hold two finite coefficients per channel, got shape "
                f"{limb_darkening.shape}; correct it, or set limb_darkening: law"
            )
    return LightCurves(
        path=path,
        instrument=instrument,
        visit=visit,
        time=time,
        exposure=cadence if seconds is None else float(seconds) / _SECONDS_PER_DAY,
        wavelength=np.asarray(data["wavelength"].values, float),
        channel=channel,
        level=level,
        flux=np.where(use, flux / scale, 0.0),
        flux_error=np.where(use, error / scale, np.inf),
        use=use,
        limb_darkening=limb_darkening,
        contacts=given_contacts(path, data) * as_days(data) - reference if "contact_time" in data else None,
    )


def _seen_times(data: xr.Dataset, use: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the times of a node, in d, at which anything may be used; all where nothing may."""
    time = np.asarray(data["time"].values, float) * as_days(data)
    seen = use.any(axis=0)
    return time[seen] if seen.any() else time


def usable_samples(data: xr.Dataset) -> NDArray[np.bool_]:
    """Return which samples of a node (wavelength, time) are not masked and have a flux and an error."""
    flux, error = data["flux"].values, data["flux_error"].values
    use: NDArray[np.bool_] = ~data["mask"].values & np.isfinite(flux) & np.isfinite(error) & (error > 0)
    return use


def given_contacts(path: str, data: xr.Dataset) -> NDArray[np.float64]:
    """Return the four contacts in a node's ``contact_time``, in the unit of its time.

    Raises DataError when they are not ascending times.
    """
    # of equal units exactly 1: contacts often lie on samples, and rounding must not move them to one side
    scale = as_days(data, "contact_time") / as_days(data)
    contacts = np.asarray(data["contact_time"].values, float) * scale
    if contacts.shape != (4,) or not np.all(np.diff(contacts) >= 0) or contacts[3] <= contacts[0]:
        raise DataError(
            f"node /{path}: contact_time must be four ascending times, got {data['contact_time'].values.tolist()}"
        )
    return contacts


def _check_same_wavelengths(path: str, data: xr.Dataset, other: str, given: Mapping[str, xr.Dataset]) -> None:
    first, second = given[other]["wavelength"].values, data["wavelength"].values
    if first.shape != second.shape or not np.allclose(first, second, rtol=1e-6, atol=0):
        raise DataError(
            f"node /{path}: its {len(second)} wavelengths are not those of /{other} ({len(first)}), but visits of one "
            "instrument share a depth per channel; bin both to the same wavelengths"
        )


def _check_distinct_wavelengths(instruments: Mapping[str, xr.Dataset]) -> None:
    every = np.concatenate([data["wavelength"].values for data in instruments.values()])
    values, count = np.unique(every, return_counts=True)
    if np.any(count > 1):
        raise DataError(
            f"instruments {', '.join(instruments)} have the wavelength {values[count > 1][0]:g} um in common, and one "
            "spectrum cannot hold it twice; leave one of them out, or fit them separately"
        )


def as_days(data: xr.Dataset, name: str = "time") -> float:
    """Return the unit of a node's time in d."""
    return _unit_in_days(str(data[name].attrs["units"]))


@lru_cache(maxsize=32)
def _unit_in_days(unit: str) -> float:
    if unit == "d":
        return 1.0
    from astropy import units

    return float(units.Unit(unit).to("d"))
