"""Interrupts that end the work wherever they come."""

from __future__ import annotations

import signal
import sys
from threading import Timer, get_ident
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["heed_interrupts"]

#: Seconds until an interrupt that nobody saw comes again.
_AGAIN = 0.05


def heed_interrupts() -> None:
    """Have SIGTERM end the work as Ctrl-C does, so that what was done is kept and logged.

    Python forgets what is raised while an object is being forgotten, in ``__del__`` or in what a weak reference calls:
    the work would go on. An interrupt that comes there comes again.
    """
    signal.signal(signal.SIGTERM, _terminated)
    usual, here = sys.unraisablehook, get_ident()

    def heed(forgotten: sys.UnraisableHookArgs) -> None:
        if not issubclass(forgotten.exc_type, KeyboardInterrupt):
            usual(forgotten)
            return
        number = signal.SIGTERM if str(forgotten.exc_value) == signal.SIGTERM.name else signal.SIGINT
        # to this thread, so that it wakes from whatever it waits for
        again = Timer(_AGAIN, signal.pthread_kill, (here, number))
        again.daemon = True
        again.start()

    sys.unraisablehook = heed


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(signal.Signals(number).name)
