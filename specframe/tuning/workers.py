"""Where trials are judged: in this process, or in several on this machine."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from specframe.errors import RunError
from specframe.pipeline.executors import worker_pool
from specframe.tuning.objective import Judge, Judgement, Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future, ProcessPoolExecutor
    from pathlib import Path

    from specframe.pipeline.run import Session

__all__ = ["Judges", "judges"]


class Judges(Protocol):
    """Takes tasks and gives their judgements."""

    def has_room(self) -> bool:
        """Whether another trial can be begun."""

    def submit(self, task: Task) -> None:
        """Take a task."""

    def finished(self) -> Iterator[tuple[int, Judgement]]:
        """Wait until something is judged, and yield trial and judgement."""


@contextmanager
def judges(session: Session, score: str, workers: int) -> Iterator[Judges]:
    """Give who judges trials, in ``workers`` processes; one is this process."""
    out, plugin_files = session.directory.path, session.plugin_files
    if workers == 1:
        yield _Here(Judge(out, score, plugin_files))
        return
    with worker_pool(workers, _start, out, score, plugin_files) as pool:
        try:
            yield _Processes(pool, workers)
        except BaseException:
            _end_all()
            raise


class _Here:
    """Judges in this process, one trial after the other."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._tasks: list[Task] = []

    def has_room(self) -> bool:
        return not self._tasks

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def finished(self) -> Iterator[tuple[int, Judgement]]:
        task = self._tasks.pop(0)
        yield task.number, self._judge.judge(task)


class _Processes:
    """Judges in a pool of processes."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self._pool = pool
        self._workers = workers
        self._futures: dict[Future[Judgement], int] = {}

    def has_room(self) -> bool:
        return len(self._futures) < self._workers

    def submit(self, task: Task) -> None:
        self._futures[self._pool.submit(_judge_task, task)] = task.number

    def finished(self) -> Iterator[tuple[int, Judgement]]:
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        done, _ = wait(self._futures, return_when=FIRST_COMPLETED)
        try:
            for future in sorted(done, key=lambda future: self._futures[future]):
                yield self._futures.pop(future), future.result()
        except BrokenProcessPool:
            running = ", ".join(str(number) for number in sorted(self._futures.values()))
            raise RunError(
                f"a worker process died (killed, or out of memory); trials {running} were running. The same command "
                "goes on with them; use fewer --workers if memory was short"
            ) from None


_judge: Judge | None = None


def _start(out: Path, score: str, plugin_files: tuple[Path, ...]) -> None:
    global _judge  # one per process, made once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends the others
    _judge = Judge(out, score, plugin_files)


def _judge_task(task: Task) -> Judgement:
    if _judge is None:
        raise RunError("the worker process was not started properly")
    return _judge.judge(task)


def _end_all() -> None:
    """End the processes at once: what they are at is run again."""
    from multiprocessing import active_children

    for child in active_children():
        child.terminate()
