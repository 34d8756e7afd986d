"""Problems on which the conformance suite runs estimators that only take what a model states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["one_level", "stated_errors"]


def stated_errors(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Return two problems whose predictions state their errors."""
    from specframe.testing import prediction_problem

    return {"examples": [prediction_problem(seed=seed, heteroscedastic=True) for seed in (0, 1)]}


def one_level(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Learn the bounds of one interval, from two problems of fewer targets: the suite fits some 40 times."""
    from specframe.testing import prediction_problem

    return {"params": {"levels": [0.9]}, "examples": [prediction_problem(seed=seed, n_target=150) for seed in (0, 1)]}
