"""Workers of these tests are imported by other processes, which get this one's path."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.append(str(Path(__file__).parent))

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dask_processes import DaskProcesses


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    """A scheduler with two workers; tests leave it as they found it."""
    from dask_processes import DaskProcesses, wait_for

    processes = DaskProcesses(tmp_path_factory.mktemp("dask"))
    try:
        processes.add()
        processes.add()
        wait_for(lambda: processes.there() == 2)
        yield processes
    finally:
        processes.close()
