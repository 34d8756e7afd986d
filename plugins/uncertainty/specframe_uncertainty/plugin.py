"""What this plugin offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_uncertainty.params import ConformalParams, ResidualParams

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the uncertainty estimators."""
    yield Component(
        kind="uncertainty",
        name="residual",
        target="specframe_uncertainty.residual:Residual",
        params=ResidualParams,
        summary="Errors per output, of the size of the residuals on targets the model did not see",
        tags=("calibration",),
    )
    yield Component(
        kind="uncertainty",
        name="conformal",
        target="specframe_uncertainty.conformal:Conformal",
        params=ConformalParams,
        summary="Split conformal intervals: they hold at the stated level, whatever the errors look like",
        tags=("calibration", "coverage", "distribution-free"),
    )
