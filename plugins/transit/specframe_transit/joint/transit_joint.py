"""The detrender ``transit-joint``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.api import Detrender, make_observation, nodes
from specframe.errors import DataError
from specframe_transit.joint.joint_spectrum import JointSpectrum, fit_spectrum
from specframe_transit.joint.known_system import known_system
from specframe_transit.joint.limb_darkening import limb_darkening_law
from specframe_transit.joint.white_fit import fit_white
from specframe_transit.light_curves import LightCurves, Visit, as_days, gather
from specframe_transit.params import TransitJointParams

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.observation import Level

__all__ = ["TransitJoint"]

_JOINT = "spectrum/joint"
#: Variables of earlier detrenders, which would make a node look as if it had depths.
_DEPTHS = ("depth", "depth_error", "depth_covariance", "chi2_reduced", "trend", "order")
#: Samples that ingress and egress must have for the impact parameter to be measured.
_MIN_INGRESS = 2
_MANY_CLIPPED = 0.05
#: A white curve determines some ten numbers (level, drift, transit); with fewer than three times for each its errors,
#: which are taken from the scatter around them, are rough.
_FEW_SAMPLES = 30


class TransitJoint(Detrender):
    """Measures a transmission spectrum by one fit to all channels, instruments and visits of a target.

    flux = star level (channel, visit) x transit (depth per channel; limb darkening, orbit) x (1 + drift in time x
    wavelength), by Levenberg-Marquardt with exact elimination of star levels and depths. Depths are shared by visits,
    duration T14 and impact parameter by all, the mid-transit by the instruments of a visit. It starts from a fit of
    the white light curves. See ``docs/explanation/transit-joint.md``.

    Each node gains ``model``, ``detrended_flux``, ``clipped (wavelength, time)`` and ``contact_time (contact)``, and
    stays at level light-curves. The new node ``/spectrum/joint`` holds ``depth`` = (Rp/R*)^2, ``depth_error``,
    ``depth_covariance``, ``chi2_reduced``, ``white_weight (wavelength)``, ``limb_darkening (coefficient,
    wavelength)``, ``mid_transit``, ``mid_transit_error (visit)`` and, without dims, ``white_depth``,
    ``white_depth_error`` (of the mean of the depths with the weights ``white_weight``), ``impact_parameter``,
    ``duration``, ``duration_error``, ``chi2_reduced_white``, ``beta`` and ``clipped_fraction``. Channels with too few
    samples have NaN and are masked by ``mask (wavelength)``.

    Its ``flags``: ``transit-at-edge`` (a visit lacks baseline, ingress or egress), ``no-ingress`` (the impact
    parameter rests on its prior), ``grazing``, ``channels-lost``, ``visits-lost`` (no transit found in some),
    ``many-clipped`` (over 5 %), ``red-noise`` (beta significantly above 1), ``few-samples`` (a node has fewer than 30
    usable times), ``drift-colour`` (the drift needs a higher ``wavelength_order``), ``misfit`` (the model misses most
    of the transit or of the baseline by more than ``clip_sigma``).

    Raises
    ------
    DataError
        When a node has no light curves, nothing usable is left, no transit is found, or wavelengths clash.

    Notes
    -----
    ``flux(n, c, t) = s(n, c) T(t; depth(c), orbit, u1(c), u2(c)) (1 + sum_jk a(n, j, k) P_j(t) L_k(c)) + noise`` for
    node n, channel c and sample t, with Legendre polynomials P in time and L in wavelength. ``z^2 = b^2 (1 - x^2) + (1
    + k)^2 x^2`` is the separation of the centres in stellar radii, ``x = sin(2 pi (t - t0) / P) / sin(pi T14 / P)``.

    References
    ----------
    - Agol, Luger & Foreman-Mackey 2020, AJ 159, 123, doi:10.3847/1538-3881/ab4fee
    - Golub & Pereyra 1973, SIAM J. Numer. Anal. 10, 413 (elimination), doi:10.1137/0710036
    - Winn et al. 2008, ApJ 683, 1076 (beta), doi:10.1086/589737
    """

    name = "transit-joint"
    Params: ClassVar[type[TransitJointParams]] = TransitJointParams
    params: TransitJointParams
    produces: ClassVar[tuple[Level, ...]] = ("light-curves", "depths")

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation with its joint spectrum; see the class for what it holds."""
        given = {path: data for path, data in nodes(observation) if path != _JOINT}
        curves, visits = gather(given)
        if not any(c.use.any() for c in curves):
            raise DataError("no usable sample in any light curve: all are masked, not finite or without positive flux")
        known = known_system(observation.attrs, self.params)
        laws = [self._law(c, known.temperature) for c in curves]
        white = fit_white(curves, laws, len(visits), known, self.params)
        used = [i for i, flag in enumerate(white.used) if flag]
        chosen = [curves[i] for i in used]
        fit = fit_spectrum(chosen, [laws[i] for i in used], white.only(used), known, self.params)
        if not np.isfinite(fit.depth).any():
            raise DataError(
                "no channel has samples enough in transit and out of it for a depth; check the masks, or leave this "
                "target out"
            )
        results = {c.path: _detrended(given[c.path], c, fit, node, visits) for node, c in enumerate(chosen)}
        results = {path: results.get(path, data.drop_vars(_DEPTHS, errors="ignore")) for path, data in given.items()}
        results[_JOINT] = _spectrum(given, curves, chosen, fit, visits, lost_visits=len(used) < len(curves))
        attrs = {str(name): value for name, value in observation.attrs.items() if name != "target"}
        return make_observation(observation.attrs["target"], results, **attrs)

    def _law(self, curves: LightCurves, temperature: float) -> NDArray[np.float64]:
        if self.params.limb_darkening == "auto" and curves.limb_darkening is not None:
            return curves.limb_darkening
        return limb_darkening_law(curves.wavelength, temperature)


