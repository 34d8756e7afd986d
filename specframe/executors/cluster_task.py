"""What a worker of a cluster does with a task of ours; other processes import it."""

from __future__ import annotations

import logging
import os
import socket
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from specframe.errors import PluginError
from specframe.executors.job import worker_for
from specframe.executors.telling import listening
from specframe.executors.threads import THREAD_VARIABLES, one_thread
from specframe.progress.messages import MessageCollector, warnings_logged

if TYPE_CHECKING:
    from specframe.executors.job import Job
    from specframe.executors.premises import Pass
    from specframe.progress.messages import Message

__all__ = ["Done", "Unfit", "work_on"]


@dataclass(frozen=True)
class Done:
    """A result, and what components said meanwhile."""

    result: Any
    messages: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class Unfit:
    """Stands for the result of a task that a worker must not work on."""

    address: str
    host: str
    problems: tuple[str, ...]


#: Workers of components work on one task at a time; workers of Dask may have several threads.
_at_work = Lock()
_messages = MessageCollector()
_logger = logging.getLogger("specframe.executors")
#: What was found for passes seen lately.
_KEPT = 16
_found: OrderedDict[str, tuple[str, ...]] = OrderedDict()


def work_on(job: Job[Any, Any], task: Any, topic: str, entry: Pass | None) -> Done | Unfit:
    """Work on a task in this process, alone and with one thread, if the process is let in."""
    from dask import config
    from distributed import get_worker

    worker = get_worker()

    def heard(text: str) -> None:
        worker.log_event(topic, text)

    with _at_work:
        logging.getLogger().addHandler(_messages)
        _messages.take()  # of a worker that was refused
        try:
            os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))  # for libraries that are not loaded yet
            if problems := _problems(entry, worker.address):
                return Unfit(worker.address, socket.gethostname(), problems)
            try:
                ours = worker_for(job)
            except (ImportError, PluginError) as error:
                return Unfit(worker.address, socket.gethostname(), (f"{type(error).__name__}: {error}",))
            # dask in a task computes there: else xarray would have the scheduler lock each file that it writes
            with one_thread(), listening(heard), warnings_logged(), config.set(scheduler="synchronous"):
                result = ours.process(task)
            return Done(result, _messages.take())
        except Exception as error:
            _messages.take_with(error)
            raise
        finally:
            logging.getLogger().removeHandler(_messages)


def _problems(entry: Pass | None, address: str) -> tuple[str, ...]:
    """Return why this process is not let in; looked at once."""
    if entry is None:
        return ()
    if entry.id not in _found:
        _found[entry.id] = entry.problems()
        for remark in entry.remarks():
            _logger.warning("worker %s on %s: %s", address, socket.gethostname(), remark)
        while len(_found) > _KEPT:
            _found.popitem(last=False)
    return _found[entry.id]
