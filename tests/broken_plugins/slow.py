"""A plugin whose module works before anybody has asked for a component."""

from __future__ import annotations

import time
from typing import Any

from specframe.api import Component, Params, Score, hookimpl

_END = time.process_time() + 0.7
while time.process_time() < _END:
    pass


class MeanError(Score):
    """Mean of the absolute errors."""

    name = "mean-error"

    def score(self, prediction: Any, truth: Any) -> float:
        return float(abs(prediction["mean"] - truth).mean())


@hookimpl
def specframe_components() -> Any:
    yield Component(
        kind="score",
        name="mean-error",
        target="slow:MeanError",
        params=Params,
        summary="Mean of the absolute errors",
        tags=("import-budget",),
    )
