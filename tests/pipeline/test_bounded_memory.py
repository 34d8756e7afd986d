"""With a bound on memory a target that needs too much is set aside, and everything else goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from specframe import Pipeline
from specframe.errors import UsageError
from specframe.executors.memory import enforced, memory_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

TINY = Path(__file__).parents[2] / "benchmarks" / "tiny_targets.py"

pytestmark = pytest.mark.skipif(not enforced(), reason="only Linux holds such a limit")


def _pipeline(load: Mapping[str, object]) -> Pipeline:
    steps = [{"id": "data", "load": "tiny", "with": load}, {"id": "transit", "detrend": "tiny-depths"}]
    return Pipeline(steps, plugin_files=[TINY])


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_a_target_that_needs_more_is_set_aside_and_told_of(tmp_path: Path, executor: str) -> None:
    # 20 MiB each, but 1000 MiB for one: a third of 1.8 GB is enough for the others
    pipeline = _pipeline({"n_targets": 4, "frames": 20, "excess": 50, "large": ["t0000002"]})
    memory = {"serial": "900MB", "process": "1.8GB"}[executor]
    workers = {} if executor == "serial" else {"workers": 2}
    run = pipeline.run(tmp_path / "out", executor=executor, memory=memory, quiet=True, **workers)
    assert [entry["target"] for entry in run.set_aside] == ["t0000002"]
    reason = run.set_aside[0]["reason"]
    assert "MemoryError: Unable to allocate" in reason
    share = {"serial": 900, "process": 600}[executor]
    assert f"not enough memory: this process may have {share} MB; more with --memory, or fewer --workers" in reason
    assert run.predictions.sizes["target"] == 3
    assert memory_limit() is None

    again = pipeline.run(tmp_path / "out", quiet=True)  # without a bound only that one is left to do
    assert (again.exit_status, again.manifest["timings"]["targets_from_store"]) == (0, 3)


def test_too_little_for_the_libraries_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give at least 900MB"):
        _pipeline({}).run(tmp_path / "out", executor="process", workers=2, memory="500MB", quiet=True)
    assert not (tmp_path / "out").exists()


def test_a_cluster_has_limits_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dask worker --memory-limit"):
        _pipeline({}).run(tmp_path / "out", executor="dask", memory="5GB", quiet=True)
