"""The detrender ``transit-polynomial``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.api import Detrender, make_observation, nodes
from specframe.errors import DataError
from specframe_transit.contacts import (
    TOO_FEW_SAMPLES,
    Transit,
    WhiteCurve,
    check_baseline,
    find_transit,
    trapezoid,
    white_curve,
)
from specframe_transit.light_curves import as_days, given_contacts, usable_samples
from specframe_transit.params import TransitPolynomialParams
from specframe_transit.polynomial import fit_depths, fittable_channels, trend_covariance, truncated_variance

if TYPE_CHECKING:
    import xarray as xr

    from specframe.api.observation import Level

__all__ = ["TransitPolynomial"]


class TransitPolynomial(Detrender):
    """Measures transit depths with a polynomial baseline: flux = polynomial(time) * (1 - depth * shape(time)).

    The contacts are found on the white light curve of each visit, all its instruments together, or taken from
    ``contact_time``. Then every channel is fitted by weighted linear least squares, iteratively clipped; masked
    samples and samples without a positive ``flux_error`` take no part. ``shape`` is 1 between second and third contact,
    0 out of transit; ingress and egress are left out, or fitted as a straight slope.

    Each node gains ``depth``, ``depth_error``, ``chi2_reduced (wavelength)``, ``model`` and ``detrended_flux`` (flux
    over polynomial), ``clipped (wavelength, time)``, ``contact_time (contact)`` and ``trend (wavelength, order)``:
    the Legendre coefficients of the polynomial over its constant one, on the used times scaled to -1 ... 1. A trend and
    a transit resemble each other, so a model that learns from ``[depth, trend]`` corrects what the polynomial took from
    the depth. With ``trend_covariance: true`` there is also that of the depth and the terms of the trend,
    ``trend_covariance (wavelength, term, term_other)``, the depth first: ``trend-shrinkage`` makes of it how much the
    polynomial took. ``flux``, ``flux_error`` and ``mask`` stay as they are. Channels that have too few samples, whose
    baseline is not positive everywhere, or that do not scatter at all (so that their error would be 0) get NaN.

    The depth is that of a flat-bottomed dip. Stars are darker at the limb, so it is not exactly (Rp/R*)^2: it is
    larger for a central transit and smaller for a grazing one, by about a tenth in the visible and a few percent in the
    infrared. A model that learns from it takes that out; where nothing is learned, fit a transit model.

    Raises
    ------
    DataError
        When no transit is found, it lies partly outside the observation, a node has no light curves, or none of its
        channels has a positive baseline.

    Notes
    -----
    ``flux(t) = polynomial(t) (1 - depth shape(t))``. For each depth the coefficients of the polynomial follow from
    linear least squares; Gauss-Newton steps move the depth.

    References
    ----------
    - Golub & Pereyra 1973, SIAM J. Numer. Anal. 10, 413 (variable projection), doi:10.1137/0710036
    """

    name = "transit-polynomial"
    Params: ClassVar[type[TransitPolynomialParams]] = TransitPolynomialParams
    params: TransitPolynomialParams
    produces: ClassVar[tuple[Level, ...]] = ("depths",)

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation with depths; see the class for what a node gains."""
        given = dict(nodes(observation))
        for path, data in given.items():
            if "flux" not in data or "time" not in data["flux"].dims:
                raise DataError(f"node /{path}: transit-polynomial needs light curves, flux (wavelength, time)")
        transits = self._transits(given)
        attrs = {str(name): value for name, value in observation.attrs.items() if name != "target"}
        detrended = {path: self._detrend(path, data, transits[path]) for path, data in given.items()}
        return make_observation(observation.attrs["target"], detrended, **attrs)

    def _transits(self, given: dict[str, xr.Dataset]) -> dict[str, Transit]:
        """Return the transit of each node, contacts in the node's own unit of time."""
        if self.params.contacts == "given":
            return {path: _given_transit(path, data) for path, data in given.items()}
        visits: dict[tuple[object, ...], list[str]] = {}
        for path, data in given.items():
            clock = (data["time"].attrs.get("time_system"), data["time"].attrs.get("time_reference"))
            visits.setdefault((path.rpartition("/")[2], *clock), []).append(path)
        transits = {}
        for paths in visits.values():
            curves = {path: _white(given[path]) for path in paths}
            usable = [curve for curve in curves.values() if curve is not None]
            if not usable:
                raise DataError(f"node /{paths[0]}: {TOO_FEW_SAMPLES}")
            transit = find_transit(usable, self.params.order, self.params.min_significance)
            for path in paths:
                contacts = transit.contacts / as_days(given[path])
                transits[path] = Transit(contacts, transit.significance)
        return transits

    def _detrend(self, path: str, data: xr.Dataset, transit: Transit) -> xr.Dataset:
        time = np.asarray(data["time"].values, float)
        flux = np.asarray(data["flux"].values, float)
        error = np.asarray(data["flux_error"].values, float)
        shape = trapezoid(time, transit.contacts)
        use = usable_samples(data)
        if self.params.ingress == "exclude":
            use = use & ((shape == 0.0) | (shape == 1.0))
        fit = fit_depths(
            time, flux, error, use, shape, self.params.order, self.params.clip_sigma, self.params.clip_iterations
        )
        scale = np.sqrt(fit.chi2_reduced) if self.params.error_scale == "scatter" else 1.0
        # Without light a depth means nothing, and an error of zero would count for everything.
        sound = np.all((fit.baseline > 0) | ~use, axis=1) & (fit.depth_error * scale > 0)
        fittable = fittable_channels(use, shape, self.params.order)
        if fittable.any() and not sound.any():
            raise DataError(
                f"node /{path}: no channel has a positive baseline and scatter around it (median flux "
                f"{np.median(flux[use]):.4g} {data['flux'].attrs['units']}), but a transit depth is a part of the "
                "star's light; check background and dark subtraction, or mask what has no light"
            )
        fit = fit.only(sound)
        model = fit.baseline * (1.0 - fit.depth[:, None] * shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            detrended = flux / fit.baseline
            trend = fit.coefficients[:, 1:] / fit.coefficients[:, :1]
        grid, units = ("wavelength", "time"), data["flux"].attrs["units"]
        gained: dict[str, Any] = {
            "depth": ("wavelength", fit.depth, {"units": ""}),
            "depth_error": ("wavelength", fit.depth_error * scale, {"units": "", "scale": self.params.error_scale}),
            "chi2_reduced": ("wavelength", fit.chi2_reduced, {"units": ""}),
            "model": (grid, model, {"units": units}),
            "detrended_flux": (grid, detrended, {"units": ""}),
            "clipped": (grid, fit.clipped),
            "contact_time": ("contact", transit.contacts, {"units": data["time"].attrs["units"]}),
        }
        attrs: dict[str, Any] = {
            "polynomial_order": self.params.order,
            "contacts": self.params.contacts,
            "clipped_fraction": float(fit.clipped.sum() / max(use.sum(), 1)),
        }
        if self.params.trend_covariance:
            truncated = 1.0 if self.params.clip_sigma is None else truncated_variance(self.params.clip_sigma)
            covariance = trend_covariance(time, error, use & ~fit.clipped, shape, fit, truncated)
            covariance *= np.square(np.broadcast_to(scale, fit.depth.shape))[:, None, None]
            gained["trend_covariance"] = (("wavelength", "term", "term_other"), covariance, {"units": ""})
        if transit.significance is not None:
            attrs["transit_significance"] = transit.significance
        # What an earlier detrender left may have other dims.
        kept = data.drop_vars(["depth_covariance", "trend", "trend_covariance", "order"], errors="ignore")
        if self.params.order > 0:
            gained["trend"] = (("wavelength", "order"), trend, {"units": ""})
            kept = kept.assign_coords(order=np.arange(1, self.params.order + 1))
        return kept.assign(gained).assign_attrs(attrs)


def _white(data: xr.Dataset) -> WhiteCurve | None:
    time = np.asarray(data["time"].values, float) * as_days(data)
    flux, error = np.asarray(data["flux"].values, float), np.asarray(data["flux_error"].values, float)
    return white_curve(time, flux, error, usable_samples(data))


def _given_transit(path: str, data: xr.Dataset) -> Transit:
    if "contact_time" not in data:
        raise DataError(f"node /{path}: contacts is 'given', but the data have no contact_time; use contacts: auto")
    contacts = given_contacts(path, data)
    check_baseline(np.asarray(data["time"].values, float), contacts)
    return Transit(contacts)
