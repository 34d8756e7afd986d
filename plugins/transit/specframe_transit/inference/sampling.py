"""One way to draw from a posterior, whatever the method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.errors import DataError
from specframe_transit.inference.ensemble import ensemble
from specframe_transit.inference.laplace import laplace
from specframe_transit.inference.nested import nested
from specframe_transit.inference.params import DynestyParams, EmceeParams

if TYPE_CHECKING:
    from specframe_transit.inference.params import MethodParams
    from specframe_transit.inference.posterior import Posterior, Samples

__all__ = ["sample"]


def sample(posterior: Posterior, method: MethodParams, seed: int) -> Samples:
    """Draw from a posterior; the same seed gives the same draws.

    Raises
    ------
    ParameterError, UnavailableComponentError
        Where the method cannot run: see :func:`~specframe_transit.inference.nested.nested`.
    DataError
        Where nothing is free.
    """
    if not posterior.parameters:
        raise DataError("nothing to sample: every nonlinear parameter is fixed; give one of them a prior")
    if isinstance(method, EmceeParams):
        return ensemble(posterior, method, seed)
    if isinstance(method, DynestyParams):
        return nested(posterior, method, seed)
    return laplace(posterior, method, seed)
