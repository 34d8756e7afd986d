"""The file that keeps the trials of a search is never half written."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from specframe.errors import RunError
from specframe.tuning.trials import Journal, Trial

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_that_the_disk_does_not_take_leaves_no_half_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    journal = Journal(path)
    journal.begin({"pipeline": "a"})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, before[1]))  # a file may not grow further
    try:
        with pytest.raises(RunError, match="cannot write"):
            journal.begun(Trial(0, {"fit.alpha": 1.0}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.begun(Trial(0, {"fit.alpha": 2.0}))
    assert Journal(path).trials[0].values == {"fit.alpha": 2.0}
