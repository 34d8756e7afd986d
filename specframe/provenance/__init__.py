"""Runs repeated, and runs held against each other: what is the same to the last bit, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.provenance.replaying import Replay, replay_run
    from specframe.provenance.run_difference import RunDifference, diff_runs

__getattr__, __dir__ = lazy_names(
    __name__,
    {"replaying": ("Replay", "replay_run"), "run_difference": ("RunDifference", "diff_runs")},
)

__all__ = ["Replay", "RunDifference", "diff_runs", "replay_run"]