def _contacts(fit: JointSpectrum, visit: int) -> NDArray[np.float64]:
    """Return the four contacts of the white planet in d; second and third are one in a grazing transit."""
    geometry = fit.model.geometry(fit.state.theta, visit)
    if fit.model.shape == "trapezoid":
        inner = 1.0 - 2.0 * geometry.impact_squared
    else:
        limb = (1.0 + geometry.radius) ** 2 - geometry.impact_squared
        inner = float(np.sqrt(max((1.0 - geometry.radius) ** 2 - geometry.impact_squared, 0.0) / limb))
    return np.array([geometry.time_of(x) for x in (-1.0, -inner, inner, 1.0)])


def _detrended(
    data: xr.Dataset, curves: LightCurves, fit: JointSpectrum, node: int, visits: Sequence[Visit]
) -> xr.Dataset:
    own = fit.lin.nodes[node]
    lost = ~np.isfinite(fit.depth[curves.channel])
    star = np.where(lost, np.nan, own.star * curves.level)[:, None]
    grid, units = ("wavelength", "time"), data["flux"].attrs["units"]
    contacts = (_contacts(fit, fit.model.curves[node].visit) + visits[curves.visit].reference) / as_days(data)
    with np.errstate(divide="ignore", invalid="ignore"):
        detrended = np.asarray(data["flux"].values, float) / (star * own.drift)
    gained: dict[str, Any] = {
        "model": (grid, star * own.transit * own.drift, {"units": units}),
        "detrended_flux": (grid, detrended, {"units": ""}),
        "clipped": (grid, fit.clipped[node]),
        "contact_time": ("contact", contacts, {"units": data["time"].attrs["units"]}),
    }
    return data.drop_vars(_DEPTHS, errors="ignore").assign(gained)


