"""Executors by name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, get_args

from specframe.errors import UsageError
from specframe.executors.executor import Executor
from specframe.executors.memory import limited_memory, memory_shares

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EXECUTORS", "ExecutorName", "executing", "make_executor"]

ExecutorName = Literal["serial", "process", "dask"]
EXECUTORS: tuple[ExecutorName, ...] = get_args(ExecutorName)


def make_executor(
    name: str | None = None, workers: int | None = None, scheduler: str | None = None, memory: int | None = None
) -> Executor:
    """Make an executor; nothing is started yet.

    Parameters
    ----------
    name
        ``"serial"``, ``"process"`` or ``"dask"``; by default the one that the other parameters are for.
    workers
        Number of processes, or of workers of a local Dask cluster; by default as many as there are cores.
    scheduler
        Address of a Dask scheduler that is running.
    memory
        Bytes that worker processes of this machine, and the main one, may have together. Where nothing else is said
        there is then one worker.

    Raises
    ------
    UsageError
        When there is no such executor, or it does not take what is given.
    """
    if name is None:
        name = "dask" if scheduler is not None else "serial" if workers in (None, 1) and memory is None else "process"
        if name == "process" and workers is None:
            workers = 1  # some libraries end the process when memory fails: it is not to be that of the run
    if name not in EXECUTORS:
        raise UsageError(f"unknown executor {name!r}; there are {', '.join(EXECUTORS)}")
    if workers is not None and workers < 1:
        raise UsageError(f"workers must be at least 1, got {workers}")
    if scheduler is not None and name != "dask":
        raise UsageError(f"--scheduler {scheduler} is for --executor dask, not {name}")
    if memory is not None and name == "dask":
        raise UsageError("--memory is for this machine's own processes; start workers with dask worker --memory-limit")
    if name == "serial" and workers not in (None, 1):
        raise UsageError(f"--workers {workers} is for --executor process or dask: serial is this process alone")
    if name == "serial":
        from specframe.executors.serial import SerialExecutor

        return SerialExecutor()
    if name == "process":
        from specframe.executors.process import ProcessExecutor

        return ProcessExecutor(workers, memory)
    from specframe.executors.dask import DaskExecutor

    return DaskExecutor(workers, scheduler)


@contextmanager
def executing(
    executor: str | Executor | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    memory: int | None = None,
) -> Iterator[Executor]:
    """Give an executor by its name, and close it; one that is given stays open, for whoever made it.

    With ``memory``, this process is held to its share of it meanwhile. Raises :class:`UsageError` as
    :func:`make_executor`.
    """
    if isinstance(executor, Executor):
        if workers is not None or scheduler is not None or memory is not None:
            raise UsageError(
                f"an executor is given, {executor.name}: say workers, scheduler and memory where it is made"
            )
        yield executor
        return
    with make_executor(executor, workers, scheduler, memory) as made:
        beside = made.workers if made.name != "serial" else 0
        with limited_memory(None if memory is None else memory_shares(memory, beside)[0]):
            yield made
