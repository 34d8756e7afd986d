"""Parameters of ``injection-recovery``."""

from __future__ import annotations

from pydantic import field_validator

from specframe.api import Field, Params

__all__ = ["InjectionRecoveryParams"]


class InjectionRecoveryParams(Params):
    """Parameters of ``injection-recovery``."""

    number: int = Field(200, ge=20, le=20_000, description="Number of synthetic light curves of each node.")
    depth_range: tuple[float, float] = Field(
        (0.5, 1.5),
        description="Least and largest injected depth over the measured one of the channel. A depth below three of its "
        "errors is injected within three errors of itself instead.",
    )
    seed: int = Field(0, ge=0, description="Seed of depths, channels and moves of the residuals.")

    @field_validator("depth_range")
    @classmethod
    def _ascends(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 < value[0] < value[1]:
            raise ValueError(f"expected [least, largest] with 0 < least < largest, got [{value[0]:g}, {value[1]:g}]")
        return value
