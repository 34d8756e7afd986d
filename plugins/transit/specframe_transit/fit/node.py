"""Results of ``transit-fit`` written into a node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe_transit.cleaning.node import direction_of
from specframe_transit.cleaning.scatter import error_flags, error_ratio, light_curve_scatter
from specframe_transit.cleaning.series import stretches
from specframe_transit.fit.offset import offset_error
from specframe_transit.fit.single import depth_of_white

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.channels import ChannelFit
    from specframe_transit.fit.params import TransitFitParams
    from specframe_transit.fit.summary import WhiteDraws, WhiteSummary
    from specframe_transit.fit.white import WhiteFit

    Array = NDArray[np.float64]

__all__ = ["node_with_results"]

_QUANTITY = {"transit": "transit depth (Rp/R*)^2", "eclipse": "eclipse depth Fp/F*"}
#: What an earlier detrender may have left with other dims.
_STALE = ("depth_covariance", "trend", "order", "contact_time", "white_sample", "white_parameter", "model_weight")
_MANY_CLIPPED = 0.05
#: Correlated noise is flagged where beta exceeds this, and on the white curve 1 by so many standard errors as well.
_RED, _SIGNIFICANT = 1.2, 2.5
_FEW_TIMES = 30
#: The median beta of fewer channels is noise.
_FEW_CHANNELS = 3
_MIN_INGRESS = 2


def node_with_results(
    data: xr.Dataset,
    curves: Curves,
    white: WhiteFit,
    node: int,
    fit: ChannelFit,
    draws: WhiteDraws,
    summary: WhiteSummary,
    weights: dict[str, Array],
    params: TransitFitParams,
) -> xr.Dataset:
    """Return the node with depths, models, the white fit and flags; see :class:`~specframe_transit.TransitFit`."""
    beta = fit.beta if params.errors.red_noise else np.ones_like(fit.beta)
    error, lower, upper = fit.error * beta, fit.lower * beta, fit.upper * beta
    gained: dict[str, Any] = {}
    if fit.shared_covariance is not None:
        covariance = fit.shared_covariance + np.diag(np.square(error))
        wider = np.sqrt(np.diag(covariance)) / error
        error, lower, upper = error * wider, lower * wider, upper * wider
        gained["depth_covariance"] = (("wavelength", "wavelength_other"), covariance, {"units": ""})
    depth = fit.depth
    alone = depth_of_white(white, node, draws, summary, params) if len(depth) == 1 and not fit.lost[0] else None
    if alone is not None:
        depth, error = np.array([alone.depth]), np.array([alone.error])
        lower, upper = np.array([alone.lower]), np.array([alone.upper])
        gained.pop("depth_covariance", None)
    flux = np.asarray(data["flux"].values, float)
    baseline = fit.systematics * curves.level[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        detrended = flux / baseline
    grid, units = ("wavelength", "time"), data["flux"].attrs["units"]
    ratio = _error_ratio(data, curves)
    for name, values in (
        ("depth", depth),
        ("depth_error", error),
        ("depth_error_lower", lower),
        ("depth_error_upper", upper),
        ("chi2_reduced", fit.chi2),
        ("error_inflation", fit.scale),
        ("beta", fit.beta),
        ("error_ratio", ratio),
    ):
        gained[name] = ("wavelength", values, {"units": ""})
    if params.errors.scale == "jitter":
        gained["jitter"] = ("wavelength", fit.jitter, {"units": ""})
    if weights:
        weight = np.stack(list(weights.values()))
        gained["model_weight"] = (("systematics_model", "wavelength"), weight, {"units": ""})
    flags = [word if isinstance(word, str) else "" for word in fit.flags]
    gained |= {
        "channel_flags": ("wavelength", np.array(flags, dtype=str)),
        "model": (grid, fit.signal * baseline, {"units": units}),
        "detrended_flux": (grid, detrended, {"units": ""}),
        "clipped": (grid, fit.clipped),
    }
    if len(fit.limb_darkening):
        law = white.signals[node].stars.law
        gained["limb_darkening"] = (("coefficient", "wavelength"), fit.limb_darkening, {"units": "", "law": law})
    gained |= _white_variables(white, node, params.errors.red_noise)
    for name, (value, own_error, unit) in summary.numbers.items():
        gained[name] = ((), value, {"units": unit})
        gained[f"{name}_error"] = ((), own_error, {"units": unit})
    offset = 0.0 if alone is not None else offset_error(white, node, draws, summary, params)
    gained["depth_offset_error"] = ((), offset, {"units": ""})
    if np.isfinite(summary.contacts).all():
        gained["contact_time"] = ("contact", summary.contacts + curves.reference, {"units": "d"})
    attrs = {
        "quantity": _QUANTITY[params.signal],
        "method": f"transit-fit: white {params.white.method.method}, channels {params.channels.method.method}",
        "flags": " ".join(
            _flags(data, curves, white, node, fit, draws, summary, ratio, offset > float(np.nanmedian(error)))
        ),
        "fit": json.dumps(params.canonical()),
        "fit_diagnostics": json.dumps(draws.diagnostics),
    }
    kept = data.drop_vars([name for name in _STALE if name in data.variables])
    kept = kept.drop_dims([d for d in ("contact", "draw", "white_parameter") if d in kept.dims], errors="ignore")
    if "limb_darkening" in gained and "limb_darkening" in kept:
        # injection-recovery fits again with the priors of this fit
        gained["limb_darkening_given"] = kept["limb_darkening"].rename(coefficient="coefficient_given").variable
        kept = kept.drop_vars(["limb_darkening", "limb_darkening_given"], errors="ignore")
    if draws.names:
        gained |= _sample_variables(white, node, draws)
    if weights:
        kept = kept.assign_coords(systematics_model=list(weights))
    return kept.assign(gained).assign_attrs(attrs)


def _white_variables(white: WhiteFit, node: int, widened: bool) -> dict[str, Any]:
    whole, batch = white.whole[node], white.result.problem.batches[node]
    result = white.result.batches[node]
    noise, beta = batch.noise, float(white.red_noise[node].beta[0])
    scale, jitter = (float(x[0]) / (beta if widened else 1.0) for x in (noise.scale, noise.jitter))
    spread = np.sqrt(np.square(scale * whole.flux_error[0]) + jitter**2)
    there = whole.use[0]
    units = {"units": ""}
    return {
        "white_flux": ("time", np.where(there, whole.flux[0], np.nan), units),
        "white_flux_error": ("time", np.where(there, spread, np.nan), units),
        "white_model": ("time", result.signal[0] * result.systematics[0] + result.process[0], units),
        "white_systematics": ("time", result.systematics[0] + result.process[0] / result.signal[0], units),
        "white_mask": ("time", ~noise.use[0]),
        "chi2_reduced_white": ((), float(result.chi2[0]), units),
        "error_inflation_white": ((), scale, units),
        "jitter_white": ((), jitter, units),
        "beta_white": ((), beta, units),
        "residual_rms_white": ((), float(np.std(result.rest[0][noise.use[0]])), units),
    }


def _sample_variables(white: WhiteFit, node: int, draws: WhiteDraws) -> dict[str, Any]:
    """Return the draws, with mid-transits on the file's clock and of the node's epoch."""
    elements, values = white.elements, draws.draws.copy()
    period_at = draws.names.index("period") if "period" in draws.names else None
    fixed_period = next(p.start for p in elements.parameters if p.name == "period")
    period = fixed_period if period_at is None else values[:, period_at]
    shift = elements.origin[node] + elements.epoch[node] * period + white.curves[node].reference
    own = f"mid_transit[{white.curves[node].visit}]"
    kept = []
    for column, name in enumerate(draws.names):
        if not name.startswith("mid_transit"):
            kept.append(column)
        elif name in ("mid_transit", own):
            values[:, column] = values[:, column] + shift
            kept.append(column)
    names = [draws.names[column] for column in kept]
    units = {draws.names[column]: draws.units[column] for column in kept}
    return {
        "white_sample": (("draw", "white_parameter"), values[:, kept], {"units_of": json.dumps(units)}),
        "white_parameter": ("white_parameter", np.array(names, dtype=str)),
    }


def _error_ratio(data: xr.Dataset, curves: Curves) -> Array:
    """Return the median error over the scatter from point to point, (n_channel,); NaN without errors of the file.

    Two levels between which exposures alternate (HST's scan directions) are no scatter.
    """
    scatter = light_curve_scatter(curves.flux, curves.use, stretches(curves.time), direction_of(data))
    return error_ratio(curves.flux_error, curves.use, np.where(curves.error_known, scatter, np.nan))


def _flags(
    data: xr.Dataset,
    curves: Curves,
    white: WhiteFit,
    node: int,
    fit: ChannelFit,
    draws: WhiteDraws,
    summary: WhiteSummary,
    ratio: Array,
    level_unknown: bool,
) -> list[str]:
    """Return the node's flags: those that are there, and those of this fit."""
    found = dict.fromkeys(str(data.attrs.get("flags", "")).split())
    result, batch = white.result, white.result.batches[node]
    noise, red = result.problem.batches[node].noise, white.red_noise[node]
    used = white.curves[node].time[noise.use[0]]
    contacts = summary.contacts
    ingress = ((used > contacts[0]) & (used < contacts[1])).sum()
    egress = ((used > contacts[2]) & (used < contacts[3])).sum()
    prior, values = result.problem.prior, result.minimum.values[0]
    total = max(int(curves.use[~fit.lost].sum()), 1)
    median_beta = float(np.nanmedian(fit.beta))
    words = {
        "transit-at-edge": contacts[0] < used[0] or contacts[3] > used[-1],
        "no-ingress": np.isfinite(contacts).all() and ingress < _MIN_INGRESS and egress < _MIN_INGRESS,
        "channels-lost": bool(fit.lost.any()),
        "many-clipped": fit.clipped.sum() > _MANY_CLIPPED * total,
        "red-noise": red.ratio[0] > max(1.0 + _SIGNIFICANT * red.error[0], _RED)
        or (fit.beta.size >= _FEW_CHANNELS and median_beta > _RED),
        "misfit": bool(batch.misfit[0]) or any("misfit" in words for words in fit.flags),
        "bounds": bool(np.any((values <= prior.lower[0]) | (values >= prior.upper[0]))),
        **dict.fromkeys(error_flags(ratio), True),
        "shared-offset": level_unknown,
        "few-samples": len(used) < _FEW_TIMES,
        "not-converged": not result.minimum.converged.all() or any("not-converged" in words for words in fit.flags),
    }
    found |= dict.fromkeys(draws.flags)
    found |= dict.fromkeys(word for word, raised in words.items() if raised)
    return list(found)
