"""Interrupts that end the work wherever they come."""

from __future__ import annotations

import signal
import sys
from functools import partial
from threading import Timer, get_ident
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
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
    usual = sys.unraisablehook
    if isinstance(usual, partial) and usual.func is _heed:  # of an earlier command in this process
        usual = usual.args[0]
    sys.unraisablehook = partial(_heed, usual, get_ident())


def _heed(usual: Callable[[sys.UnraisableHookArgs], object], thread: int, forgotten: sys.UnraisableHookArgs) -> None:
    if not issubclass(forgotten.exc_type, KeyboardInterrupt):
        usual(forgotten)
        return
    number = signal.SIGTERM if str(forgotten.exc_value) == signal.SIGTERM.name else signal.SIGINT
    # to the thread of the command, so that it wakes from whatever it waits for
    again = Timer(_AGAIN, signal.pthread_kill, (thread, number))
    again.daemon = True
    again.start()


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(signal.Signals(number).name)
