"""The detrender ``injection-recovery``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.api import Detrender, make_observation, nodes
from specframe.errors import DataError
from specframe_transit.fit.transit_fit import TransitFit
from specframe_transit.fit.white import fit_white
from specframe_transit.injection.channel_refit import ChannelRefit
from specframe_transit.injection.coverage import coverage_of, effective_number
from specframe_transit.injection.params import InjectionRecoveryParams
from specframe_transit.injection.synthetic_curves import inject

if TYPE_CHECKING:
    import xarray as xr

    from specframe.api.observation import Level

__all__ = ["InjectionRecovery"]

_FLAGS = ("errors-too-small", "errors-too-large")


class InjectionRecovery(Detrender):
    """Tests the errors of ``transit-fit`` with transits of known depth in the real residuals.

    For each node, ``number`` light curves are made of the systematics, limb darkening, mask and residuals of randomly
    chosen channels, moved in time so that red noise stays, with transits of random depths at the fitted orbit. They are
    fitted as the channels were. See :func:`~specframe_transit.injection.synthetic_curves.inject` and
    ``docs/how-to/injection-recovery.md``.

    Nodes gain ``injection_depth_true``, ``injection_depth`` and ``injection_depth_error (injection)``, and without
    dims ``injection_coverage_68`` and ``injection_coverage_95``, the fractions of intervals that hold the truth, with
    their binomial errors ``injection_coverage_68_error`` and ``injection_coverage_95_error``; ``injection_bias``, the
    mean of measured less injected depth, and its standard error ``injection_bias_error``; and ``injection_pull_std``,
    1 for right errors. Flags: ``errors-too-small`` or ``errors-too-large`` where a coverage is off by more than two
    of its errors.

    Raises
    ------
    DataError
        When no node comes from ``transit-fit``.

    Notes
    -----
    ``curve = systematics x transit(known depth) + residuals moved in time``; coverage is the fraction of ``|depth -
    known depth| <= z depth_error``, z = 1 and 1.96.
    """

    name = "injection-recovery"
    Params: ClassVar[type[InjectionRecoveryParams]] = InjectionRecoveryParams
    params: InjectionRecoveryParams
    consumes: ClassVar[tuple[Level, ...]] = ("light-curves", "depths")
    produces: ClassVar[tuple[Level, ...]] = ("light-curves", "depths")

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation with the results of the test; see the class for what nodes gain."""
        given = dict(nodes(observation))
        fitted = {path: data for path, data in given.items() if "fit" in data.attrs}
        if not fitted:
            raise DataError(
                "injection-recovery tests the errors of transit-fit, and no light curves come from it: put "
                "'detrend: transit-fit' before this step"
            )
        fit = TransitFit(**json.loads(next(iter(fitted.values())).attrs["fit"]))
        curves = [fit.curves(path, _before_the_fit(data)) for path, data in fitted.items()]
        white = fit_white(curves, fit.params)
        results = dict(given)
        for node, (path, data) in enumerate(fitted.items()):
            refit = ChannelRefit.of(curves[node], white, node, fit.params)
            results[path] = self._tested(data, refit, self.params.seed + node)
        attrs = {str(name): value for name, value in observation.attrs.items() if name != "target"}
        return make_observation(observation.attrs["target"], results, **attrs)

    def _tested(self, data: xr.Dataset, refit: ChannelRefit, seed: int) -> xr.Dataset:
        own = self.params
        injections = inject(
            refit.fitted,
            refit.signal,
            refit.model,
            number=own.number,
            depth_range=own.depth_range,
            seed=seed,
            positive=refit.params.signal == "transit",
        )
        measured = refit.measure(injections.flux, injections.channel)
        beta = measured.beta if refit.params.errors.red_noise else np.ones_like(measured.beta)
        effective = effective_number(own.number, len(np.unique(injections.channel)), refit.in_transit)
        coverage = coverage_of(
            injections.depth, measured.depth, beta * measured.lower, beta * measured.upper, effective
        )
        gained: dict[str, Any] = {
            "injection_depth_true": ("injection", injections.depth),
            "injection_depth": ("injection", measured.depth),
            "injection_depth_error": ("injection", beta * measured.error),
            "injection_coverage_68": ((), coverage.inside_68),
            "injection_coverage_68_error": ((), coverage.error_68),
            "injection_coverage_95": ((), coverage.inside_95),
            "injection_coverage_95_error": ((), coverage.error_95),
            "injection_bias": ((), coverage.bias),
            "injection_bias_error": ((), coverage.bias_error),
            "injection_pull_std": ((), coverage.pull_std),
        }
        flags = [word for word in str(data.attrs.get("flags", "")).split() if word not in _FLAGS]
        if coverage.flag:
            flags.append(coverage.flag)
        tested = data.assign({name: (*value, {"units": ""}) for name, value in gained.items()})
        return tested.assign_attrs(flags=" ".join(flags))


def _before_the_fit(data: xr.Dataset) -> xr.Dataset:
    """Return the node with the limb darkening that the fit was given, in place of that which it found."""
    before = data.drop_vars(["limb_darkening", "limb_darkening_given"], errors="ignore")
    if "limb_darkening_given" not in data:
        return before
    return before.assign(limb_darkening=data["limb_darkening_given"].rename(coefficient_given="coefficient"))
