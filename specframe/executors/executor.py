"""What every executor offers: crews that take tasks and give results, whoever works on them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from specframe.executors.job import Job
    from specframe.executors.premises import Premises

__all__ = ["Crew", "Executor", "Lost"]

Task = TypeVar("Task")
Result = TypeVar("Result")
_Task = TypeVar("_Task")
_Result = TypeVar("_Result", covariant=True)


@dataclass(frozen=True)
class Lost:
    """Stands for the result of a task that took its worker with it as often as it was tried."""

    reason: str


class Crew(Protocol, Generic[_Task, _Result]):
    """Works on the tasks of one job."""

    def has_room(self) -> bool:
        """Whether another task would be begun soon: who waits with the rest can still choose what comes next."""

    def submit(self, task: _Task) -> None:
        """Take a task."""

    def finished(self) -> Iterator[tuple[_Task, _Result | Lost]]:
        """Wait until something is done, and yield tasks and their results.

        An error that is not the task's own, :class:`RunError` or :class:`UsageError`, is raised.
        """


class Executor(ABC):
    """Where tasks are worked on.

    Results are the same to the last bit whichever executor and number of workers does it. What it needs (processes,
    a connection) is made when the first crew is asked for and given back by :meth:`close`.
    """

    name: ClassVar[str]

    def __init__(self) -> None:
        #: Takes what workers tell while they are at a task, a line at a time.
        self.tell: Callable[[str], None] = _silent
        #: What must be the same on other machines that work on the tasks; ``None``: that is not looked at.
        self.premises: Premises | None = None

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many tasks are worked on at a time, as far as that is known now; 1: nothing is done beside this."""

    @abstractmethod
    def crew(self, job: Job[Task, Result]) -> AbstractContextManager[Crew[Task, Result]]:
        """Give a crew for a job; on leaving, what it still works on is given up."""

    def map(self, job: Job[Task, Result], tasks: Sequence[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        """Yield each task and its result, as they are done."""
        waiting, running = list(reversed(tasks)), 0
        with self.crew(job) as crew:
            while waiting or running:
                while waiting and crew.has_room():
                    crew.submit(waiting.pop())
                    running += 1
                for done in crew.finished():
                    running -= 1
                    yield done

    def close(self) -> None:  # noqa: B027 - not every executor holds anything
        """Give back what was needed; a new crew makes it again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _silent(text: str) -> None:
    """Tell nobody."""
