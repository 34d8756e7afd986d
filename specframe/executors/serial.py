"""Work in this process, one task after the other."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from specframe.executors.executor import Crew, Executor, Lost
from specframe.executors.job import worker_for
from specframe.executors.telling import listening
from specframe.executors.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specframe.executors.job import Job, Worker

__all__ = ["SerialExecutor"]

Task = TypeVar("Task")
Result = TypeVar("Result")


class SerialExecutor(Executor):
    """The process that the run itself is in."""

    name: ClassVar[str] = "serial"

    @property
    def workers(self) -> int:
        """One."""
        return 1

    @contextmanager
    def crew(self, job: Job[Task, Result]) -> Iterator[Crew[Task, Result]]:
        """Work here, with one thread as workers elsewhere do."""
        here: _Here[Task, Result] = _Here(worker_for(job))
        with one_thread(), listening(self.tell):
            yield here


class _Here(Generic[Task, Result]):
    def __init__(self, worker: Worker[Task, Result]) -> None:
        self._worker = worker
        self._tasks: list[Task] = []

    def has_room(self) -> bool:
        return not self._tasks

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def finished(self) -> Iterator[tuple[Task, Result | Lost]]:
        task = self._tasks.pop(0)
        yield task, self._worker.process(task)
