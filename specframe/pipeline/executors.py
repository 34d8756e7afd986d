"""Where targets are worked on: in this process, or in several on this machine."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from multiprocessing import parent_process
from threading import Thread
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from specframe.errors import RunError, UsageError
from specframe.pipeline.messages import Message, MessageCollector, hand_on
from specframe.pipeline.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future, ProcessPoolExecutor

    from specframe.pipeline.target import Outcome, Recipe

__all__ = ["EXECUTORS", "ExecutorName", "Worker", "map_targets", "worker_pool"]

ExecutorName = Literal["serial", "process"]
EXECUTORS: tuple[ExecutorName, ...] = get_args(ExecutorName)

#: Each worker computes with one thread: two BLAS threads on a busy machine made small factorisations 100 x slower.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class Worker(Protocol):
    """Works on one target at a time; another process makes it again from its recipe."""

    recipe: Recipe

    def __init__(self, recipe: Recipe) -> None: ...

    def process(self, target: str) -> Outcome:
        """Do all that is to be done for a target; what is wrong with the target alone is its outcome."""


_worker: Worker | None = None
#: What components say in a worker process, until the main one gets it with an outcome.
_messages = MessageCollector()


def map_targets(
    worker: Worker, targets: Sequence[str], executor: str = "serial", workers: int | None = None
) -> Iterator[Outcome]:
    """Take ``targets`` through the worker's recipe and yield each outcome as it comes.

    The results are the same to the last bit whichever executor and number of workers does it.
    """
    if executor == "serial":
        yield from _serial(worker, targets)
    elif executor == "process":
        yield from _processes(type(worker), worker.recipe, targets, workers or os.cpu_count() or 1)
    else:
        raise UsageError(f"unknown executor {executor!r}; there are {', '.join(EXECUTORS)}")


def _serial(worker: Worker, targets: Sequence[str]) -> Iterator[Outcome]:
    with one_thread():
        for target in targets:
            yield worker.process(target)


def _processes(worker: type[Worker], recipe: Recipe, targets: Sequence[str], workers: int) -> Iterator[Outcome]:
    from concurrent.futures import FIRST_COMPLETED, wait
    from concurrent.futures.process import BrokenProcessPool

    workers = max(1, min(workers, len(targets)))
    waiting = list(reversed(targets))
    with worker_pool(workers, _start_worker, worker, recipe) as pool:
        running: dict[Future[tuple[Outcome, list[Message]]], str] = {}
        try:
            while waiting or running:
                while waiting and len(running) < 2 * workers:
                    target = waiting.pop()
                    running[pool.submit(_process_target, target)] = target
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    outcome, messages = future.result()
                    hand_on(messages)
                    yield outcome
                    del running[future]
        except BrokenProcessPool:
            names = ", ".join(sorted(running.values()))
            raise RunError(
                f"a worker process died (killed, or out of memory) while these targets were being worked on: {names}. "
                "Run the same command again to go on from what is stored; use fewer --workers if memory was short. "
                "A Python script that runs a pipeline in processes needs 'if __name__ == \"__main__\":' around it."
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def worker_pool(workers: int, start: Callable[..., None], *arguments: object) -> Iterator[ProcessPoolExecutor]:
    """Give processes that compute with one thread each and end with this one, however it ends.

    Each begins with ``start(*arguments)``.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with (
        _environment(dict.fromkeys(_THREAD_VARIABLES, "1")),
        ProcessPoolExecutor(workers, get_context("spawn"), _start, (start, arguments)) as pool,
    ):
        yield pool


def _start(start: Callable[..., None], arguments: tuple[object, ...]) -> None:
    start(*arguments)
    Thread(target=_end_with_parent, daemon=True).start()


def _start_worker(worker: type[Worker], recipe: Recipe) -> None:
    global _worker  # one worker per process, made once
    logging.getLogger().addHandler(_messages)
    _worker = worker(recipe)


def _end_with_parent() -> None:
    """End this process when the main one is gone, however it ended."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _process_target(target: str) -> tuple[Outcome, list[Message]]:
    if _worker is None:
        raise RunError("the worker process was not started properly")
    outcome = _worker.process(target)
    return outcome, _messages.take()


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the processes started within."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
