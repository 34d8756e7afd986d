"""Work in several processes on this machine, which may die."""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from specframe.errors import RunError, UsageError
from specframe.executors.executor import Crew, Executor, Lost
from specframe.executors.memory import memory_shares
from specframe.executors.pool import Pool
from specframe.progress.messages import hand_on, said_before

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from specframe.executors.job import Job
    from specframe.progress.messages import Message

__all__ = ["ProcessExecutor"]

Task = TypeVar("Task")
Result = TypeVar("Result")

#: A task that was alone in the pool and took its worker with it so often is given up.
_TRIES = 2
#: Tasks for each worker that are under way: one that it works on, one that waits beside it.
_AHEAD = 2
#: Seconds without any result after which we look whether anybody is at work.
_LOOK = 20.0


class ProcessExecutor(Executor):
    """Processes on this machine.

    A task whose worker dies (killed, or out of memory) is run again, alone; one that ends its worker then too is lost,
    the others go on.

    Parameters
    ----------
    workers
        Number of processes; by default as many as there are cores.
    memory
        Bytes that all of them and this one may have together; each worker is held to its share, see
        :mod:`specframe.executors.memory`.
    """

    name: ClassVar[str] = "process"

    def __init__(self, workers: int | None = None, memory: int | None = None) -> None:
        super().__init__()
        self._workers = workers or os.cpu_count() or 1
        #: Bytes that a worker may have.
        self.share = None if memory is None else memory_shares(memory, self._workers)[1]
        self._pool: Pool | None = None

    @property
    def workers(self) -> int:
        """Number of processes."""
        return self._workers

    @contextmanager
    def crew(self, job: Job[Task, Result]) -> Iterator[Crew[Task, Result]]:
        """Work in the pool, which the crews of a run share."""
        crew = _Crew(self, job)
        try:
            yield crew
        except BaseException:
            self.renew()  # nobody waits for what the processes are at
            raise
        finally:
            crew.give_up()

    @property
    def pool(self) -> Pool:
        """The processes that there are now."""
        if self._pool is None:
            self._pool = Pool(self._workers, self._heard, self.share)
        return self._pool

    def renew(self) -> None:
        """End all processes at once; the next task gets new ones."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.end()

    def close(self) -> None:
        """End the processes."""
        self.renew()

    def allowed(self) -> str:
        """Say how much memory a worker may have, where that is limited."""
        return "" if self.share is None else f": --memory gives it {self.share / 1e6:.0f} MB"

    def _heard(self, text: str) -> None:
        self.tell(text)


@dataclass
class _Attempt(Generic[Task]):
    task: Task
    #: How often it was alone in the pool when the pool broke.
    alone: int = 0


class _Crew(Generic[Task, Result]):
    """Tasks of one job in the pool of an executor."""

    def __init__(self, executor: ProcessExecutor, job: Job[Task, Result]) -> None:
        self._executor = executor
        self._job = job
        self._waiting: deque[_Attempt[Task]] = deque()
        #: Tasks that were in the pool when it broke: run one by one, the guilty one is found.
        self._suspects: deque[_Attempt[Task]] = deque()
        self._running: dict[Future[tuple[Any, list[Message]]], _Attempt[Task]] = {}

    def has_room(self) -> bool:
        under_way = len(self._running) + len(self._waiting) + len(self._suspects)
        return under_way < _AHEAD * self._executor.workers

    def submit(self, task: Task) -> None:
        self._waiting.append(_Attempt(task))
        self._start()

    def finished(self) -> Iterator[tuple[Task, Result | Lost]]:
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        self._start()
        done, _ = wait(self._running, _LOOK, return_when=FIRST_COMPLETED)
        if self._running and not done and self._executor.pool.broken():
            yield from self._recover(list(self._running.values()))
            return
        if self._running and not done and self._executor.pool.deserted():
            raise RunError(
                "this process could not go on handing out tasks, for want of memory or threads most likely: give more "
                "with --memory, or use fewer --workers; the same command goes on from what is stored"
            )
        broken: list[_Attempt[Task]] = []
        for future in done:
            attempt = self._running.pop(future)
            try:
                result, messages = future.result()
            except BrokenProcessPool:
                broken.append(attempt)
                continue
            except Exception as error:
                hand_on(said_before(error))
                raise
            hand_on(messages)
            yield attempt.task, result
        if broken:
            yield from self._recover([*broken, *self._running.values()])

    def give_up(self) -> None:
        """Forget the tasks that have not begun."""
        for future in self._running:
            future.cancel()

    def _start(self) -> None:
        if self._suspects:
            if not self._running and self._run(self._suspects[0]):
                self._suspects.popleft()
            return
        while self._waiting and self._run(self._waiting[0]):
            self._waiting.popleft()

    def _run(self, attempt: _Attempt[Task]) -> bool:
        """Begin a task, unless the pool is broken: those that were in it come first then."""
        from concurrent.futures.process import BrokenProcessPool

        try:
            self._running[self._executor.pool.submit(self._job, attempt.task)] = attempt
        except BrokenProcessPool:
            if self._running:
                return False
            self._executor.renew()  # an idle process was killed
            return self._run(attempt)
        return True

    def _recover(self, attempts: list[_Attempt[Task]]) -> Iterator[tuple[Task, Lost]]:
        """Begin again with new processes; of one task that was alone, count it."""
        pool = self._executor.pool
        started = pool.began()
        self._running.clear()
        self._executor.renew()
        if pool.refused:
            raise UsageError(pool.refused)
        if not started:
            raise RunError(
                "the worker processes end as they begin. A Python script that runs a pipeline in processes needs "
                "'if __name__ == \"__main__\":' around it; else see above what they printed"
            )
        if len(attempts) == 1:
            attempts[0].alone += 1
        for attempt in attempts:
            if attempt.alone >= _TRIES:
                yield (
                    attempt.task,
                    Lost(
                        f"the process that worked on it died {_TRIES} times with nothing else at work (killed, or out "
                        f"of memory{self._executor.allowed()})"
                    ),
                )
            else:
                self._suspects.append(attempt)
