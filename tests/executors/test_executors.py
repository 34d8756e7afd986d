"""Serial and process executors: the same results, whatever dies."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from crew_of import Doer

from specframe.errors import RunError, UsageError
from specframe.executors.choice import executing, make_executor
from specframe.executors.executor import Lost
from specframe.executors.job import Job
from specframe.executors.memory import enforced
from specframe.executors.process import ProcessExecutor
from specframe.executors.serial import SerialExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specframe.executors.executor import Executor


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(2) as executor:
        yield executor


@pytest.fixture(params=["serial", "process"])
def executor(request: pytest.FixtureRequest, pool: ProcessExecutor) -> Executor:
    return pool if request.param == "process" else SerialExecutor()


def job(folder: Path) -> Job[str, str]:
    return Job(Doer, folder)


def test_every_task_comes_back_with_its_result(executor: Executor, tmp_path: Path) -> None:
    tasks = [f"square {i}" for i in range(20)]
    assert dict(executor.map(job(tmp_path), tasks)) == {f"square {i}": str(i * i) for i in range(20)}


def test_no_tasks_are_done_at_once(executor: Executor, tmp_path: Path) -> None:
    assert list(executor.map(job(tmp_path), [])) == []


def test_an_error_that_is_not_the_tasks_own_ends_the_work(executor: Executor, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot fly"):
        list(executor.map(job(tmp_path), ["square 2", "fly"]))


def test_what_components_say_and_tell_arrives(
    executor: Executor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    executor.tell = told.append
    with caplog.at_level(logging.WARNING):
        list(executor.map(job(tmp_path), ["say hello", "tell more"]))
    deadline = time.monotonic() + 10
    while not told and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "said hello" in caplog.messages
    assert told == ["told more"]


def test_what_components_said_before_an_error_arrives_too(
    executor: Executor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(RunError, match="failed 7"):
        list(executor.map(job(tmp_path), ["say-and-fail 7"]))
    assert [record.getMessage() for record in caplog.records if record.name == "doer"] == ["said 7"]


def test_a_listener_that_fails_holds_nobody_up(pool: ProcessExecutor, tmp_path: Path) -> None:
    def gone(text: str) -> None:
        raise BrokenPipeError

    pool.tell, before = gone, pool.tell
    try:
        # far more than a pipe holds that nobody reads
        assert [result for _, result in pool.map(job(tmp_path), ["tell-much 1000"])] == ["told"]
    finally:
        pool.tell = before


@pytest.mark.skipif(not enforced(), reason="only Linux holds such a limit")
def test_a_worker_that_has_more_memory_than_its_share_as_it_begins_says_so(tmp_path: Path) -> None:
    with ProcessExecutor(1) as executor:
        executor.share = 2**20
        with pytest.raises(UsageError, match=r"memory limit leaves 1 MB .* give more with --memory"):
            list(executor.map(job(tmp_path), ["square 2"]))


def test_workers_of_past_jobs_do_not_stay(tmp_path: Path) -> None:
    workers = [Doer(tmp_path) for _ in range(20)]
    there = [weakref.ref(worker) for worker in workers]
    for worker in workers:
        Job.of(worker)
    del workers, worker
    gc.collect()
    assert sum(ref() is not None for ref in there) < 10


def test_serial_work_is_done_here_and_that_of_processes_is_not(pool: ProcessExecutor, tmp_path: Path) -> None:
    assert dict(SerialExecutor().map(job(tmp_path), ["pid"])) == {"pid": str(os.getpid())}
    assert dict(pool.map(job(tmp_path), ["pid"])) != {"pid": str(os.getpid())}


def test_processes_compute_with_one_thread_and_this_one_keeps_its_own(
    pool: ProcessExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with ProcessExecutor(1) as own:
        assert dict(own.map(job(tmp_path), ["threads"])) == {"threads": "1"}
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_a_task_whose_worker_was_killed_is_run_again_and_so_are_those_beside_it(
    pool: ProcessExecutor, tmp_path: Path
) -> None:
    tasks = ["square 1", "die-once a", "square 2", "square 3", "die-once b", "square 4"]
    assert dict(pool.map(job(tmp_path), tasks)) == {
        "square 1": "1",
        "die-once a": "alive",
        "square 2": "4",
        "square 3": "9",
        "die-once b": "alive",
        "square 4": "16",
    }


def test_a_task_that_always_ends_its_worker_is_lost_and_no_other(pool: ProcessExecutor, tmp_path: Path) -> None:
    done = dict(pool.map(job(tmp_path), ["square 5", "die", "square 6", "square 7"]))
    lost = done.pop("die")
    assert isinstance(lost, Lost)
    assert "died" in lost.reason
    assert done == {"square 5": "25", "square 6": "36", "square 7": "49"}


def test_whoever_has_seen_enough_does_not_wait_for_the_rest(tmp_path: Path) -> None:
    with ProcessExecutor(1) as own:
        begin = time.monotonic()
        results = own.map(job(tmp_path), ["square 2", "slow 60"])
        assert next(results) == ("square 2", "4")
        results.close()  # type: ignore[attr-defined]
        own.close()
        assert time.monotonic() - begin < 30
    assert not (tmp_path / "slept").exists()


def test_processes_end_with_the_main_one_however_it_ends(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os, signal, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\n"
        "from crew_of import Doer\n"
        "from specframe.executors.job import Job\n"
        "from specframe.executors.process import ProcessExecutor\n"
        "if __name__ == '__main__':\n"
        "    for task, pid in ProcessExecutor(1).map(Job(Doer, Path('.')), ['pid']):\n"
        "        print(pid, flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    pid = int(done.stdout)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert done.returncode == -9
    assert not Path(f"/proc/{pid}").exists()


def test_a_script_without_a_main_guard_is_told_what_to_write(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\n"
        "from crew_of import Doer\n"
        "from specframe.executors.job import Job\n"
        "from specframe.executors.process import ProcessExecutor\n"
        "list(ProcessExecutor(1).map(Job(Doer, Path('.')), ['square 2']))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "__main__" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "name"),
    [({}, "serial"), ({"workers": 1}, "serial"), ({"workers": 3}, "process"), ({"name": "process"}, "process")],
)
def test_workers_alone_are_processes(options: dict[str, object], name: str) -> None:
    assert make_executor(**options).name == name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "slurm"}, "unknown executor 'slurm'; there are serial, process, dask"),
        ({"name": "process", "workers": 0}, "workers must be at least 1, got 0"),
        ({"name": "process", "scheduler": "tcp://a:1"}, "--scheduler tcp://a:1 is for --executor dask"),
        ({"name": "serial", "workers": 4}, "--workers 4 is for --executor process or dask"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_executor(**options)  # type: ignore[arg-type]


def test_an_executor_that_is_given_stays_open(tmp_path: Path) -> None:
    with ProcessExecutor(1) as mine:
        before = dict(mine.map(job(tmp_path), ["pid"]))
        with executing(mine) as same:
            assert same is mine
        assert dict(mine.map(job(tmp_path), ["pid"])) == before
        with (
            pytest.raises(UsageError, match="say workers, scheduler and memory where it is made"),
            executing(mine, workers=2),
        ):
            pass


def test_a_pool_that_cannot_hand_out_tasks_ends_the_run_instead_of_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the system gives this process no more threads: the pool's own thread ends, and no result ever comes."""
    monkeypatch.setattr("specframe.executors.process._LOOK", 0.2)
    monkeypatch.setattr("multiprocessing.queues.Queue._start_thread", _refused)
    monkeypatch.setattr("threading.excepthook", lambda arguments: None)
    with ProcessExecutor(1) as own, pytest.raises(RunError, match="could not go on handing out tasks"):
        list(own.map(job(tmp_path), ["square 2", "square 3"]))


def _refused(queue: object) -> None:
    raise RuntimeError("can't start new thread")
