"""The fit of the channels of a node, repeated on synthetic curves of the same channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.fit.averaging import fit_models
from specframe_transit.fit.channels import fit_channels
from specframe_transit.fit.signal import ChannelEclipse, ChannelTransit
from specframe_transit.fit.stars import LimbDarkening
from specframe_transit.inference.params import LaplaceParams
from specframe_transit.injection.synthetic_curves import Fitted
from specframe_transit.systematics.common_mode import channels_within, common_mode, divide
from specframe_transit.systematics.params import CommonModeTerm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.channels import ChannelFit
    from specframe_transit.fit.params import TransitFitParams
    from specframe_transit.fit.white import WhiteFit
    from specframe_transit.systematics.params import TermParams

    Array = NDArray[np.float64]
    Rows = NDArray[np.intp]

__all__ = ["ChannelRefit"]


@dataclass(frozen=True)
class ChannelRefit:
    """The channel fit ``fit`` of a node, and the means to repeat it.

    ``curves`` are those that were fitted, already divided by a common mode, which ``params`` then do not have.
    """

    curves: Curves
    white: WhiteFit
    node: int
    params: TransitFitParams
    fit: ChannelFit

    @classmethod
    def of(cls, curves: Curves, white: WhiteFit, node: int, params: TransitFitParams) -> ChannelRefit:
        """Fit the channels of a node as ``transit-fit`` does, by the orbit of the white fit."""
        terms = params.systematics if params.channels.systematics is None else params.channels.systematics
        # what an uncertain orbit adds to all depths alike is not in the residuals of the channels
        channels: dict[str, object] = {"orbit": "fixed", "systematics": terms}
        modes = [_common_mode_divided(terms)]
        average = params.average
        if average is not None:
            modes = [_common_mode_divided(model) for model in average.models.values()]
        if modes[0] is not None and all(mode == modes[0] for mode in modes):
            curves = _divided(curves, white, node, params, modes[0])
            channels["systematics"] = _undivided(terms)
            if average is not None:
                models = {name: _undivided(model) for name, model in average.models.items()}
                average = average.model_copy(update={"models": models})
        params = params.model_copy(update={"channels": params.channels.model_copy(update=channels), "average": average})
        return cls(curves, white, node, params, _fit(curves, white, node, params))

    @property
    def fitted(self) -> Fitted:
        """What injections are made of; samples that were clipped are not used."""
        fit = self.fit
        model = fit.signal * fit.systematics
        use = self.curves.use & ~fit.clipped & ~fit.lost[:, None]
        return Fitted(
            systematics=np.where(use, fit.systematics, 1.0),
            residual=np.where(use, fit.rest / np.where(use, model, 1.0), 0.0),
            error=np.where(use, self.curves.flux_error, 1.0),
            use=use,
            depth=fit.depth,
            depth_error=fit.error,
            n_parameter=fit.n_parameter,
        )

    @property
    def in_transit(self) -> float:
        """Fraction of the times at which the signal is at least half of what it is at most."""
        first = np.flatnonzero(~self.fit.lost)[:1]
        signal = self.signal(np.full(1, 1e-2), first)[0]
        change = signal.max() - signal
        return float((change > 0.5 * change.max()).mean())

    def signal(self, depth: Array, channel: Rows) -> Array:
        """Return the relative flux (n_injection, n_time) of depths in channels, with the limb darkening of the fit."""
        orbit, curves = self.white.orbit(self.node), self.curves
        rows = np.arange(len(channel))
        signal = self.white.signals[self.node]
        if self.params.signal == "eclipse":
            return ChannelEclipse(orbit, curves.time, curves.exposure, signal.radius_ratio).flux(depth[:, None], rows)
        stars = LimbDarkening(signal.stars.law, "fixed", self.fit.limb_darkening[:, channel])
        return ChannelTransit(orbit, curves.time, curves.exposure, stars).flux(depth[:, None], rows)

    def measure(self, flux: Array, channel: Rows, *, errors: bool = True) -> ChannelFit:
        """Fit curves (n_injection, n_time) as those of their channels were; quicker where only the model counts."""
        chosen = self.curves.only(channel)
        use = self.fitted.use[channel]
        curves = replace(chosen, flux=flux, use=use, flux_error=np.where(use, chosen.flux_error, np.inf))
        params = self.params
        if not errors:
            channels = params.channels.model_copy(update={"method": LaplaceParams()})
            params = params.model_copy(update={"clip_sigma": None, "channels": channels})
        return _fit(curves, self.white, self.node, params)

    def model(self, flux: Array, channel: Rows) -> Array:
        """Return the model (n_injection, n_time) that is fitted to curves."""
        fit = self.measure(flux, channel, errors=False)
        return fit.signal * fit.systematics


def _fit(curves: Curves, white: WhiteFit, node: int, params: TransitFitParams) -> ChannelFit:
    if params.average is not None:
        return fit_models(curves, white, node, params, params.average)[0]
    return fit_channels(curves, white, node, params, params.channels.systematics or ())


def _common_mode_divided(terms: Sequence[TermParams]) -> CommonModeTerm | None:
    return next((term for term in terms if isinstance(term, CommonModeTerm) and term.how == "divide"), None)


def _undivided(terms: Sequence[TermParams]) -> tuple[TermParams, ...]:
    return tuple(term for term in terms if term != _common_mode_divided(terms))


def _divided(curves: Curves, white: WhiteFit, node: int, params: TransitFitParams, term: CommonModeTerm) -> Curves:
    """Return the channels over the common mode, as the fit of the channels divides them."""
    whole, part = white.whole[node], np.zeros(curves.n_channel)
    if term.wavelength is None:
        part[slice(*(params.white.channels or (0, None)))] = 1.0
    else:
        within = channels_within(curves, term.wavelength)
        whole, part[within] = curves.white(within), 1.0
    mode = common_mode(whole.flux[0], whole.flux_error[0], white.signal(node), whole.use[0])
    light = curves.level * part * curves.use.any(axis=1)
    return divide(curves, mode, light / light.sum())
