"""Nodes of light curves made of the blocks of one or many files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import InputFileError
from specframe_io.curves.channels import Channels, channels_of, chosen_channels
from specframe_io.curves.limb_darkening import channel_coefficients, law_of, white_coefficients
from specframe_io.light_curve import Regressor, Series, light_curve_node
from specframe_io.names import listed

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_io.curves.blocks import Block
    from specframe_io.curves.params import LightCurvesParams
    from specframe_io.curves.regressor_file import RegressorFile

__all__ = ["nodes_of"]

#: Times of one exposure may differ by so much between channels, in d: files have them with fewer digits.
_SAME_TIME = 1e-6
_ESTIMATED = "estimated from the scatter of neighbouring samples of each channel; the files have none"
_BY_FILES = (
    "channels of one instrument and visit share their times. Are there several visits, told by {visit} in pattern "
)
_BY_FILES += "or columns.visit, or files of something else, that pattern should leave out?"


def nodes_of(
    blocks: list[Block], path: Path, params: LightCurvesParams, regressor_file: RegressorFile | None
) -> dict[str, xr.Dataset]:
    """Return a node ``<instrument>/<visit>`` for each instrument and visit; visits are numbered by time.

    Raises
    ------
    InputFileError
        When channels do not share their times, times do not ascend, or channels have no wavelength.
    """
    parts: dict[str, dict[str | None, list[Block]]] = {}
    for block in blocks:
        visits = parts.setdefault(block.instrument or params.instrument, {})
        visits.setdefault(block.visit, []).append(block)
    _check_names(parts, path, params)
    nodes: dict[str, xr.Dataset] = {}
    for instrument in params.instruments or parts:
        together = [_joined(members) for members in parts[instrument].values()]
        visits_of = [visit for block in together for visit in _split(_in_order(block, params), params)]
        for number, block in enumerate(sorted(visits_of, key=lambda one: float(one.time[0]))):
            nodes[f"{instrument}/{number}"] = _node(block, instrument, path, params, regressor_file)
    return nodes


def _check_names(parts: dict[str, dict[str | None, list[Block]]], path: Path, params: LightCurvesParams) -> None:
    exposures = params.exposure_time if isinstance(params.exposure_time, dict) else {}
    asked = (("instruments", params.instruments or ()), ("bands", params.bands), ("exposure_time", exposures))
    for parameter, names in asked:
        unknown = [name for name in names if name not in parts]
        if unknown:
            raise InputFileError(
                path, f"{parameter} names {listed(map(repr, unknown))}, but there are {listed(map(repr, parts))}"
            )


def _joined(blocks: list[Block]) -> Block:
    """Return the channels of several blocks as one."""
    first = blocks[0]
    for other in blocks[1:]:
        _check_times(first, other)
        for name in ("units", "clock"):
            one, two = getattr(first, name), getattr(other, name)
            if one != two:
                raise InputFileError(
                    other.source.path, f"{name} of the channels differ: {two}, but {one} in {first.source.path}"
                )
        if (first.wavelength is None) != (other.wavelength is None):
            raise InputFileError(other.source.path, f"one of this file and {first.source.path} has no wavelengths")
        if (first.flux_error is None) != (other.flux_error is None):
            raise InputFileError(other.source.path, f"one of this file and {first.source.path} has no errors")
    if len(blocks) == 1:
        return first
    wavelength, lower, upper, error = (
        _stacked([getattr(block, name) for block in blocks]) for name in ("wavelength", "lower", "upper", "flux_error")
    )
    regressors: dict[str, tuple[NDArray[np.float64], str]] = {}
    for name, (values, unit) in first.regressors.items():
        own = [block.regressors[name][0] for block in blocks]
        if not all(one.ndim == 1 and np.array_equal(one, values, equal_nan=True) for one in own):
            values = np.concatenate(
                [np.broadcast_to(one, block.flux.shape) for one, block in zip(own, blocks, strict=True)]
            )
        regressors[name] = values, unit
    return replace(
        first,
        flux=np.concatenate([block.flux for block in blocks]),
        bad=np.concatenate([block.bad for block in blocks]),
        flux_error=error,
        wavelength=wavelength,
        lower=lower,
        upper=upper,
        regressors=regressors,
    )


def _stacked(arrays: list[NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    known = [array for array in arrays if array is not None]
    return np.concatenate(known) if len(known) == len(arrays) else None


def _check_times(first: Block, other: Block) -> None:
    n, m = len(first.time), len(other.time)
    shared = min(n, m)
    apart = np.flatnonzero(np.abs(first.time[:shared] - other.time[:shared]) > _SAME_TIME)
    if n == m and not len(apart):
        return
    at = int(apart[0]) if len(apart) else shared
    same_file = first.source.path == other.source.path
    where = "" if same_file else f" in {first.source.path}"
    if at < shared:
        said = (
            f"first at {other.place(at)}: {other.time[at]:.10g}, but {first.time[at]:.10g}{where} ({first.place(at)})"
        )
    else:
        said = f"the shorter one ends after {shared}"
    raise InputFileError(
        other.source.path, f"a light curve has {m} samples, another has {n}{where}; times differ, {said}; {_BY_FILES}"
    )


def _in_order(block: Block, params: LightCurvesParams) -> Block:
    """Return the samples in ascending time, sorted only where that is asked for."""
    if params.sort:
        block = block.taken(np.argsort(block.time, kind="stable"))
    back = np.flatnonzero(np.diff(block.time) <= 0)
    if not len(back):
        return block
    at = int(back[0])
    before, after = float(block.time[at]), float(block.time[at + 1])
    where = f"{block.place(at)} and {block.place(at + 1)}"
    if before == after:
        raise InputFileError(
            block.source.path,
            f"two samples are at the time {before:.10g} ({where}); take out what "
            "stands twice, write times with all digits, or tell visits, instruments or channels apart by a column",
        )
    raise InputFileError(
        block.source.path,
        f"times must ascend, but {before:.10g} is followed by {after:.10g} ({where}; {len(back)} steps back in all); "
        "write sort: true to sort the samples, or tell visits, instruments or channels apart by a column",
    )


def _split(block: Block, params: LightCurvesParams) -> list[Block]:
    """Return the visits, split at gaps where that is asked for."""
    if params.visits is None:
        return [block]
    ends = np.flatnonzero(np.diff(block.time) > params.visits.gap) + 1
    return [block.taken(rows) for rows in np.split(np.arange(len(block.time)), ends)]


def _node(
    block: Block, instrument: str, path: Path, params: LightCurvesParams, regressor_file: RegressorFile | None
) -> xr.Dataset:
    found = None if block.wavelength is None else Channels(block.wavelength, block.lower, block.upper)
    channels = channels_of(path, found, len(block.flux), instrument, params)
    order = chosen_channels(path, channels.wavelength, params.channels)
    channels = channels.taken(order)
    if channels.lower is not None and np.isnan(channels.lower).any():
        at = channels.wavelength[np.isnan(channels.lower)][0]
        raise InputFileError(
            path, f"no edges of wavelength enclose the channel at {at:.6g} um; see channels, to leave it out"
        )
    exposure = params.exposure_time
    regressors, bad = _regressors(block, order, regressor_file, instrument)
    series = Series(
        time=block.time,
        clock=block.clock,
        wavelength=channels.wavelength,
        lower=channels.lower,
        upper=channels.upper,
        flux=block.flux[order],
        flux_error=None if block.flux_error is None else block.flux_error[order],
        bad=block.bad[order] | bad,
        units=block.units,
        regressors=regressors,
        exposure_time=exposure.get(instrument) if isinstance(exposure, dict) else exposure,
        places={name: f"columns.{name}" for name in ("time", "wavelength", "flux", "flux_error")}
        | {"mask": "columns.mask" if params.columns.good is None else "columns.good"},
    )

    def wrong(place: str, message: str) -> InputFileError:
        return InputFileError(path, f"{instrument}, {place}: {message}")

    node = light_curve_node(series, wrong, params.empty_channels)
    if block.flux_error is None:
        node.attrs |= {"flags": "errors-estimated", "flux_error_origin": _ESTIMATED}
    if params.limb_darkening is not None:
        coefficients = channel_coefficients(params.limb_darkening, node["wavelength"].to_numpy())
        node["limb_darkening"] = (("coefficient", "wavelength"), coefficients, {"units": ""})
        node.attrs["law"] = law_of(len(coefficients))
    if params.limb_darkening_white is not None:
        white = white_coefficients(params.limb_darkening_white)
        node["limb_darkening_white"] = ("coefficient", white, {"units": ""})
        node.attrs["law"] = law_of(len(white))
    if block.visit is not None:
        node.attrs["visit"] = block.visit
    return node


def _regressors(
    block: Block, order: NDArray[np.intp], regressor_file: RegressorFile | None, instrument: str
) -> tuple[dict[str, Regressor], NDArray[np.bool_]]:
    """Return the regressors, and where a sample lacks one: it gets the median, and is masked."""
    own = dict(block.regressors)
    places = {name: f"regressors.{name}" for name in own}
    if regressor_file is not None:
        own |= regressor_file.at(block.time, instrument)
        places |= {name: f"regressor_file.columns.{name}" for name in own if name not in places}
    found: dict[str, Regressor] = {}
    bad = np.zeros((len(order), len(block.time)), bool)
    for name, (values, unit) in own.items():
        chosen = values if values.ndim == 1 else values[order]
        lost = ~np.isfinite(chosen)
        if lost.all():
            raise InputFileError(block.source.path, f"{places[name]} has no number at all")
        if lost.any():
            chosen = np.where(lost, np.median(chosen[~lost]), chosen)
            bad |= lost
        found[name] = Regressor(chosen, unit, places[name])
    return found, bad
