"""Parameters of the detrender ``out-of-transit``."""

from __future__ import annotations

from specframe.api import Field, Params

__all__ = ["OutOfTransitParams"]


class OutOfTransitParams(Params):
    """Parameters of ``out-of-transit``."""

    order: int = Field(2, ge=0, le=5, description="Order of the polynomial in time that is fitted out of transit.")
    margin: float = Field(
        0.15,
        ge=0,
        lt=0.5,
        description="Where contact times are not known: part of the duration that is left out around both edges.",
    )
