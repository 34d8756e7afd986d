"""Draws: one prediction many times over, from which an uncertainty estimator sees how much it varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from specframe.errors import UsageError

__all__ = ["DrawSource", "Draws"]

#: What varies between the draws; see :class:`Draws`.
DrawSource = Literal["seeds", "targets", "folds", "out-of-fold", "inputs", "dropout", "weights"]


@dataclass(frozen=True)
class Draws:
    """What an uncertainty estimator wants to find as ``samples (sample, target, output)`` of a prediction.

    The pipeline makes them from the last model before the estimator, by ``source``:

    ``seeds``
        The model fitted ``count`` times on the same targets with other seeds. ``mean`` becomes the mean of the
        members, and where each states a ``std`` of its own, ``std`` their root mean square.
    ``folds``
        The same of ``count`` models, each fitted without one of ``count`` folds of the training targets.
    ``targets``
        The model fitted ``count`` times on groups drawn with replacement (bootstrap). ``mean`` stays.
    ``out-of-fold``
        The models that made the out-of-fold predictions that ``fit`` gets, whose ``fold (target)`` says which of them
        predicted a target; sample ``k`` of a new target is by the model without fold ``k``. ``count`` is not used,
        and in ``fit`` there are no samples. ``mean`` stays.
    ``inputs``
        The fitted model on inputs drawn ``count`` times within their errors (``<input>_error``). ``mean`` stays.
    ``dropout``, ``weights``
        What the model's own :meth:`~specframe.api.Model.draws` returns. ``mean`` stays.

    Sources that fit again (the first four) cost as many fits in the final fit and in each fold.
    """

    source: DrawSource
    count: int = 1

    def __post_init__(self) -> None:
        if self.source not in get_args(DrawSource):
            raise UsageError(f"draws: source must be one of {', '.join(get_args(DrawSource))}, got {self.source!r}")
        if self.count < 1:
            raise UsageError(f"draws: count must be at least 1, got {self.count}")

    @property
    def refits(self) -> bool:
        """Whether the model is fitted again for each draw."""
        return self.source in ("seeds", "folds", "targets")