def _spectrum(
    given: dict[str, xr.Dataset],
    curves: Sequence[LightCurves],
    chosen: Sequence[LightCurves],
    fit: JointSpectrum,
    visits: Sequence[Visit],
    lost_visits: bool,
) -> xr.Dataset:
    import xarray as xr

    model, state, lin = fit.model, fit.state, fit.lin
    n_depth = model.n_depth
    wavelength = np.full(n_depth, np.nan)
    limb_darkening = np.full((2, n_depth), np.nan)
    edges = {f"wavelength_{side}": np.full(n_depth, np.nan) for side in ("lower", "upper")}
    for node, c in enumerate(chosen):
        wavelength[c.channel] = c.wavelength
        limb_darkening[:, c.channel] = model.limb_darkening(state.theta, node)
        for name, values in edges.items():
            if name in given[c.path]:
                values[c.channel] = given[c.path][name].values
    # channels of instruments that could not be used at all have no place in the spectrum
    order = np.argsort(wavelength)[: int(np.isfinite(wavelength).sum())]
    depth, covariance, weight = fit.depth[order], fit.covariance[np.ix_(order, order)], fit.white_weight[order]
    known = np.isfinite(depth)
    n_visit, errors = model.n_visit, np.sqrt(np.maximum(np.diag(lin.theta_covariance), 0.0))
    duration, impact = state.theta[n_visit : n_visit + 2]
    used = sorted({c.visit for c in chosen})
    light = [float(np.nansum(lin.nodes[node].columns[:, 0] ** 2)) for node in range(len(chosen))]
    usable = max(sum(int(u.sum()) for u in fit.usable), 1)
    clipped = sum(int(c.sum()) for c in fit.clipped) / usable
    time = {"units": "d", **visits[used[0]].time_attrs}
    scalars: dict[str, Any] = {
        "white_depth": weight[known] @ depth[known],
        "white_depth_error": np.sqrt(weight[known] @ covariance[np.ix_(known, known)] @ weight[known]),
        "chi2_reduced_white": np.average([noise.chi2_reduced for noise in fit.common], weights=light),
        "beta": np.average([noise.beta for noise in fit.common], weights=light),
        "clipped_fraction": clipped,
    }
    if model.shape == "limb-darkened":
        scalars["impact_parameter"] = np.sqrt(max(impact, 0.0))
    variables: dict[str, Any] = {
        "depth": ("wavelength", depth, {"units": ""}),
        "depth_error": ("wavelength", np.sqrt(np.diag(covariance)), {"units": ""}),
        "depth_covariance": (("wavelength", "wavelength_other"), covariance, {"units": ""}),
        "mask": ("wavelength", ~known),
        "chi2_reduced": ("wavelength", fit.chi2[order], {"units": ""}),
        "white_weight": ("wavelength", weight, {"units": ""}),
        "limb_darkening": (("coefficient", "wavelength"), limb_darkening[:, order], {"units": ""}),
        "mid_transit": ("visit", state.theta[:n_visit] + [visits[v].reference for v in used], time),
        "mid_transit_error": ("visit", errors[:n_visit], {"units": "d"}),
        "duration": ((), float(duration), {"units": "d"}),
        "duration_error": ((), float(errors[n_visit]), {"units": "d"}),
        **{name: ((), float(value), {"units": ""}) for name, value in scalars.items()},
    }
    coords: dict[str, Any] = {
        "wavelength": ("wavelength", wavelength[order], {"units": "um"}),
        "visit": ("visit", [visits[v].label for v in used]),
        **{
            name: ("wavelength", values[order], {"units": "um"})
            for name, values in edges.items()
            if np.isfinite(values[order]).all()
        },
    }
    flags = _flags(chosen, fit)
    if lost_visits:
        flags.append("visits-lost")
    if not known.all() or len(order) < 1 + max(int(c.channel.max()) for c in curves):
        flags.append("channels-lost")
    if clipped > _MANY_CLIPPED:
        flags.append("many-clipped")
    attrs = {"shape": model.shape, "flags": " ".join(flags)}
    return xr.Dataset(variables, coords=coords, attrs=attrs)


def _flags(chosen: Sequence[LightCurves], fit: JointSpectrum) -> list[str]:
    flags = []
    ingress = 0
    for node, c in enumerate(chosen):
        first, second, third, fourth = _contacts(fit, fit.model.curves[node].visit)
        time = c.time[fit.usable[node].any(axis=0)]
        ingress += int(np.sum((time > first) & (time < second))) + int(np.sum((time > third) & (time < fourth)))
        if np.sum(time < first) < _MIN_INGRESS or np.sum(time > fourth) < _MIN_INGRESS:
            flags.append("transit-at-edge")
    if ingress < _MIN_INGRESS:
        flags.append("no-ingress")
    geometry = fit.model.geometry(fit.state.theta, 0)
    if fit.model.shape == "limb-darkened" and geometry.impact_squared > (1.0 - geometry.radius) ** 2:
        flags.append("grazing")
    if any(noise.red for noise in fit.common):
        flags.append("red-noise")
    if min(int(use.any(axis=0).sum()) for use in fit.usable) < _FEW_SAMPLES:
        flags.append("few-samples")
    if fit.coloured:
        flags.append("drift-colour")
    if fit.misfit:
        flags.append("misfit")
    return list(dict.fromkeys(flags))
