"""Channels of a node fitted with several models of their systematics, and averaged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe_transit.fit.channels import ChannelFit, fit_channels
from specframe_transit.inference.averaging import aicc, average, bic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.params import AverageParams, TransitFitParams
    from specframe_transit.fit.white import WhiteFit

    Array = NDArray[np.float64]

__all__ = ["fit_models"]


def fit_models(
    curves: Curves, white: WhiteFit, node: int, params: TransitFitParams, models: AverageParams
) -> tuple[ChannelFit, dict[str, Array]]:
    """Return the average over the models, and the weight (n_channel,) of each.

    All models see the same samples: what any of them clips, none uses. Model, residuals and noise are those of the
    model of largest weight, channel by channel; beta is its as well. A model that cannot be fitted has no weight.

    Raises
    ------
    DataError
        When no model can be fitted.
    """
    names = list(models.models)
    firsts = [fit_channels(curves, white, node, params, models.models[name]) for name in names]
    clipped = np.any([fit.clipped for fit in firsts], axis=0)
    use = curves.use & ~clipped
    same = replace(
        curves, use=use, flux=np.where(use, curves.flux, 0.0), flux_error=np.where(use, curves.flux_error, np.inf)
    )
    unclipped = params.model_copy(update={"clip_sigma": None})
    fits = [fit_channels(same, white, node, unclipped, models.models[name]) for name in names]
    likelihood = np.array([-0.5 * fit.criterion for fit in fits])
    k, n = np.array([fit.n_parameter for fit in fits]), np.array([fit.n_sample for fit in fits])
    criterion = bic(likelihood, k, n) if models.criterion == "bic" else aicc(likelihood, k, n)
    result = average(np.array([f.depth for f in fits]), np.array([f.error for f in fits]), criterion)
    if not np.isfinite(result.depth).any():
        raise DataError(f"node /{curves.path}: no model of {', '.join(names)} can be fitted to any channel")
    best = np.argmax(result.weight, axis=0)
    chosen = {
        name: _choose([getattr(fit, name) for fit in fits], best)
        for name in ("chi2", "scale", "jitter", "beta", "signal", "systematics", "rest", "n_parameter", "n_sample")
    }
    chosen["limb_darkening"] = _choose([fit.limb_darkening.T for fit in fits], best).T
    ratio = result.error / _choose([fit.error for fit in fits], best)
    averaged = replace(
        fits[0],
        **chosen,
        depth=result.depth,
        error=result.error,
        lower=_choose([fit.lower for fit in fits], best) * ratio,
        upper=_choose([fit.upper for fit in fits], best) * ratio,
        clipped=clipped,
        lost=~np.isfinite(result.depth),
        flags=tuple(fits[model].flags[channel] for channel, model in enumerate(best)),
        criterion=_choose(list(criterion), best),
    )
    return averaged, dict(zip(names, result.weight, strict=True))


def _choose(values: list[Array], best: NDArray[np.intp]) -> Array:
    return np.stack(values)[best, np.arange(len(best))]
