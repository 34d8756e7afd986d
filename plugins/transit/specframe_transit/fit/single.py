"""Depth of a node that has one channel: that of the white fit, which has fitted the same light curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.fit.params import StdParams
from specframe_transit.fit.stars import AUTO_STD
from specframe_transit.inference.params import LaplaceParams

if TYPE_CHECKING:
    from specframe_transit.fit.params import TransitFitParams
    from specframe_transit.fit.summary import WhiteDraws, WhiteSummary
    from specframe_transit.fit.white import WhiteFit

__all__ = ["WhiteDepth", "depth_of_white"]

_QUANTILES = (0.158655, 0.841345)


@dataclass(frozen=True)
class WhiteDepth:
    """Depth of a white curve and its errors, orbit, limb darkening and correlated noise in them."""

    depth: float
    error: float
    lower: float
    upper: float


def depth_of_white(
    white: WhiteFit, node: int, draws: WhiteDraws, summary: WhiteSummary, params: TransitFitParams
) -> WhiteDepth | None:
    """Return the depth of a node's only channel, or None where white fit and channel fit have different models.

    Channels are fitted with the orbit of the white fit, which is right for the shape of a spectrum: an error of the
    orbit moves all depths together. A photometer's one depth has no shape. Its error must hold what is not known of
    orbit and limb darkening, as that of the white fit does.
    """
    limb = params.limb_darkening
    own = params.white.systematics if params.white.systematics is not None else params.systematics
    terms = params.channels.systematics if params.channels.systematics is not None else params.systematics
    given = limb.coefficients != "data" or white.whole[node].limb_darkening is not None
    auto = StdParams(std=AUTO_STD) if given else "free"
    free = [auto if freedom == "auto" else freedom for freedom in (limb.white, limb.channels)]
    alike = own == terms and not params.white.exclude and params.average is None and free[0] == free[1]
    if not alike:
        return None
    depth, error, _ = summary.numbers["white_depth"]
    if not error > 0.0:
        return None
    if isinstance(params.white.method, LaplaceParams):
        return WhiteDepth(depth, error, error, error)
    signal, pick = white.signals[node], white.signal_picks[node]
    sizes = np.array([signal.size_at(values[pick]) for values in draws.draws[:, : len(white.values)]])
    low, high = np.quantile(sizes if signal.kind == "eclipse" else sizes**2, _QUANTILES)
    lower, upper = float(depth - low), float(high - depth)
    return WhiteDepth(depth, 0.5 * (lower + upper), lower, upper)
