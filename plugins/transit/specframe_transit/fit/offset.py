"""What all depths of a node are off alike: the part of their errors that no fit of a single channel sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.systematics.params import CommonModeTerm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe_transit.fit.params import TransitFitParams
    from specframe_transit.fit.summary import WhiteDraws, WhiteSummary
    from specframe_transit.fit.white import WhiteFit
    from specframe_transit.systematics.params import TermParams

__all__ = ["offset_error"]


def offset_error(
    white: WhiteFit, node: int, draws: WhiteDraws, summary: WhiteSummary, params: TransitFitParams
) -> float:
    """Return the standard error that a node's depths share and that ``depth_error`` does not have.

    Channels that are fitted with the orbit of the white fit share its error: what of the variance of the white depth
    goes when the orbit is known. Channels over a common mode have their level from the white curve, and so the whole
    error of the white depth. ``channels.orbit: prior`` puts the former into ``depth_covariance``.
    """
    depth, error, _ = summary.numbers["white_depth"]
    by_orbit, whole = _variance_by_orbit(white, node, draws, depth), error**2
    shared = whole if _over_common_mode(params) else by_orbit
    known = by_orbit if params.channels.orbit == "prior" else 0.0
    return float(np.sqrt(max(shared - known, 0.0)))


def _variance_by_orbit(white: WhiteFit, node: int, draws: WhiteDraws, depth: float) -> float:
    signal = white.signals[node]
    n, at = len(signal.free), signal.size_column
    if at is None or n == 0:
        return 0.0
    pick = white.signal_picks[node]
    covariance = draws.covariance[np.ix_(pick, pick)]
    cross = covariance[:n, at]
    # orbital parameters differ in scale by many orders of magnitude
    scale = np.sqrt(np.diag(covariance)[:n])
    correlation = covariance[:n, :n] / np.outer(scale, scale)
    explained = float((cross / scale) @ np.linalg.pinv(correlation) @ (cross / scale))
    by_size = 1.0 if signal.kind == "eclipse" else 2.0 * np.sqrt(depth)
    return explained * by_size**2


def _over_common_mode(params: TransitFitParams) -> bool:
    terms = params.systematics if params.channels.systematics is None else params.channels.systematics
    models: Sequence[Sequence[TermParams]] = [terms] if params.average is None else list(params.average.models.values())
    return any(isinstance(term, CommonModeTerm) for model in models for term in model)
