"""With a bound on memory a target that needs too much is set aside, and everything else goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from specframe import Pipeline
from specframe.errors import UsageError
from specframe.executors.memory import enforced

if TYPE_CHECKING:
    from collections.abc import Mapping

TINY = Path(__file__).parents[2] / "benchmarks" / "tiny_targets.py"

pytestmark = pytest.mark.skipif(not enforced(), reason="only Linux holds such a limit")


def _pipeline(load: Mapping[str, object]) -> Pipeline:
    steps = [{"id": "data", "load": "tiny", "with": load}, {"id": "transit", "detrend": "tiny-depths"}]
    return Pipeline(steps, plugin_files=[TINY])


#: In a process of its own: that of the other tests may have more memory already.
SCRIPT = """
import json, sys
from pathlib import Path
from specframe import Pipeline
from specframe.executors.memory import memory_limit
if __name__ == "__main__":
    load, plugin, out, options = (json.loads(argument) for argument in sys.argv[1:])
    steps = [{"id": "data", "load": "tiny", "with": load}, {"id": "transit", "detrend": "tiny-depths"}]
    pipeline = Pipeline(steps, plugin_files=[Path(plugin)])
    run = pipeline.run(out, quiet=True, **options)
    assert memory_limit() is None
    again = pipeline.run(out, quiet=True)
    print(json.dumps([run.set_aside, again.exit_status, again.manifest["timings"]["targets_from_store"]]))
"""


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_a_target_that_needs_more_is_set_aside_and_told_of(tmp_path: Path, executor: str) -> None:
    # 20 MiB each, but 1000 MiB for one: a third of 1.8 GB is enough for the others
    load = {"n_targets": 4, "frames": 20, "excess": 50, "large": ["t0000002"]}
    options = {"executor": executor, "memory": {"serial": "900MB", "process": "1.8GB"}[executor]}
    options |= {} if executor == "serial" else {"workers": 2}
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    arguments = [json.dumps(value) for value in (load, str(TINY), str(tmp_path / "out"), options)]
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=True)
    set_aside, status, stored = json.loads(done.stdout.splitlines()[-1])
    assert [entry["target"] for entry in set_aside] == ["t0000002"]
    reason = set_aside[0]["reason"]
    assert "MemoryError: Unable to allocate" in reason
    share = {"serial": 900, "process": 600}[executor]
    assert f"not enough memory: this process may have {share} MB; more with --memory, or fewer --workers" in reason
    assert (status, stored) == (0, 3)  # again, without a bound: only that one was left to do


def test_too_little_for_the_libraries_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give at least 1800MB"):
        _pipeline({}).run(tmp_path / "out", executor="process", workers=2, memory="500MB", quiet=True)
    assert not (tmp_path / "out").exists()


def test_a_cluster_has_limits_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dask worker --memory-limit"):
        _pipeline({}).run(tmp_path / "out", executor="dask", memory="5GB", quiet=True)
