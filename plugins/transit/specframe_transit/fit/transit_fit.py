"""The detrender ``transit-fit``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from specframe.api import Detrender, make_observation, nodes
from specframe.errors import DataError
from specframe_transit.curves import curves_of
from specframe_transit.fit.averaging import fit_models
from specframe_transit.fit.channels import fit_channels
from specframe_transit.fit.node import node_with_results
from specframe_transit.fit.params import TransitFitParams
from specframe_transit.fit.summary import draw_white, summarise
from specframe_transit.fit.white import fit_white

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.observation import Level
    from specframe_transit.curves import Curves

__all__ = ["TransitFit"]

_SECONDS_PER_DAY = 86400.0


class TransitFit(Detrender):
    """Measures the spectrum of a transit or an eclipse: white curves first, then all channels with their orbit.

    flux = signal x (sum of the terms of systematics), with the linear coefficients of the terms solved exactly at each
    step and marginalised in all errors. The white curves of all nodes are fitted together: orbit shared, radius ratio
    (or eclipse depth) and limb darkening per instrument, systematics per node. Then the channels of each node, with the
    orbit of the white fit, all at once. See ``docs/explanation/transit-fit.md``.

    Each node gains ``depth`` = (Rp/R*)^2 (or Fp/F*), ``depth_error``, ``depth_error_lower``, ``depth_error_upper``,
    ``chi2_reduced`` (with the errors of the data), ``error_inflation`` (what these were multiplied by), ``beta``
    (correlated noise), ``channel_flags (wavelength)``; ``model``, ``detrended_flux`` (flux over systematics),
    ``clipped (wavelength, time)``; ``limb_darkening (coefficient, wavelength)``; ``white_flux``, ``white_flux_error``,
    ``white_model``, ``white_systematics``, ``white_mask (time)``; ``white_sample (draw, white_parameter)``; and, with
    no dims and each with its ``_error``, ``white_depth``, ``radius_ratio``, ``mid_transit`` (d, the file's clock),
    ``impact_parameter``, ``duration`` (T14, d), ``semi_major_axis`` (R*), ``inclination`` (deg) and ``period`` (d).
    ``depth_offset_error`` is the standard error that all depths of a node share and ``depth_error`` does not have.
    Channels that cannot be fitted have NaN and the channel flag ``masked``.

    Raises
    ------
    DataError
        When a node has no light curves, lacks what the model needs, or no transit is in its window.
    ParameterError
        When a prior is impossible.

    Notes
    -----
    ``flux(t) / level = S(t; depth, orbit, limb darkening) sum_k c_k A_k(t; theta) + process(t) + noise``: S the transit
    or the eclipse, A the columns of the terms, of which the first is 1, c their linear coefficients, theta what is not
    linear in them. Errors are those of ``(J^T J - J^T L (L^T L)^-1 L^T J + priors)^-1`` with the whitened derivatives J
    by the nonlinear parameters and L by the coefficients.

    References
    ----------
    - Mandel & Agol 2002, ApJ 580, L171, doi:10.1086/345520
    - Agol, Luger & Foreman-Mackey 2020, AJ 159, 123, doi:10.3847/1538-3881/ab4fee
    - Kipping 2013, MNRAS 435, 2152, doi:10.1093/mnras/stt1435
    - Pont, Zucker & Queloz 2006, MNRAS 373, 231 (time averaging), doi:10.1111/j.1365-2966.2006.11012.x
    - Winn et al. 2008, ApJ 683, 1076 (beta), doi:10.1086/589737
    - Foreman-Mackey et al. 2013, PASP 125, 306 (emcee), doi:10.1086/670067
    - Speagle 2020, MNRAS 493, 3132 (dynesty), doi:10.1093/mnras/staa278
    - Foreman-Mackey et al. 2017, AJ 154, 220 (Gaussian processes in time), doi:10.3847/1538-3881/aa9332
    """

    name = "transit-fit"
    Params: ClassVar[type[TransitFitParams]] = TransitFitParams
    params: TransitFitParams
    produces: ClassVar[tuple[Level, ...]] = ("depths",)

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation with depths; see the class for what a node gains."""
        params = self.params.of_target(str(observation.attrs["target"]))
        given = dict(nodes(observation))
        curves = [self.curves(path, data) for path, data in given.items()]
        white = fit_white(curves, params)
        draws = draw_white(white, params)
        terms = params.systematics if params.channels.systematics is None else params.channels.systematics
        results = {}
        for at, (own, (path, data)) in enumerate(zip(curves, given.items(), strict=True)):
            if params.average is None:
                fit = fit_channels(own, white, at, params, terms)
                weights: dict[str, NDArray[np.float64]] = {}
            else:
                fit, weights = fit_models(own, white, at, params, params.average)
            summary = summarise(white, draws, at)
            results[path] = node_with_results(data, own, white, at, fit, draws, summary, weights, params)
        attrs = {str(name): value for name, value in observation.attrs.items() if name != "target"}
        return make_observation(observation.attrs["target"], results, **attrs)

    def curves(self, path: str, data: xr.Dataset) -> Curves:
        """Return what is fitted of a node: its light curves, with the exposure time that was asked for."""
        if path == "spectrum/joint":
            raise DataError("the joint spectrum of transit-joint has no light curves; transit-fit goes in its place")
        curves = curves_of(path, data)
        if self.params.exposure_time is not None:
            curves = replace(curves, exposure=float(self.params.exposure_time) / _SECONDS_PER_DAY)
        return curves
