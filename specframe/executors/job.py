"""What workers are told to do: a job, and the worker that a process makes for it once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import uuid4

__all__ = ["Job", "Worker", "worker_for"]

Task = TypeVar("Task")
Result = TypeVar("Result")
_Task = TypeVar("_Task", contravariant=True)
_Result = TypeVar("_Result", covariant=True)


class Worker(Protocol[_Task, _Result]):
    """Works on one task at a time; another process makes it again from its recipe, which is plain data."""

    recipe: Any

    def __init__(self, recipe: Any) -> None: ...

    def process(self, task: _Task) -> _Result:
        """Do a task; what is wrong with the task alone is its result."""


@dataclass(frozen=True)
class Job(Generic[Task, Result]):
    """Tasks of one sort: who works on them, as plain data that travels with every task."""

    worker: type[Worker[Task, Result]]
    recipe: Any
    #: Tells a process whether it has made the worker already.
    id: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    def of(cls, worker: Worker[Task, Result]) -> Job[Task, Result]:
        """Return the job of a worker that is there already: it does what is done in this process."""
        job = cls(type(worker), worker.recipe)
        _keep(job.id, worker)
        return job


#: So many workers of past jobs stay in a process: a run goes back and forth between few.
_KEPT = 4
_workers: OrderedDict[str, Worker[Any, Any]] = OrderedDict()


def worker_for(job: Job[Task, Result]) -> Worker[Task, Result]:
    """Return the worker of a job in this process, made when the job is seen first."""
    worker = _workers[job.id] if job.id in _workers else job.worker(job.recipe)
    _keep(job.id, worker)
    return worker


def _keep(job_id: str, worker: Worker[Any, Any]) -> None:
    _workers[job_id] = worker
    _workers.move_to_end(job_id)
    while len(_workers) > _KEPT:
        _workers.popitem(last=False)
