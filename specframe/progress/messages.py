"""What components say through Python's ``logging``, with the step and target that they said it of."""

from __future__ import annotations

import logging
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from specframe.progress.place import Place, here

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from specframe.progress.progress import Progress

__all__ = [
    "Message",
    "MessageCollector",
    "hand_on",
    "log_warnings",
    "logged_to",
    "said_before",
    "warnings_logged",
]

#: So many messages are printed; the log keeps all.
_PRINTED = 20
_PLACE = "specframe_place"
#: Attribute of an error that goes to another process: what components said there before it.
_SAID = "specframe_said"
_formatter = logging.Formatter()


@dataclass(frozen=True)
class Message:
    """One message of a component, as plain data that goes from a worker process to the main one."""

    logger: str
    level: int
    text: str
    place: Place
    traceback: str = ""

    @classmethod
    def of(cls, record: logging.LogRecord) -> Message:
        """Describe a record of ``logging``; its place is that of the work in hand."""
        place = getattr(record, _PLACE, None) or here()
        trace = _formatter.formatException(record.exc_info) if record.exc_info else (record.exc_text or "")
        return cls(record.name, record.levelno, record.getMessage(), place, trace)


class MessageCollector(logging.Handler):
    """Keeps messages in a worker process until they are taken."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._messages: list[Message] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self._messages.append(Message.of(record))

    def take(self) -> list[Message]:
        """Return the messages since the last call."""
        taken, self._messages = self._messages, []
        return taken

    def take_with(self, error: BaseException) -> None:
        """Let an error that leaves this process take the messages along: nobody gets a result then."""
        setattr(error, _SAID, self.take())


def said_before(error: BaseException) -> list[Message]:
    """Return, once, what components said in the process that an error came from."""
    said: list[Message] = vars(error).pop(_SAID, [])
    return said


def hand_on(messages: Iterable[Message]) -> None:
    """Say in this process what components said in another one."""
    for message in messages:
        record = logging.LogRecord(message.logger, message.level, "", 0, message.text, None, None)
        setattr(record, _PLACE, message.place)
        record.exc_text = message.traceback or None
        logger = logging.getLogger(message.logger)
        if logger.isEnabledFor(message.level):
            logger.handle(record)


@contextmanager
def logged_to(progress: Progress) -> Iterator[None]:
    """Write the messages of components to the log of a run, and print warnings and errors.

    Each text is printed once, however many targets it is said of, and not at all where the caller's own logging prints
    it already.
    """
    handler = _RunHandler(progress)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


@contextmanager
def warnings_logged() -> Iterator[None]:
    """Have Python's warnings logged, with the line they are of, instead of printed into what a terminal shows."""
    before = warnings.showwarning
    log_warnings()
    try:
        yield
    finally:
        warnings.showwarning = before


def log_warnings() -> None:
    """Have Python's warnings logged from now on."""

    def log(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001 - the signature of warnings.showwarning
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        logging.getLogger("py.warnings").warning("%s: %s (%s:%s)", category.__name__, message, filename, lineno)

    warnings.showwarning = log


class _RunHandler(logging.Handler):
    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = Message.of(record)
            self._progress.event(
                "log",
                level=record.levelname.lower(),
                logger=message.logger,
                text=message.text,
                **message.place.fields(),
                **({"traceback": message.traceback} if message.traceback else {}),
            )
            if message.level >= logging.WARNING and not _printed_elsewhere():
                self._print(record.levelname.lower(), message)
        except Exception:  # as any handler: what cannot be logged must not end the work
            self.handleError(record)

    def _print(self, level: str, message: Message) -> None:
        if self._progress.verbose:
            place = ", ".join(f"{name} {value!r}" for name, value in message.place.fields().items())
            self._progress.show(f"{level}: {message.text} ({', '.join(filter(None, (place, message.logger)))})")
            return
        if message.text in self._printed or len(self._printed) > _PRINTED:
            return
        self._printed.add(message.text)
        if len(self._printed) > _PRINTED:
            self._progress.show("there are more warnings; log.jsonl has all of them")
            return
        known = (message.place.step and f"step {message.place.step!r}", message.place.target)
        place = ", ".join(part for part in known if part and part.strip("'") not in message.text)
        self._progress.show(f"{level}: {message.text}" + (f" ({place})" if place else ""))


def _printed_elsewhere() -> bool:
    """Whether the caller's own logging prints messages."""
    streams = {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__} - {None}
    return any(getattr(handler, "stream", None) in streams for handler in logging.getLogger().handlers)
