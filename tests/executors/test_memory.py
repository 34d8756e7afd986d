"""A process gets no more memory than it may have, and says so in time."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from specframe.errors import UsageError
from specframe.executors.choice import make_executor
from specframe.executors.memory import data_in_use, enforced, limited_memory, memory_limit, memory_shares

pytestmark = pytest.mark.skipif(not enforced(), reason="only Linux holds such a limit")

MIB = 2**20


def test_within_the_block_an_array_beyond_the_limit_raises_and_one_below_it_does_not() -> None:
    with limited_memory(data_in_use() + 200 * MIB):
        held = np.ones(50 * MIB // 8)
        with pytest.raises(MemoryError):
            np.ones(400 * MIB // 8)
        assert held.sum() == held.size  # the process goes on
    assert np.ones(400 * MIB // 8).size == 50 * MIB
    assert memory_limit() is None


def test_a_limit_below_what_is_in_use_is_refused() -> None:
    with pytest.raises(UsageError, match=r"leaves 1 MB for a process that has \d+ MB already"), limited_memory(MIB):
        pass


def test_python_objects_count_too() -> None:
    code = (
        "from specframe.executors.memory import data_in_use, limit_memory\n"
        "limit_memory(data_in_use() + 50 * 2**20)\n"
        "try:\n    found = [bytes(1000) for _ in range(100_000)]\n"
        "except MemoryError:\n    print('stopped')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "stopped\n"


def test_the_memory_is_divided_among_all_processes() -> None:
    assert memory_shares(4_000_000_001, 3) == (1_000_000_001, 1_000_000_000)
    assert memory_shares(1_000_000_000, 0)[0] == 1_000_000_000
    main, worker = memory_shares(7_000_000_007, 6)
    assert main + 6 * worker == 7_000_000_007


def test_too_little_for_the_workers_says_how_much_is_needed() -> None:
    with pytest.raises(UsageError, match=r"leaves 250 MB for each of 4 processes.*give at least 2400MB"):
        memory_shares(1_000_000_000, 3)
    with pytest.raises(UsageError, match="too little: give at least 600MB"):
        memory_shares(100_000_000, 0)


def test_memory_alone_is_one_worker_so_that_a_library_that_aborts_does_not_end_the_run() -> None:
    with make_executor(memory=1_500_000_000) as executor:
        assert (executor.name, executor.workers) == ("process", 1)
    with make_executor("serial", memory=1_000_000_000) as executor:
        assert executor.name == "serial"
    with make_executor(workers=2, memory=2_000_000_000) as executor:
        assert (executor.name, executor.workers) == ("process", 2)
