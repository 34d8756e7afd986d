"""Work on a Dask cluster: one that is there, or one of this machine's own."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from uuid import uuid4

from specframe.errors import RunError, SpecframeError, UsageError
from specframe.executors.cluster_task import Unfit, work_on
from specframe.executors.connection import RESUME, Connection, connect, require_distributed
from specframe.executors.executor import Crew, Executor, Lost
from specframe.executors.local_cluster import LocalCluster
from specframe.executors.premises import passed
from specframe.progress.messages import hand_on, said_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from distributed import Client, Future
    from distributed.deploy.cluster import Cluster

    from specframe.executors.job import Job
    from specframe.executors.premises import Pass

__all__ = ["DaskExecutor"]

Task = TypeVar("Task")
Result = TypeVar("Result")

_logger = logging.getLogger("specframe.executors")
#: Tasks for each worker process that are under way: one that it works on, and those on their way there and back.
_AHEAD = 4
#: Seconds that we wait for a result before we look who is there.
_PULSE = 1.0
#: Seconds without workers until that is said.
_LONELY = 10.0
#: A task is given up when Dask gave it up so often: each time, so many workers died on it as the scheduler allows.
_ROUNDS = 2
#: A task is sent again when the scheduler forgot it (the connection was lost, workers were restarted), so often.
_SENT = 10
#: How long to wait for workers: dask's configuration, in a file or in ``DASK_SPECFRAME__NO_WORKERS_TIMEOUT``.
_PATIENCE = ("specframe.no-workers-timeout", "30 minutes")


class DaskExecutor(Executor):
    """Workers of a Dask cluster.

    Workers may come and go. A task whose worker dies is run again; one whose workers die again and again is run once
    more with no other beside it, and lost if they die then too. A worker that has other versions than this process, or
    another folder, is not used.

    Parameters
    ----------
    workers
        Number of workers of a cluster that is started on this machine, and ended with this; by default as many as there
        are cores.
    scheduler
        Address of a scheduler that is running (``tcp://10.0.0.1:8786``), its scheduler file, a
        ``distributed.Client`` or a cluster (``dask_jobqueue.SLURMCluster``, ...); all of them stay open. By default the
        address in Dask's configuration (``DASK_SCHEDULER_ADDRESS``), if there is one and ``workers`` are not given.
    """

    name: ClassVar[str] = "dask"

    def __init__(self, workers: int | None = None, scheduler: str | Client | Cluster | None = None) -> None:
        super().__init__()
        if workers is not None and scheduler is not None:
            raise UsageError(
                f"leave out --workers {workers}: they are for a cluster that is started on this machine; the cluster "
                "of --scheduler has its own"
            )
        require_distributed()
        import dask

        if workers is None and scheduler is None:
            scheduler = dask.config.get("scheduler-address", None)
        self._scheduler = scheduler
        self._wanted = workers or os.cpu_count() or 1
        self._cluster: LocalCluster | None = None
        self._connection: Connection | None = None

    @property
    def workers(self) -> int:
        """Number of workers that are there, each at one task; two where none came yet."""
        if self._scheduler is None:
            return self._wanted
        self.connection.refresh()
        return len(self.connection.threads) or 2

    @property
    def connection(self) -> Connection:
        """The connection that the crews share."""
        if self._connection is None:
            if self._scheduler is None:
                self._cluster = self._cluster or LocalCluster(self._wanted)
                self._connection = connect(self._cluster.address)
            else:
                self._connection = connect(self._scheduler)
        return self._connection

    @contextmanager
    def crew(self, job: Job[Task, Result]) -> Iterator[Crew[Task, Result]]:
        """Work on the cluster, which the crews of a run share."""
        connection, topic = self.connection, f"specframe-{uuid4().hex}"
        with nullcontext() if self.premises is None else passed(self.premises) as entry:
            connection.subscribe(topic, self._heard)
            crew: _Crew[Task, Result] = _Crew(self, job, topic, entry)
            try:
                yield crew
            except BaseException:
                if self._scheduler is None:
                    self.close()  # nobody waits for what its processes are at
                raise
            finally:
                crew.give_up()
                connection.unsubscribe(topic)

    def close(self) -> None:
        """Close the connection, and end the cluster that was started here."""
        connection, self._connection = self._connection, None
        cluster, self._cluster = self._cluster, None
        try:
            if connection is not None:
                connection.close()
        finally:
            if cluster is not None:
                cluster.close()

    def _heard(self, text: str) -> None:
        self.tell(text)


@dataclass(eq=False)
class _Attempt(Generic[Task]):
    task: Task
    #: How often Dask gave it up because workers died on it, and how often it was sent.
    given_up: int = 0
    sent: int = 0
    #: Addresses of the only workers that may have it; empty: any.
    only: frozenset[str] = frozenset()


class _Crew(Generic[Task, Result]):
    """Tasks of one job on a cluster."""

    def __init__(self, executor: DaskExecutor, job: Job[Task, Result], topic: str, entry: Pass | None) -> None:
        from dask import config
        from dask.utils import parse_timedelta

        self._executor = executor
        self._connection = executor.connection
        self._job = job
        self._topic = topic
        self._entry = entry
        self._patience: float = parse_timedelta(config.get(*_PATIENCE))
        self._waiting: deque[_Attempt[Task]] = deque()
        #: Tasks that many workers died with, guilty or beside a guilty one: run one by one when all others are done.
        self._suspects: deque[_Attempt[Task]] = deque()
        self._running: dict[Future[Any], _Attempt[Task]] = {}
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self._unfit: dict[str, Unfit] = {}
        self._fit = False
        #: Since when there is nobody to work, and whether that was said.
        self._lonely: float | None = None
        self._said = False

    def has_room(self) -> bool:
        self._connection.refresh()
        return len(self._running) + len(self._waiting) < _AHEAD * max(len(self._there()), 1)

    def submit(self, task: Task) -> None:
        self._waiting.append(_Attempt(task))
        self._start()

    def finished(self) -> Iterator[tuple[Task, Result | Lost]]:
        """Yield what is done; nothing after a second in which nothing was, so that new workers get tasks."""
        self._connection.refresh()
        self._look_for_workers()
        self._start()
        ended = self._wait()
        there = [future for future in ended if future.status == "finished"]
        results = dict(zip(there, self._connection.gathered(there), strict=True)) if there else {}
        for future in ended:
            if results.get(future) is None and future.status not in ("error", "cancelled"):
                future.add_done_callback(self._ended.put)  # its worker died before it was fetched: it is run again
                continue
            attempt = self._running.pop(future)
            if future.status == "cancelled":
                self._again(attempt)
            elif future.status == "error":
                yield from self._failed(attempt, future)
            elif isinstance(result := results[future], Unfit):
                self._refuse(result)
                self._waiting.appendleft(attempt)
            else:
                self._fit = True
                hand_on(result.messages)
                yield attempt.task, result.result
        self._start()

    def give_up(self) -> None:
        """Forget the tasks that have not begun."""
        running, self._running = list(self._running), {}
        self._connection.cancel(running)

    def _wait(self) -> list[Future[Any]]:
        """Wait until something is done, a second at most; return all that is."""
        ended: list[Future[Any]] = []
        try:
            ended.append(self._ended.get(timeout=_PULSE))
            while True:
                ended.append(self._ended.get_nowait())
        except Empty:
            pass
        return [future for future in dict.fromkeys(ended) if future in self._running]

    def _there(self) -> frozenset[str]:
        return frozenset(self._connection.threads) - self._unfit.keys()

    def _start(self) -> None:
        """Send what waits; suspects one by one, after all others."""
        if not self._connection.running:
            return
        there = self._there()
        if self._unfit and not there:
            return
        only = there if self._unfit else frozenset()
        while self._waiting:
            self._send(self._waiting.popleft(), only)
        if self._suspects and not self._running:
            self._send(self._suspects.popleft(), only)

    def _send(self, attempt: _Attempt[Task], only: frozenset[str]) -> None:
        attempt.only = only
        attempt.sent += 1
        future = self._connection.client.submit(
            work_on,
            self._job,
            attempt.task,
            self._topic,
            self._entry,
            key=f"specframe-{uuid4().hex}",
            workers=sorted(only) or None,
            pure=False,
        )
        self._running[future] = attempt
        future.add_done_callback(self._ended.put)

    def _again(self, attempt: _Attempt[Task]) -> None:
        """Send a task that the scheduler forgot."""
        if attempt.sent >= _SENT:
            raise RunError(
                f"the Dask scheduler at {self._connection.address} forgot a task {attempt.sent} times: its workers are "
                f"restarted again and again, or the connection breaks; {RESUME}"
            )
        self._waiting.append(attempt)

    def _failed(self, attempt: _Attempt[Task], future: Future[Any]) -> Iterator[tuple[Task, Lost]]:
        from distributed.scheduler import KilledWorker, NoValidWorkerError, NoWorkerError

        error: BaseException = future.exception()
        hand_on(said_before(error))
        if isinstance(error, KilledWorker):
            attempt.given_up += 1
            if attempt.given_up < _ROUNDS:
                self._suspects.append(attempt)
                return
            died = attempt.given_up * (error.allowed_failures + 1)
            yield (
                attempt.task,
                Lost(
                    f"the workers that it was on died {died} times, the last {error.allowed_failures + 1} with no "
                    "other task of this run (killed, or out of memory: the logs of the workers say)"
                ),
            )
        elif isinstance(error, (NoWorkerError, NoValidWorkerError)):
            raise RunError(f"the Dask scheduler at {self._connection.address} has no workers; {RESUME}") from None
        elif isinstance(error, SpecframeError):
            raise error
        elif isinstance(error, (ImportError, AttributeError)) or "deserializ" in str(error):
            why = error.__cause__ or error
            raise UsageError(
                f"the scheduler or the workers at {self._connection.address} cannot read the tasks "
                f"({type(why).__name__}: {why}): they need the same specframe, plugins and Dask as this process"
            ) from error
        else:
            raise error

    def _refuse(self, unfit: Unfit) -> None:
        """Give nothing more to a worker; end when nobody is left of those that were there."""
        if unfit.address not in self._unfit:
            self._unfit[unfit.address] = unfit
            _logger.warning(f"worker {_said_of([unfit])}: it gets no tasks")
        if not self._fit and not self._there():
            raise UsageError(
                f"no worker of {self._connection.address} can be used: {_said_of(self._unfit.values())}. "
                "Install there what is here, start the workers anew, and keep the run in a folder that all share"
            )

    def _look_for_workers(self) -> None:
        """Send tasks elsewhere that wait for workers that are gone; end when nobody comes."""
        if not self._connection.running:
            return
        there = self._there()
        stuck = [f for f, attempt in self._running.items() if attempt.only and not attempt.only & there]
        for future in stuck:
            self._waiting.append(self._running.pop(future))
        self._connection.cancel(stuck)
        if there:
            if self._said:
                self._executor.tell(f"{len(there)} workers are there")
            self._lonely, self._said = None, False
            return
        now = time.monotonic()
        self._lonely = self._lonely or now
        if now - self._lonely > self._patience:
            raise RunError(
                f"the Dask scheduler at {self._connection.address} had no workers that can be used for "
                f"{self._patience:.0f} s; {RESUME}, once there are some. {_PATIENCE[0]} in Dask's configuration says "
                "how long to wait"
            )
        if not self._said and now - self._lonely > _LONELY:
            self._said = True
            _logger.warning(
                f"no worker is there for the Dask scheduler at {self._connection.address}; waiting up to "
                f"{self._patience:.0f} s for one"
            )


def _said_of(unfit: Iterable[Unfit]) -> str:
    """Return what is wrong with workers, those of a machine that have the same problems as one."""
    by_problems: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in unfit:
        by_problems.setdefault((one.host, one.problems), []).append(one.address)
    return "; ".join(
        f"{', '.join(addresses[:2])}{f' and {len(addresses) - 2} more' if len(addresses) > 2 else ''} on {host}: "
        f"{'; '.join(problems)}"
        for (host, problems), addresses in by_problems.items()
    )
