"""A plugin whose module imports what only its component needs."""

from __future__ import annotations

from typing import Any

import scipy.stats

from specframe.api import Component, Params, Score, hookimpl


class RankCorrelation(Score):
    """One minus the rank correlation of prediction and truth."""

    name = "rank-correlation"

    def score(self, prediction: Any, truth: Any) -> float:
        ranked = scipy.stats.spearmanr(prediction["mean"].values.ravel(), truth.values.ravel(), nan_policy="omit")
        return 1.0 - float(ranked.statistic)


@hookimpl
def specframe_components() -> Any:
    yield Component(
        kind="score",
        name="rank-correlation",
        target="heavy:RankCorrelation",
        params=Params,
        summary="One minus the rank correlation",
        tags=("import-budget",),
    )
