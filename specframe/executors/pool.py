"""Processes that work with one thread each, and what happens in them."""

from __future__ import annotations

import logging
import os
import signal
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from specframe.errors import RunError, UsageError
from specframe.executors.job import worker_for
from specframe.executors.memory import limit_memory
from specframe.executors.telling import listen
from specframe.executors.threads import THREAD_VARIABLES
from specframe.progress.messages import MessageCollector, log_warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.connection import Connection

    from specframe.executors.job import Job
    from specframe.progress.messages import Message

__all__ = ["Pool"]

#: What a pipe takes in one piece, whoever else writes into it, is at least 512 bytes by POSIX, 4096 on Linux.
_LINE = 500
#: Seconds until what a worker said before it died has been read.
_PATIENCE = 1.0


class Pool:
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
        """Have a task done; the result comes with what components said meanwhile.

        Raises :class:`concurrent.futures.process.BrokenProcessPool` where the processes have died.
        """
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
