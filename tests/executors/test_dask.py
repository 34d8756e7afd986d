"""The executor dask on real schedulers and workers: the same results, whoever dies, and nobody works who is unfit."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import dask
import pytest
from crew_of import Doer, said_versions
from dask_processes import DaskProcesses, wait_for
from distributed import Client

from specframe.errors import ConfigError, InputFileError, RunError, SpecframeError, UsageError
from specframe.executors import DaskExecutor
from specframe.executors.executor import Lost
from specframe.executors.job import Job
from specframe.executors.premises import Premises

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def executor(cluster: DaskProcesses) -> Iterator[DaskExecutor]:
    with DaskExecutor(scheduler=cluster.address) as made:
        yield made


def job(folder: Path) -> Job[str, str]:
    return Job(Doer, folder)


def test_every_task_comes_back_with_its_result(executor: DaskExecutor, tmp_path: Path) -> None:
    assert executor.workers == 2
    tasks = [f"square {i}" for i in range(20)]
    assert dict(executor.map(job(tmp_path), tasks)) == {f"square {i}": str(i * i) for i in range(20)}
    assert list(executor.map(job(tmp_path), [])) == []


def test_an_error_that_is_not_the_tasks_own_ends_the_work(executor: DaskExecutor, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot fly"):
        list(executor.map(job(tmp_path), ["square 2", "fly"]))


@pytest.mark.parametrize(
    "error", [InputFileError("a.fits", "is cut short"), ConfigError("two problems", ("a", "b")), UsageError("no")]
)
def test_errors_arrive_as_they_were_raised(error: SpecframeError, executor: DaskExecutor) -> None:
    with pytest.raises(type(error)) as caught:
        list(executor.map(Job(Doer, error), ["raise"]))  # type: ignore[arg-type]
    assert str(caught.value) == str(error)
    assert vars(caught.value) | {"specframe_place": None} == vars(error) | {"specframe_place": None}


def test_what_components_say_and_tell_arrives(
    executor: DaskExecutor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    executor.tell = told.append
    with caplog.at_level(logging.WARNING):
        list(executor.map(job(tmp_path), ["say hello", "tell more", "say bye", "square 2"]))
    wait_for(lambda: bool(told), 10)
    assert sorted(text for text in caplog.messages if text.startswith("said")) == ["said bye", "said hello"]
    assert told == ["told more"]


def test_what_a_task_tells_arrives_while_it_is_at_work(executor: DaskExecutor, tmp_path: Path) -> None:
    told: list[bool] = []
    executor.tell = lambda text: told.append((tmp_path / "slept").exists())
    list(executor.map(job(tmp_path), ["tell-and-sleep 2"]))
    assert told == [False]


def test_a_worker_with_more_threads_works_on_one_task_at_a_time(tmp_path: Path) -> None:
    processes = DaskProcesses(tmp_path)
    try:
        processes.add("--nthreads", "4", "--no-nanny", env={"OMP_NUM_THREADS": "4"})
        with DaskExecutor(scheduler=str(processes.file)) as executor:
            done = dict(executor.map(job(tmp_path), [f"alone {i}" for i in range(6)]))
            assert done == {f"alone {i}": "alone" for i in range(6)}
            assert dict(executor.map(job(tmp_path), ["threads"])) == {"threads": "1"}
    finally:
        processes.close()


def test_tasks_of_workers_that_are_killed_are_run_again(
    executor: DaskExecutor, cluster: DaskProcesses, tmp_path: Path
) -> None:
    tasks = ["square 1", "die-once a", "square 2", "square 3", "die-once b", "square 4"]
    assert dict(executor.map(job(tmp_path), tasks)) == {
        "square 1": "1",
        "die-once a": "alive",
        "square 2": "4",
        "square 3": "9",
        "die-once b": "alive",
        "square 4": "16",
    }


def test_a_task_that_always_ends_its_worker_is_lost_and_no_other(executor: DaskExecutor, tmp_path: Path) -> None:
    done = dict(executor.map(job(tmp_path), ["square 5", "die", *(f"square {i}" for i in range(6, 12))]))
    lost = done.pop("die")
    assert isinstance(lost, Lost)
    assert "died 4 times" in lost.reason
    assert done == {f"square {i}": str(i * i) for i in range(5, 12)}


def test_a_machine_that_is_lost_with_all_it_runs_is_survived_and_another_one_used(
    executor: DaskExecutor, cluster: DaskProcesses, tmp_path: Path
) -> None:
    late = cluster.add()
    wait_for(lambda: cluster.there() == 3)
    results = executor.map(job(tmp_path), [f"nap {i}" for i in range(24)])
    done = [next(results) for _ in range(3)]
    cluster.end(late)  # nanny and worker
    cluster.end(cluster.workers.pop(0))
    cluster.add()
    done += results
    assert sorted(done) == sorted((f"nap {i}", str(i)) for i in range(24))
    wait_for(lambda: cluster.there() == 2)


def test_work_waits_for_the_first_worker_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("specframe.executors.dask._LONELY", 0.5)
    monkeypatch.setattr("specframe.executors.connection._CONNECT", 3.0)
    processes = DaskProcesses(tmp_path)
    try:
        with DaskExecutor(scheduler=processes.address) as executor:
            starter = threading.Timer(2.0, processes.add)
            starter.start()
            assert dict(executor.map(job(tmp_path), ["square 3"])) == {"square 3": "9"}
            starter.join()
            assert f"no worker is there for the Dask scheduler at {processes.address}" in caplog.text
            processes.end(processes.workers.pop())
            with dask.config.set({"specframe.no-workers-timeout": "2s"}), pytest.raises(RunError) as caught:
                list(executor.map(job(tmp_path), ["square 3"]))
            assert "had no workers that can be used for 2 s; the same command goes on" in str(caught.value)

            processes.add()
            results = executor.map(job(tmp_path), ["square 2", "slow 60"])
            assert next(results) == ("square 2", "4")
            processes.end(processes.scheduler)
            begin = time.monotonic()
            with pytest.raises(RunError, match=f"scheduler at {processes.address} is gone.*the same command goes on"):
                list(results)
            assert time.monotonic() - begin < 30
    finally:
        processes.close()


def premises(folder: Path, *versions: str) -> Premises:
    return Premises(folder, partial(said_versions, versions))


def test_a_worker_with_other_code_gets_no_tasks(
    executor: DaskExecutor, cluster: DaskProcesses, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = cluster.add("--name", "other", env={"SAID_VERSION": "0.9"})
    try:
        wait_for(lambda: cluster.there() == 3)
        executor.premises = premises(tmp_path, "plugin specframe_linear")
        tasks = [f"nap {i}" for i in range(12)]
        assert dict(executor.map(job(tmp_path), tasks)) == {f"nap {i}": str(i) for i in range(12)}
        assert f"on {socket.gethostname()}: plugin specframe_linear is 0.9 there, 1.0 here: it gets no" in caplog.text
        assert not (tmp_path / ".probe").exists()
    finally:
        cluster.end(other)
        cluster.workers.remove(other)
        wait_for(lambda: cluster.there() == 2)


def test_workers_that_are_all_unfit_end_the_run_with_what_differs(
    executor: DaskExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAID_VERSION", "1.1")
    executor.premises = premises(tmp_path, "numpy")
    with pytest.raises(UsageError, match=r"no worker of .* can be used: .*numpy is 1\.0 there, 1\.1 here"):
        list(executor.map(job(tmp_path), ["square 1", "square 2"]))


def test_a_folder_that_workers_do_not_share_ends_the_run(
    executor: DaskExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor.premises = premises(tmp_path)
    # a probe that is not written here is what a folder of another machine looks like from there
    monkeypatch.setattr(Path, "write_text", lambda path, text, encoding: len(text))
    monkeypatch.setattr("specframe.executors.premises._SEEN", 0.5)
    with pytest.raises(UsageError, match="is not the folder that it is here"):
        list(executor.map(job(tmp_path), ["square 1"]))


def test_a_client_that_is_given_stays_open(cluster: DaskProcesses, tmp_path: Path) -> None:
    with Client(cluster.address, set_as_default=False) as client:
        with DaskExecutor(scheduler=client) as executor:
            assert dict(executor.map(job(tmp_path), ["square 3"])) == {"square 3": "9"}
        assert client.status == "running"
        assert client.submit(abs, -3).result() == 3


def test_the_address_in_dasks_configuration_is_used(cluster: DaskProcesses, tmp_path: Path) -> None:
    with dask.config.set({"scheduler-address": cluster.address}), DaskExecutor() as executor:
        list(executor.map(job(tmp_path), ["square 3"]))
        assert executor.connection.address == cluster.address


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x", "somewhere/scheduler.json"])
def test_an_address_where_no_scheduler_is_is_named(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("specframe.executors.connection._CONNECT", 0.5)
    with DaskExecutor(scheduler=address) as executor, pytest.raises(UsageError, match=address):
        list(executor.map(job(tmp_path), ["square 3"]))


def test_an_address_without_a_port_is_refused_at_once_and_leaves_nothing_behind() -> None:
    script = "from specframe.executors.connection import connect\nconnect('127.0.0.1')"
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert time.monotonic() - begin < 15  # Dask's client needs 20 s to go
    assert "missing port number" in done.stderr.splitlines()[-1]
    assert "Exception ignored" not in done.stderr


def test_workers_and_a_scheduler_are_not_given_both() -> None:
    with pytest.raises(UsageError, match=r"leave out --workers 2: .* the cluster of --scheduler has its own"):
        DaskExecutor(2, "tcp://127.0.0.1:1")


def test_without_distributed_the_command_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'specframe\[dask\]'"):
        DaskExecutor(2)


def test_a_local_cluster_ends_with_the_main_process_however_it_ends(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(  # without a main guard: none is needed
        "import os, signal, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\n"
        "from crew_of import Doer\n"
        "from specframe.executors import DaskExecutor\n"
        "from specframe.executors.job import Job\n"
        "executor = DaskExecutor(1)\n"
        "tasks = ['threads', 'pid']\n"
        "print(*(done for _, done in executor.map(Job(Doer, Path('.')), tasks)), flush=True)\n"
        "print(os.environ.get('OMP_NUM_THREADS'), sorted(os.listdir('.')), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    env = {**os.environ, "OMP_NUM_THREADS": "3"}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path, env=env
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    first, second = done.stdout.splitlines()
    assert second == "3 ['script.py']"
    pid = next(word for word in first.split() if word != "1")
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), 20)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Have Ctrl-C heard: Python leaves it ignored where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_a_local_cluster_at_once(tmp_path: Path) -> None:
    with DaskExecutor(1) as executor:
        results = executor.map(job(tmp_path), ["pid", "slow 60"])
        pid = next(results)[1]
        wait_for((tmp_path / "begun").exists)
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            list(results)
        assert time.monotonic() - begin < 30
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), 5)
    assert not (tmp_path / "slept").exists()
