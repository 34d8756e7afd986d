"""Work in several processes on this machine, which may die."""

from __future__ import annotations

import logging
import os
import signal
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from specframe.errors import RunError, UsageError
from specframe.executors.executor import Crew, Executor, Lost
from specframe.executors.job import worker_for
from specframe.executors.memory import limit_memory, memory_shares
from specframe.executors.telling import listen
from specframe.progress.messages import MessageCollector, hand_on, log_warnings, said_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.connection import Connection

    from specframe.executors.job import Job
    from specframe.progress.messages import Message

__all__ = ["ProcessExecutor"]

Task = TypeVar("Task")
Result = TypeVar("Result")

#: Each worker computes with one thread: two BLAS threads on a busy machine made small factorisations 100 x slower.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
#: A task that was alone in the pool and took its worker with it so often is given up.
_TRIES = 2
#: Tasks for each worker that are under way: one that it works on, one that waits beside it.
_AHEAD = 2
#: What a pipe takes in one piece, whoever else writes into it, is at least 512 bytes by POSIX, 4096 on Linux.
_LINE = 500
#: Seconds without any result after which we look whether anybody is at work.
_LOOK = 20.0
#: Seconds until what a worker said before it died has been read.
_PATIENCE = 1.0


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
        self._pool: _Pool | None = None

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
    def pool(self) -> _Pool:
        """The processes that there are now."""
        if self._pool is None:
            self._pool = _Pool(self._workers, self._heard, self.share)
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


class _Pool:
    """Processes that compute with one thread each and end with this one, however it ends."""

    def __init__(self, workers: int, heard: Callable[[str], None], memory: int | None) -> None:
        from concurrent.futures import ProcessPoolExecutor

        context = get_context("spawn")
        self._heard = heard
        self._told, self._teller = context.Pipe(duplex=False)
        #: Nothing is ever sent: workers end when this end is closed, which the system does for a process that died.
        self._held, self._lifeline = context.Pipe(duplex=False)
        self._pool: ProcessPoolExecutor = ProcessPoolExecutor(
            workers, context, _start, (self._teller, self._held, memory)
        )
        self._began = Event()
        #: Why processes cannot begin, where they say so themselves.
        self.refused = ""
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def submit(self, job: Job[Any, Any], task: Any) -> Future[tuple[Any, list[Message]]]:
        return self._submit(_process, job, task)

    def _submit(self, function: Callable[..., Any], *arguments: object) -> Future[Any]:
        from concurrent.futures.process import BrokenProcessPool

        with _environment(dict.fromkeys(THREAD_VARIABLES, "1")):  # processes begin as there are tasks for them
            try:
                return self._pool.submit(function, *arguments)
            except OSError as error:
                if error.errno is not None:
                    raise RunError(f"no process can be started: {error.strerror}; use fewer --workers") from error
                raise BrokenProcessPool(str(error)) from None  # it broke just now: its own pipes are closed already

    def broken(self) -> bool:
        """Whether the pool takes no more tasks.

        The thread of Python 3.11's pool that gives this as the result of every task under way may fail itself.
        """
        from concurrent.futures.process import BrokenProcessPool

        try:
            self._submit(_nothing)
        except BrokenProcessPool:
            return True
        return False

    def deserted(self) -> bool:
        """Whether the thread that hands out tasks has ended, which no result tells of."""
        manager = getattr(self._pool, "_executor_manager_thread", None)  # the library has no public way to ask
        return manager is not None and not manager.is_alive()

    def began(self) -> bool:
        """Whether any process came so far that it could work."""
        return self._began.wait(_PATIENCE)

    def end(self) -> None:
        """End the processes without waiting for what they are at: it is not done, and run again."""
        self._lifeline.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._teller.close()
        self._listener.join()
        self._told.close()
        self._held.close()

    def _listen(self) -> None:
        """Hear what workers tell, until all of them and this process have closed their end."""
        with suppress(EOFError, OSError):
            while True:
                kind, _, text = self._told.recv_bytes().decode(errors="replace").partition(" ")
                if kind == "began":
                    self._began.set()
                elif kind == "refused":
                    self.refused = text
                else:
                    self._hear(text)

    def _hear(self, text: str) -> None:
        """Hand a line on; where nobody can take it, we go on to listen, or workers would wait for us for ever."""
        with suppress(Exception):
            self._heard(text)


#: What components say in a worker process, until the main one gets it with a result.
_messages = MessageCollector()


def _start(teller: Connection, held: Connection, memory: int | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends the others
    Thread(target=_end_with, args=(held,), daemon=True).start()
    if memory is not None:
        try:
            limit_memory(memory)
        except UsageError as error:
            teller.send_bytes(f"refused {error}".encode()[:_LINE])
            os._exit(1)
    logging.getLogger().addHandler(_messages)
    log_warnings()
    listen(lambda text: teller.send_bytes(f"told {text}".encode()[:_LINE]))
    teller.send_bytes(b"began")


def _end_with(held: Connection) -> None:
    """End this process when the other end is closed."""
    with suppress(EOFError, OSError):
        held.recv_bytes()
    os._exit(1)


def _nothing() -> None:
    """Do nothing: only whether it can be asked for counts."""


def _process(job: Job[Any, Any], task: Any) -> tuple[Any, list[Message]]:
    try:
        result = worker_for(job).process(task)
    except Exception as error:
        _messages.take_with(error)
        raise
    return result, _messages.take()


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
