"""Problems on which the conformance suite runs estimators that only take what a model states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["stated_errors"]


def stated_errors(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Return two problems whose predictions state their errors."""
    from specframe.testing import prediction_problem

    return {"examples": [prediction_problem(seed=seed, heteroscedastic=True) for seed in (0, 1)]}
